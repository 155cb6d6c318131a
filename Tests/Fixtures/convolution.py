"""Convolutions with their gradients: PyTorch in float64, activations turned to NHWC (sequences to NTC)."""
import torch
import torch.nn.functional as F
from hashed import hashed, write

# name: N, H, W, C, filters, kernel, stride, padding, dilation, groups, bias
CASES = {
    "plain": (2, 5, 7, 5, 7, (3, 3), (1, 1), (1, 1), (1, 1), 1, True),
    "strided": (2, 9, 6, 16, 19, (3, 3), (2, 2), (1, 1), (1, 1), 1, False),
    "pointwise": (3, 4, 5, 17, 32, (1, 1), (1, 1), (0, 0), (1, 1), 1, True),
    "pointwise strided": (2, 5, 6, 16, 16, (1, 1), (2, 2), (0, 0), (1, 1), 1, False),
    "dilated": (1, 9, 10, 3, 4, (3, 3), (1, 1), (2, 2), (2, 2), 1, True),
    "grouped": (2, 5, 5, 12, 8, (3, 3), (1, 1), (1, 1), (1, 1), 4, True),
    "depthwise": (2, 6, 5, 20, 20, (3, 3), (1, 1), (1, 1), (1, 1), 20, True),
    "depthwise twice": (1, 5, 5, 6, 12, (3, 3), (2, 2), (1, 1), (1, 1), 6, False),
    "uneven": (2, 7, 8, 4, 6, (3, 5), (2, 1), (0, 2), (1, 2), 1, True),
    "stem": (2, 17, 18, 3, 16, (7, 7), (2, 2), (3, 3), (1, 1), 1, False),
    "large kernel": (2, 3, 2, 4, 5, (5, 5), (1, 1), (2, 2), (1, 1), 1, True),
    "blocks of channels": (2, 9, 10, 32, 48, (3, 3), (1, 1), (1, 1), (1, 1), 1, True),
    "patches": (2, 8, 8, 3, 9, (4, 4), (4, 4), (0, 0), (1, 1), 1, True),
}
# name: N, T, C, filters, kernel, stride, padding, dilation, groups
SEQUENCES = {
    "sequence": (2, 11, 5, 6, 3, 1, 1, 1, 1),
    "waveform": (2, 41, 1, 7, 10, 5, 0, 1, 1),
    "causal": (1, 9, 4, 4, 2, 1, 4, 4, 2),
}

out = {}


def record(name, x, w, b, y):
    g = hashed(name + " upstream", y.shape)
    wanted = [x, w] + ([b] if b is not None else [])
    grads = torch.autograd.grad((y * g).sum(), wanted)
    out[name] = y
    for label, grad in zip(("dx", "dw", "db"), grads):
        out[f"{name} {label}"] = grad


for name, (n, h, w_, c, f, k, s, p, d, groups, bias) in CASES.items():
    x = hashed(name + " x", (n, h, w_, c)).requires_grad_()
    w = hashed(name + " w", (f, c // groups, *k)).requires_grad_()
    b = hashed(name + " b", (f,)).requires_grad_() if bias else None
    y = F.conv2d(x.permute(0, 3, 1, 2), w, b, s, p, d, groups).permute(0, 2, 3, 1)
    record(name, x, w, b, y)
for name, (n, t, c, f, k, s, p, d, groups) in SEQUENCES.items():
    x = hashed(name + " x", (n, t, c)).requires_grad_()
    w = hashed(name + " w", (f, c // groups, k)).requires_grad_()
    b = hashed(name + " b", (f,)).requires_grad_()
    y = F.conv1d(x.transpose(1, 2), w, b, s, p, d, groups).transpose(1, 2)
    record(name, x, w, b, y)
write("convolution", out)
