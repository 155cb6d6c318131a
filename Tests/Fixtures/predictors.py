#!/usr/bin/env python3
"""Contrastive prediction by networks over the contexts (GRU, transformer), and a residual GRU stack (APC), in float64."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

COUNT, STEPS, INPUTS, SIZE, HIDDEN, HORIZON = 3, 7, 3, 4, 6, 2
NEGATIVES = [0, 5, 11, 14, 20]
out = {}


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Linear(INPUTS, SIZE)

    def forward(self, x):
        return torch.tanh(self.frame(x))


class Transformer(nn.Module):
    """One causal pre-norm block of one head over sinusoidal positions, and a last normalization."""

    def __init__(self):
        super().__init__()
        block = nn.Module()
        block.ln_1, block.ln_2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        block.attn = nn.MultiheadAttention(HIDDEN, 1, batch_first=True)
        block.mlp = nn.ModuleDict({"c_fc": nn.Linear(HIDDEN, 4 * HIDDEN), "c_proj": nn.Linear(4 * HIDDEN, HIDDEN)})
        self.resblocks, self.ln_final = nn.ModuleList([block]), nn.LayerNorm(HIDDEN)

    def forward(self, x):
        angles = torch.arange(STEPS)[:, None] / 10000 ** (torch.arange(0, HIDDEN, 2) / HIDDEN)
        x = x + torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
        block, later = self.resblocks[0], torch.ones(STEPS, STEPS).triu(1).bool()
        y = block.ln_1(x)
        x = x + block.attn(y, y, y, attn_mask=later, need_weights=False)[0]
        x = x + block.mlp["c_proj"](F.gelu(block.mlp["c_fc"](block.ln_2(x))))
        return self.ln_final(x)


class Predictor(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        if kind == "gru":
            self.layer = nn.GRU(HIDDEN, SIZE, batch_first=True)
        else:
            self.layer, self.projection = Transformer(), nn.Linear(HIDDEN, SIZE, bias=False)

    def forward(self, x):
        return self.layer(x)[0] if self.kind == "gru" else self.projection(self.layer(x))


class CPC(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.encoder, self.context = Encoder(), nn.GRU(SIZE, HIDDEN, batch_first=True)
        self.predict = nn.ModuleList(Predictor(kind) for _ in range(HORIZON))

    def forward(self, x):
        z = self.encoder(x)
        c, t = self.context(z)[0], STEPS - HORIZON
        negatives = F.normalize(z.reshape(-1, SIZE)[NEGATIVES], dim=-1)
        losses = []
        for k in range(HORIZON):
            q = F.normalize(self.predict[k](c)[:, :t].reshape(-1, SIZE), dim=-1)
            positive = (q * F.normalize(z[:, k + 1:k + 1 + t].reshape(-1, SIZE), dim=-1)).sum(-1, keepdim=True)
            logits = torch.cat([positive, q @ negatives.T], 1) / 0.1
            losses.append(F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long)))
        return torch.stack(losses).mean()


def case(name, model, value):
    fill(model, f"{name}.")
    loss = value(model)
    loss.backward()
    out[f"{name}/output"] = loss.reshape(1)
    out.update({f"{name}/gradient/{k}": p.grad for k, p in model.named_parameters()})


for kind in "gru", "transformer":
    case(f"cpc.{kind}", CPC(kind), lambda model: model(hashed("values", (COUNT, STEPS, INPUTS))))


class Residual(nn.Module):
    """s3prl's stack: from the second layer on a layer's input is added to its output."""

    def __init__(self):
        super().__init__()
        self.layers = nn.GRU(INPUTS, HIDDEN, num_layers=3, batch_first=True)  # its parameters' names

    def forward(self, x):
        for layer in range(3):
            gru = nn.GRU(x.shape[-1], HIDDEN, batch_first=True)
            values = {k[:-1] + "0": v for k, v in self.layers.named_parameters() if k.endswith(str(layer))}
            y = torch.func.functional_call(gru, values, (x,))[0]
            x = y + x if layer else y
        return x




model = Residual()
fill(model.layers, "residual.")
states = model(hashed("values", (COUNT, STEPS, INPUTS)))
(states * hashed("upstream", states.shape)).sum().backward()
out["residual/output"] = states
out.update({f"residual/gradient/{k}": p.grad for k, p in model.layers.named_parameters()})
write("predictors", out)
