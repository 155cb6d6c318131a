#!/usr/bin/env python3
"""Convolutional recurrence, and next-frame prediction from a CNN per frame, a GRU and a convolutional decoder: float64."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

out = {}


class ConvGRU(nn.Module):
    """Maps as vectors in the order row, column, channel: [N, T, 3 * 4 * 2] to [N, T, 3 * 4 * 3]."""

    def __init__(self):
        super().__init__()
        self.inputs, self.states = nn.Conv2d(2, 9, 3, padding=1), nn.Conv2d(3, 9, 3, padding=1)

    def forward(self, x, lengths):
        n, t, _ = x.shape
        maps = x.view(n, t, 3, 4, 2).permute(0, 1, 4, 2, 3)
        h, steps = torch.zeros(n, 3, 3, 4), []
        for i in range(t):
            real = torch.tensor([i < length for length in lengths]).view(n, 1, 1, 1)
            (xr, xz, xn), (hr, hz, hn) = self.inputs(maps[:, i]).chunk(3, 1), self.states(h).chunk(3, 1)
            r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
            new = (1 - z) * torch.tanh(xn + r * hn) + z * h
            steps.append(torch.where(real, new, 0.0).permute(0, 2, 3, 1).reshape(n, 1, -1))
            h = torch.where(real, new, h)
        return torch.cat(steps, 1)


for name, lengths in ("conv_gru", (5, 5)), ("conv_gru_padded", (5, 3)):
    model = ConvGRU()
    fill(model, f"{name}.")
    x = hashed(f"{name}.maps", (2, 5, 24)).requires_grad_()
    y = model(x, lengths)
    (y * hashed(f"{name}.upstream", y.shape)).sum().backward()
    out[f"{name}/output"], out[f"{name}/gradient/maps"] = y, x.grad
    out.update({f"{name}/gradient/{k}": p.grad for k, p in model.named_parameters()})


class Encoder(nn.Module):
    """[N, 16, 16, 3] to [N, 6], the last map in the order row, column, channel."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(a, b, 3, 2, 1, bias=False) for a, b in ((3, 4), (4, 8))])
        self.norms = nn.ModuleList([nn.BatchNorm2d(c) for c in (4, 8)])
        self.project = nn.Linear(4 * 4 * 8, 6)

    def forward(self, x):
        x = x.permute(0, 3, 1, 2)
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x)))
        return self.project(x.permute(0, 2, 3, 1).flatten(1))


class Decoder(nn.Module):
    """[R, 5] to [R, 16, 16, 3]."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Linear(5, 4 * 4 * 8)
        self.deconvs = nn.ModuleList([nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.ConvTranspose2d(4, 3, 4, 2, 1)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(4)])

    def forward(self, x):
        x = F.relu(self.expand(x)).view(-1, 4, 4, 8).permute(0, 3, 1, 2)
        x = F.relu(self.norms[0](self.deconvs[0](x)))
        return self.deconvs[1](x).permute(0, 2, 3, 1)


class NextFrame(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.frame = Encoder()
        self.context, self.predict = nn.GRU(6, 5, batch_first=True), Decoder()

    def forward(self, x, residual, every):
        seen = x[:, :-2]  # two frames ahead
        z = self.encoder.frame(seen.flatten(0, 1)).view(len(x), -1, 6)
        h, own, wanted = self.context(z)[0], seen, x[:, 2:]
        if not every:
            h, own, wanted = h[:, -1:], own[:, -1:], wanted[:, -1:]
        y = self.predict(h.flatten(0, 1)).view(wanted.shape)
        return ((own + y if residual else y) - wanted).abs().mean()


for name, residual, every in ("next_last", False, False), ("next_residual", True, False), ("next_all", False, True):
    model = NextFrame()
    fill(model, f"{name}.")
    loss = model(hashed("clips", (3, 5, 16, 16, 3)), residual, every)
    loss.backward()
    out[f"{name}/output"] = loss
    out.update({f"{name}/gradient/{k}": p.grad for k, p in model.named_parameters()})
write("video", out)
