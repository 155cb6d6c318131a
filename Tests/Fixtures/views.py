"""Ten steps of SGD of MoCo v2, BYOL and SimSiam on a small network, in float64. Usage: python views.py

The methods are written as their papers say: MoCo (arXiv:1911.05722, algorithm 1), BYOL (2006.07733), SimSiam (2011.10566, algorithm 1).
BYOL's and SimSiam's losses are in the scale of CosineLoss: mean of 1 - cos over both ways.
"""
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from hashed import fill, hashed, write

STEPS, N, INPUTS, WIDTH, HIDDEN, D, QUEUE = 10, 8, 6, 12, 10, 5, 20
RATE, MOMENTUM = 0.05, 0.9
out = {}


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(INPUTS, WIDTH), nn.BatchNorm1d(WIDTH)

    def forward(self, x):
        return F.relu(self.norm(self.linear(x)))


class Head(nn.Module):
    """ProjectionHead: linear layers and norms by number."""

    def __init__(self, inputs, hidden, outputs, norm):
        super().__init__()
        normalized = norm == "hidden"
        self.linears = nn.ModuleList([nn.Linear(inputs, hidden, bias=not normalized), nn.Linear(hidden, outputs)])
        self.norms = nn.ModuleList([nn.BatchNorm1d(hidden)] if normalized else [])

    def forward(self, x):
        x = self.linears[0](x)
        x = self.norms[0](x) if len(self.norms) else x
        return self.linears[1](F.relu(x))


class Projected(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.encoder, self.head = Encoder(), Head(WIDTH, HIDDEN, D, norm)

    def forward(self, x):
        return self.head(self.encoder(x))


def views(step):
    return hashed(f"first {step}", (N, INPUTS)), hashed(f"second {step}", (N, INPUTS))


def record(name, online, predictor, target=None, queue=None):
    for key, value in online.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            out[f"{name} {key}"] = value
    if predictor is not None:
        for key, value in predictor.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                out[f"{name} predictor.{key}"] = value
    if target is not None:
        for key, value in target.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                out[f"{name} target.{key}"] = value
    if queue is not None:
        out[f"{name} queue"] = queue


def optimizer(*modules):
    return torch.optim.SGD([p for m in modules for p in m.parameters()], lr=RATE, momentum=MOMENTUM)


@torch.no_grad()
def follow(target, online, m):
    for t, o in zip(target.parameters(), online.parameters()):
        t.mul_(m).add_((1 - m) * o)


def moco(queue):
    online = Projected("none")
    fill(online, "moco ")
    target = copy.deepcopy(online)
    sgd, queue, head, losses = optimizer(online), queue.clone(), 0, []
    for step in range(STEPS):
        a, b = views(step)
        q = F.normalize(online(a), dim=1)
        with torch.no_grad():
            k = F.normalize(target(b), dim=1)
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], 1) / 0.2
        loss = F.cross_entropy(logits, torch.zeros(N, dtype=torch.long))
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        follow(target, online, 0.9)
        for row in k:
            queue[head] = row
            head = (head + 1) % QUEUE
        losses.append(loss.detach())
    out["moco losses"] = torch.stack(losses)
    record("moco", online, None, target, queue)


def cosine(p, z):
    return (1 - (F.normalize(p, dim=1) * F.normalize(z, dim=1)).sum(1)).mean()


def byol():
    online, predictor = Projected("hidden"), Head(D, HIDDEN, D, "hidden")
    fill(online, "byol ")
    fill(predictor, "byol predictor.")
    target = copy.deepcopy(online)
    sgd, losses = optimizer(online, predictor), []
    for step in range(STEPS):
        a, b = views(step)
        za, zb = online(a), online(b)
        with torch.no_grad():
            ta, tb = target(a), target(b)
        loss = (cosine(predictor(za), tb) + cosine(predictor(zb), ta)) / 2
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        follow(target, online, 1 - (1 - 0.9) * (1 + math.cos(math.pi * step / STEPS)) / 2)
        losses.append(loss.detach())
    out["byol losses"] = torch.stack(losses)
    record("byol", online, predictor, target)


def simsiam():
    online, predictor = Projected("hidden"), Head(D, HIDDEN, D, "hidden")
    fill(online, "simsiam ")
    fill(predictor, "simsiam predictor.")
    sgd, losses = optimizer(online, predictor), []
    for step in range(STEPS):
        a, b = views(step)
        za, zb = online(a), online(b)
        loss = (cosine(predictor(za), zb.detach()) + cosine(predictor(zb), za.detach())) / 2
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.detach())
    out["simsiam losses"] = torch.stack(losses)
    record("simsiam", online, predictor)


moco(F.normalize(hashed("moco queue", (QUEUE, D)), dim=1))
byol()
simsiam()
write("views", out)
