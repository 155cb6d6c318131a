#!/usr/bin/env python3
"""COLA's two similarities in float64: loss and gradients, with labels and without, of batches of 1, 2 and 12."""
import torch
import torch.nn.functional as F

from hashed import hashed, hashed_parameter, write

D = 5
out = {}


def case(name, rows, labels=None, bilinear=True):
    a, b = (hashed(f"{name} {side}", (rows, D)).requires_grad_() for side in "ab")
    norm = {k: hashed_parameter(f"{name}.norm.{k}", (D,)).requires_grad_() for k in ("weight", "bias")}
    w = hashed_parameter(f"{name}.weight", (D, D)).requires_grad_()
    if bilinear:
        h = lambda x: torch.tanh(F.layer_norm(x, (D,), norm["weight"], norm["bias"], 1e-3))
        s = torch.einsum("id,de,je->ij", h(a), w, h(b))
    else:
        s = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / 0.2
    own = torch.eye(rows) if labels is None else (labels[:, None] == labels[None]).double()
    loss = (-(s.log_softmax(1) * own).sum(1) / own.sum(1)).mean()
    loss.backward()
    out.update({name: loss.reshape(1), f"{name} da": a.grad, f"{name} db": b.grad})
    if bilinear:
        out.update({f"{name}/gradient/weight": w.grad, f"{name}/gradient/norm.weight": norm["weight"].grad})


LABELS = torch.tensor([i * i % 5 for i in range(12)])
for kind in True, False:
    name = "bilinear" if kind else "cosine"
    case(f"{name} pairs", 12, None, kind)
    case(f"{name} labels", 12, LABELS, kind)
    case(f"{name} two", 2, None, kind)
    case(f"{name} one", 1, None, kind)
write("cola", out)
