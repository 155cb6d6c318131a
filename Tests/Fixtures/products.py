"""Products, softmax, cross-entropy and the normalisations over the last axis. Usage: python products.py"""
import torch
import torch.nn.functional as F

from hashed import hashed, write

out = {}


def record(name, inputs, f):
    """The output of f and the inputs' gradients for the hashed cotangent `NAME dy`."""
    inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    y = f(*inputs)
    out[name] = y
    y.backward(hashed(f"{name} dy", y.shape))
    for i, x in enumerate(inputs):
        if x.is_floating_point():
            out[f"{name} d{i}"] = x.grad


record("matmul", [hashed("a", (5, 7)), hashed("b", (7, 19))], lambda a, b: a @ b)
record("matmul left", [hashed("al", (7, 5)), hashed("b", (7, 19))], lambda a, b: a.T @ b)
record("matmul right", [hashed("a", (5, 7)), hashed("br", (19, 7))], lambda a, b: a @ b.T)
record("matmul both", [hashed("al", (7, 5)), hashed("br", (19, 7))], lambda a, b: a.T @ b.T)
record("matmul batched", [hashed("ab", (6, 3, 7)), hashed("bb", (6, 5, 7))], lambda a, b: a @ b.transpose(1, 2))
record("matmul batched both", [hashed("abl", (3, 7, 3)), hashed("bb3", (3, 5, 7))], lambda a, b: a.transpose(1, 2) @ b.transpose(1, 2))
record("matmul rows", [hashed("ar", (2, 3, 7)), hashed("b", (7, 19))], lambda a, b: a @ b)
record("linear", [hashed("x", (3, 11, 13)), hashed("w", (9, 13)), hashed("bias", (9,))], F.linear)
x = hashed("rows", (3, 5, 37), 4)
record("softmax", [x], lambda x: x.softmax(-1))
record("softmax axis", [x], lambda x: x.softmax(1))
record("logSoftmax", [x], lambda x: x.log_softmax(-1))
record("logSumExp", [x], lambda x: x.logsumexp(-1))
record("logSumExp axis", [x], lambda x: x.logsumexp(0))
record("layerNorm", [x, hashed("lw", (37,)), hashed("lb", (37,))], lambda x, w, b: F.layer_norm(x, (37,), w, b))
record("l2", [x], lambda x: F.normalize(x, dim=-1))
record("biasedGELU", [x, hashed("lb", (37,))], lambda x, b: F.gelu(x + b))
labels = torch.tensor([3, 0, 36, -100, 7, 12, 5, -100, 9, 20, 1])
logits = hashed("logits", (11, 37), 3)
record("crossEntropy", [logits], lambda x: F.cross_entropy(x, labels.clamp(0)).reshape(1))
record("crossEntropy smoothed", [logits], lambda x: F.cross_entropy(x, labels, label_smoothing=0.1).reshape(1))
write("products", out)
