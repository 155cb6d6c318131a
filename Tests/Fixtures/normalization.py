"""Batch and group normalisation with their gradients: PyTorch in float64, activations turned to NHWC."""
import torch
import torch.nn.functional as F
from hashed import hashed, write

out = {}


def record(name, y, inputs):
    g = hashed(name + " upstream", y.shape)
    out[name] = y
    for label, grad in zip(inputs, torch.autograd.grad((y * g).sum(), list(inputs.values()))):
        out[f"{name} d{label}"] = grad


def batch(name, shape, training, relu, residual, affine=True, offset=0.0):
    c = shape[-1]
    x = (hashed(name + " x", shape) + offset).to(torch.float32).to(torch.float64).requires_grad_()
    inputs = {"x": x}
    if affine:
        inputs["w"] = hashed(name + " w", (c,)).requires_grad_()
        inputs["b"] = hashed(name + " b", (c,)).requires_grad_()
    if residual:
        inputs["r"] = hashed(name + " r", shape).requires_grad_()
    mean, variance = hashed(name + " mean", (c,)), hashed(name + " variance", (c,)).abs() + 0.5
    variance = variance.to(torch.float32).to(torch.float64)
    rm, rv = mean.clone(), variance.clone()
    flat = x.reshape(-1, c)
    y = F.batch_norm(flat, rm, rv, inputs.get("w"), inputs.get("b"), training, 0.1, 1e-5).reshape(shape)
    if residual:
        y = y + inputs["r"]
    if relu:
        y = y.relu()
    record(name, y, inputs)
    if training:
        out[name + " running mean"], out[name + " running variance"] = rm, rv


batch("train", (3, 4, 5, 7), True, False, False)
batch("train relu", (2, 3, 4, 19), True, True, False)
batch("train residual", (2, 3, 4, 16), True, False, True)
batch("train residual relu", (2, 5, 3, 33), True, True, True)
batch("train rows", (11, 67), True, False, False)
batch("train plain", (9, 4), True, True, False, affine=False)
batch("train far", (400, 3), True, False, False, offset=100.0)
batch("evaluate", (3, 4, 5, 7), False, False, False)
batch("evaluate residual relu", (2, 3, 4, 16), False, True, True)

for name, shape, groups in (("group", (2, 4, 3, 12), 3), ("group sequence", (3, 7, 20), 20), ("group one", (2, 5, 6), 1), ("group rows", (3, 8), 2)):
    x = hashed(name + " x", shape).requires_grad_()
    w, b = hashed(name + " w", shape[-1:]).requires_grad_(), hashed(name + " b", shape[-1:]).requires_grad_()
    y = F.group_norm(x.movedim(-1, 1), groups, w, b, 1e-5).movedim(1, -1)
    record(name, y, {"x": x, "w": w, "b": b})
write("normalization", out)
