"""Elementwise, reducing, shape-changing and indexing operations. Usage: python operations.py"""
import torch
import torch.nn.functional as F

from hashed import hashed, write

out = {}


def record(name, inputs, f):
    """The output of f and the inputs' gradients for the hashed cotangent `NAME dy`."""
    inputs = [x.clone().requires_grad_(True) for x in inputs]
    y = f(*inputs)
    out[name] = y
    y.backward(hashed(f"{name} dy", y.shape))
    for i, x in enumerate(inputs):
        out[f"{name} d{i}"] = x.grad


def ties(name, shape):
    """Multiples of 1/4, so that many are equal."""
    return torch.trunc(hashed(name, shape, 4)) / 4


x = hashed("x", (7, 37), 6)
positive = hashed("positive", (7, 37)) + 1.0625
a, b = hashed("a", (2, 3, 5, 17)), hashed("b", (3, 1, 17)) + 2
record("add", [a, b], torch.add)
record("subtract", [a, b], torch.sub)
record("multiply", [a, b], torch.mul)
record("divide", [a, b], torch.div)
record("divide left", [b, a + 3], torch.div)
record("abs", [x], torch.abs)
record("pow", [positive], lambda x: x.pow(1.7))
record("cubed", [x], lambda x: x.pow(3))
record("squared", [x], torch.square)
record("sqrt", [positive], torch.sqrt)
record("exp", [x], torch.exp)
record("log", [positive], torch.log)
record("log1p", [hashed("small", (7, 37), 0.9)], torch.log1p)
record("tanh", [x], torch.tanh)
record("sigmoid", [x], torch.sigmoid)
record("softplus", [x], F.softplus)
record("relu", [x], F.relu)
record("silu", [x], F.silu)
record("gelu", [x], F.gelu)
record("gelu tanh", [x], lambda x: F.gelu(x, approximate="tanh"))
record("gelu quick", [x], lambda x: x * torch.sigmoid(1.702 * x))
record("clamped", [x], lambda x: x.clamp(-1.5, 2))
t, u = ties("t", (4, 3, 19)), ties("u", (3, 19))
record("minimum", [t, u], torch.minimum)
record("maximum", [t, u], torch.maximum)
record("selecting", [a, b], lambda a, b: torch.where(hashed("mask", (5, 17)) > 0, a, b))

record("sum", [a], lambda a: a.sum().reshape(1))
record("sum 0 2", [a], lambda a: a.sum((0, 2)))
record("sum 1", [a], lambda a: a.sum(1, keepdim=True))
record("mean 3", [a], lambda a: a.mean(3))
record("mean 1 2 3", [a], lambda a: a.mean((1, 2, 3)))
record("variance", [a], lambda a: a.var((0, 1, 2), correction=0))
record("variance unbiased", [a], lambda a: a.var(3, correction=1, keepdim=True))
record("max 2", [t], lambda t: t.amax(2))
record("max 0 1", [t], lambda t: t.amax((0, 1), keepdim=True))
out["argmax 2"] = hashed("t2", (4, 3, 19)).argmax(2)
out["argmax 1"] = hashed("t2", (4, 3, 19)).argmax(1)
record("topK", [x], lambda x: x.topk(5).values)
out["topK indices"] = x.topk(5).indices

record("concatenated", [a, hashed("c", (2, 4, 5, 17))], lambda a, c: torch.cat([a, c], 1))
record("stacked", [u, ties("v", (3, 19))], lambda u, v: torch.stack([u, v]))
record("split", [a], lambda a: a.split([4, 13], 3)[0] * a.split([4, 13], 3)[1].sum(3, keepdim=True))
record("sliced", [a], lambda a: a[:, :, 1:4])
record("padded", [a], lambda a: F.pad(a, (0, 0, 2, 1, 0, 3, 1, 0), value=0.5))
record("permuted 0 3 1 2", [a], lambda a: a.permute(0, 3, 1, 2))
record("permuted 2 0 1 3", [a], lambda a: a.permute(2, 0, 1, 3))
record("permuted 3 2 1 0", [a], lambda a: a.permute(3, 2, 1, 0))
record("transposed", [hashed("m", (3, 21, 34))], lambda m: m.transpose(1, 2))
indices = torch.tensor([[4, 0, 4], [2, 2, 1]])
record("gathered 2", [a], lambda a: a[:, :, indices])
record("gathered 0", [x], lambda x: x[indices])
record("scattered", [hashed("s", (2, 3, 6)), x[:, :6]], lambda s, x: x.index_add(0, indices.flatten(), s.reshape(6, 6)))
record("rows", [x], lambda x: F.embedding(indices, x))
write("operations", out)
