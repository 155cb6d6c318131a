"""Pooling with gradients: PyTorch in float64, activations turned to NHWC (sequences to NTC)."""
import torch
import torch.nn.functional as F
from hashed import hashed, write

out = {}


def pool(name, shape, function, round_to=None):
    x = hashed(name + " x", shape)
    if round_to:  # ties
        x = (x * round_to).round() / round_to
        x = x.to(torch.float32).to(torch.float64)
    x.requires_grad_()
    y = function(x.movedim(-1, 1)).movedim(1, -1)
    out[name] = y
    out[name + " dx"] = torch.autograd.grad((y * hashed(name + " upstream", y.shape)).sum(), x)[0]


pool("max", (2, 7, 9, 5), lambda x: F.max_pool2d(x, 3, 2, 1))
pool("max ties", (2, 8, 8, 19), lambda x: F.max_pool2d(x, 3, 2, 1), round_to=2)
pool("max uneven", (1, 7, 9, 16), lambda x: F.max_pool2d(x, (2, 3), (1, 4), (1, 0)))
pool("max 1d", (2, 11, 7), lambda x: F.max_pool1d(x, 4, 3, 2))
pool("average", (2, 7, 9, 5), lambda x: F.avg_pool2d(x, 3, 2, 1))
pool("average unpadded", (2, 6, 5, 17), lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False))
pool("average uneven", (1, 7, 9, 16), lambda x: F.avg_pool2d(x, (2, 3), (1, 4), (1, 0)))
pool("average 1d", (2, 11, 7), lambda x: F.avg_pool1d(x, 4, 3, 2))
pool("adaptive", (2, 7, 10, 5), lambda x: F.adaptive_avg_pool2d(x, (3, 4)))
pool("adaptive larger", (1, 2, 3, 4), lambda x: F.adaptive_avg_pool2d(x, (5, 4)))
pool("adaptive 1d", (2, 10, 18), lambda x: F.adaptive_avg_pool1d(x, 3))
pool("global", (2, 3, 5, 18), lambda x: F.adaptive_avg_pool2d(x, 1))
write("pooling", out)
