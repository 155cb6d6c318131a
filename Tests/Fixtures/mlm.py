#!/usr/bin/env python3
"""Masked modelling as peers/torch_wikitext_mlm.py has it, narrow and without dropout, from hashed weights, texts and masks.

mlm.safetensors: loss and gradients of step 0 in float64, and the losses of 20 steps of AdamW in float64 and in float32.
Tolerance of the losses, set before the first look: 1e-4 relative, or twice what PyTorch's own float32 is off where that is more.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

VOCABULARY, WIDTH, DEPTH, HEADS, LENGTH, BATCH, STEPS = 50, 32, 2, 4, 16, 8, 20
MASK, FIRST = 4, 5  # the special tokens come first


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj_weight, self.in_proj_bias = nn.Parameter(torch.zeros(3 * WIDTH, WIDTH)), nn.Parameter(torch.zeros(3 * WIDTH))
        self.out_proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(b, t, 3, HEADS, w // HEADS).permute(2, 0, 3, 1, 4)
        return self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, w))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(WIDTH), Attention(), nn.LayerNorm(WIDTH)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(WIDTH, 4 * WIDTH), "c_proj": nn.Linear(4 * WIDTH, WIDTH)})

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.positional_embedding = nn.Parameter(torch.zeros(LENGTH, WIDTH))
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(Block() for _ in range(DEPTH))})
        self.ln_final = nn.LayerNorm(WIDTH)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.positional_embedding
        for block in self.transformer["resblocks"]:
            x = block(x)
        return self.ln_final(x)


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense, self.layer_norm, self.bias = nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.Parameter(torch.zeros(VOCABULARY))


class MLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.lm_head = Encoder(), Head()

    def forward(self, ids, where, target):
        head = self.lm_head
        h = self.encoder(ids).view(-1, WIDTH)[where]
        return F.cross_entropy(F.linear(head.layer_norm(F.gelu(head.dense(h))), self.encoder.token_embedding.weight, head.bias), target)


def numbers(name, shape, low, high):
    return low + ((hashed(name, shape) + 1) / 2 * (high - low)).floor().long()


def batch(step):
    """Texts of a step with 15 % of their tokens hidden; four batches take turns."""
    step %= 4
    ids = numbers(f"ids.{step}", (BATCH, LENGTH), FIRST, VOCABULARY)
    count = int(0.15 * BATCH * LENGTH)
    where = hashed(f"where.{step}", (BATCH * LENGTH,)).argsort()[:count]
    flat, target = ids.reshape(-1).clone(), ids.reshape(-1)[where]
    choice, other = hashed(f"choice.{step}", (count,)), numbers(f"other.{step}", (count,), FIRST, VOCABULARY)
    flat[where] = torch.where(choice < 0.6, MASK, torch.where(choice < 0.8, other, target))
    return flat.view(BATCH, LENGTH), where, target


def train(dtype):
    model = MLM()
    fill(model)
    model = model.to(dtype)
    decayed, others = [p for p in model.parameters() if p.ndim >= 2], [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], lr=1e-3, betas=(0.9, 0.98))
    losses, gradients = [], {}
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = model(*batch(step))
        loss.backward()
        if step == 0:
            gradients = {k: p.grad.clone() for k, p in model.named_parameters()}
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses), gradients, model


if __name__ == "__main__":
    exact, gradients, model = train(torch.float64)
    single, _, _ = train(torch.float32)
    print(exact, (single / exact - 1).abs().max())
    kept = [k for k in gradients if "resblocks.1" not in k or "attn" in k]
    write("mlm", {"losses": exact, "losses.float32": single, "lm_head.bias": model.lm_head.bias,
                  "encoder.ln_final.weight": model.encoder.ln_final.weight, **{f"step/gradient/{k}": gradients[k] for k in kept}})
