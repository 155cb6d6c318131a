"""Transposed convolutions and the convolutional decoder with their gradients: PyTorch in float64, images as NHWC."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

# name: N, H, W, C, filters, kernel, stride, padding, output padding, dilation, groups, bias
CASES = {
    "doubling": (2, 4, 4, 8, 6, 4, 2, 1, 0, 1, 1, False),
    "to an image": (2, 5, 3, 16, 3, 4, 2, 1, 0, 1, 1, True),
    "dense": (1, 4, 5, 5, 7, 3, 1, 1, 0, 1, 1, True),
    "pointwise": (2, 3, 4, 6, 5, 1, 1, 0, 0, 1, 1, True),
    "output padding": (2, 4, 3, 5, 4, 3, 2, 1, 1, 1, 1, True),
    "gaps": (2, 3, 3, 4, 4, 2, 3, 0, 2, 1, 1, True),
    "grouped": (2, 4, 4, 8, 12, 3, 2, 1, 0, 1, 4, True),
    "dilated": (1, 4, 5, 3, 4, 3, 2, 2, 1, 2, 1, True),
    "one place": (2, 1, 1, 9, 8, 4, 1, 0, 0, 1, 1, False),
}

out = {}
for name, (n, h, w_, c, f, k, s, p, o, d, groups, bias) in CASES.items():
    x = hashed(name + " x", (n, h, w_, c)).requires_grad_()
    w = hashed(name + " w", (c, f // groups, k, k)).requires_grad_()
    b = hashed(name + " b", (f,)).requires_grad_() if bias else None
    y = F.conv_transpose2d(x.permute(0, 3, 1, 2), w, b, s, p, o, groups, d).permute(0, 2, 3, 1)
    out[name] = y
    grads = torch.autograd.grad((y * hashed(name + " upstream", y.shape)).sum(), [x, w] + ([b] if bias else []))
    for label, grad in zip(("dx", "dw", "db"), grads):
        out[f"{name} {label}"] = grad


class Decoder(nn.Module):
    """The decoder of a next-frame model, its first map in NHWC order: 6 -> [2, 3, 8] -> [8, 12, 3]."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Linear(6, 2 * 3 * 8)
        self.deconvs = nn.ModuleList([nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.ConvTranspose2d(4, 3, 4, 2, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(4)])

    def forward(self, x):
        maps = F.relu(self.expand(x)).view(-1, 2, 3, 8).permute(0, 3, 1, 2)
        maps = F.relu(self.norms[0](self.deconvs[0](maps)))
        return self.deconvs[1](maps).permute(0, 2, 3, 1)


decoder = Decoder()
fill(decoder, "decoder.")
x = hashed("decoder.x", (2, 6)).requires_grad_()
y = decoder(x)
(y * hashed("decoder.upstream", y.shape)).sum().backward()
out["decoder/output"] = y
out["decoder/gradient/x"] = x.grad
for key, parameter in decoder.named_parameters():
    out[f"decoder/gradient/{key}"] = parameter.grad
for key, value in decoder.state_dict().items():
    if "running" in key:
        out[f"decoder/{key}"] = value
write("transposed", out)
