#!/usr/bin/env python3
"""Contrastive predictive coding as peers/torch_fsdd_cpc.py has it, narrow, from hashed weights, sounds and negatives.

cpc.safetensors: loss, gradients and running statistics of step 0 in float64, the losses of 20 steps of Adam in float64 and in float32,
and InfoNCE over candidates of a bank in all its settings.
Tolerance of the losses, set before the first look: 1e-4 relative, or twice what PyTorch's own float32 is off where that is more.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

WIDTH, HIDDEN, BATCH, SAMPLES, HORIZON, NEGATIVES, STEPS = 12, 10, 6, 1920, 3, 16, 20
FRAMES = SAMPLES // 160
out = {}


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs, self.norms, c = nn.ModuleList(), nn.ModuleList(), 1
        for k, s, q in zip((10, 8, 4, 4, 4), (5, 4, 2, 2, 2), (3, 2, 1, 1, 1)):
            self.convs.append(nn.Conv1d(c, WIDTH, k, s, q))
            self.norms.append(nn.BatchNorm1d(WIDTH))
            c = WIDTH

    def forward(self, x):
        x = x[:, None]
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x)))
        return x.transpose(1, 2)


class CPC(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.context = Encoder(), nn.GRU(WIDTH, HIDDEN, batch_first=True)
        self.predict = nn.ModuleList(nn.Linear(HIDDEN, WIDTH, bias=False) for _ in range(HORIZON))

    def forward(self, x, negatives):
        z = self.encoder(x)
        c, t = self.context(z)[0], FRAMES - HORIZON
        bank = z.reshape(-1, WIDTH)
        neg = F.normalize(bank[negatives], dim=-1)
        losses, hits = [], []
        for k in range(HORIZON):
            q = F.normalize(self.predict[k](c[:, :t]).reshape(-1, WIDTH), dim=-1)
            pos = (q * F.normalize(z[:, k + 1:k + 1 + t].reshape(-1, WIDTH), dim=-1)).sum(-1, keepdim=True)
            logits = torch.cat([pos, q @ neg.T], 1) / 0.1
            losses.append(F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long)))
        return torch.stack(losses)


def numbers(name, shape, count):
    return ((hashed(name, shape) + 1) / 2 * count).floor().long()


def batch(step, dtype):
    return hashed(f"sound.{step % 4}", (BATCH, SAMPLES)).to(dtype), numbers(f"negatives.{step}", (NEGATIVES,), BATCH * FRAMES)


def train(dtype):
    model = CPC()
    fill(model)
    model = model.to(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        parts = model(*batch(step, dtype))
        parts.mean().backward()
        if step == 0 and dtype == torch.float64:
            out["steps"] = parts
            # Biases in front of a batch normalisation have none: it is rounding.
            out.update({f"step/gradient/{k}": p.grad.clone() for k, p in model.named_parameters() if not ("convs" in k and "bias" in k)})
            out.update({f"step/{k}": v.clone() for k, v in model.state_dict().items() if "running_" in k})
        optimizer.step()
        losses.append(parts.mean().item())
    return torch.tensor(losses)


exact, single = train(torch.float64), train(torch.float32)
print(exact, (single / exact - 1).abs().max())
out.update({"losses": exact, "losses.float32": single})


def candidates(name, similarity="cosine", t=0.07, groups=None, decoupled=False, beta=0.0, smoothing=0.0, q=30, d=5, b=40, m=11):
    x, y = hashed(f"{name} q", (q, d)).requires_grad_(), hashed(f"{name} b", (b, d)).requires_grad_()
    log_scale = torch.tensor(math.log(1 / t)).requires_grad_()
    groups = groups or [q]
    positives, negatives = numbers(f"{name} p", (q,), b), numbers(f"{name} n", (len(groups), m), b)
    own = negatives[torch.tensor([g for g, n in enumerate(groups) for _ in range(n)])]
    u, v = (F.normalize(x, dim=1), F.normalize(y, dim=1)) if similarity == "cosine" else (x, y)
    rows = torch.cat([positives[:, None], own], 1)
    s = -(u[:, None] - v[rows]).square().sum(-1) if similarity == "euclidean" else (u[:, None] * v[rows]).sum(-1)
    s = s * log_scale.exp()
    logn = (s[:, 1:] * (1 + beta)).logsumexp(1)
    if beta:
        logn = logn - (s[:, 1:] * beta).logsumexp(1) + math.log(m)
    z = logn if decoupled else torch.logaddexp(s[:, 0], logn)
    losses = z - (1 - smoothing) * s[:, 0] - smoothing * s.mean(1)
    losses.mean().backward()
    out.update({name: losses.mean().reshape(1), f"{name} dq": x.grad, f"{name} db": y.grad, f"{name} dscale": log_scale.grad.reshape(1)})
    if similarity == "cosine" and not (decoupled or beta or smoothing):
        assert abs(losses.mean() - F.cross_entropy(s, torch.zeros(q, dtype=torch.long))) < 1e-12


candidates("shared")
candidates("long", q=600, m=17)
candidates("groups", groups=[12, 0, 18])
candidates("own", groups=[1] * 30)
candidates("dot product", similarity="dotProduct", t=0.5)
candidates("euclidean", similarity="euclidean", t=0.5, groups=[10, 20])
candidates("decoupled", decoupled=True)
candidates("hard", t=0.5, beta=1.0)
candidates("smoothed", smoothing=0.1)
candidates("everything", similarity="euclidean", t=0.7, groups=[5, 25], beta=0.3, smoothing=0.2)
write("cpc", out)
