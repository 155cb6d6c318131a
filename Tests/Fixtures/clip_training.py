#!/usr/bin/env python3
"""The losses of 20 steps of CLIP with AdamW: ResNet-18 and a causal text transformer, from hashed weights and batches.

Usage: clip_training.py [--full]

Narrow by default (clip_training.safetensors, for CI); --full has the sizes of `clip-rn18` in peers/torch_steps.py
(clip_training_full.safetensors). Beside the losses in float64 stand PyTorch's own in float32, eager and channels-last: their
distance is what two right implementations may differ by.
"""
import argparse
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

parser = argparse.ArgumentParser()
parser.add_argument("--full", action="store_true")
full = parser.parse_args().full
STEPS = 20
if full:
    WIDTH, SIDE, VOCABULARY, TEXT_WIDTH, DEPTH, HEADS, CONTEXT, BATCH, EMBEDDING = 64, 112, 8192, 256, 6, 4, 32, 64, 256
else:
    WIDTH, SIDE, VOCABULARY, TEXT_WIDTH, DEPTH, HEADS, CONTEXT, BATCH, EMBEDDING = 8, 64, 50, 32, 2, 4, 8, 16, 16


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        sizes = [width, width, 2 * width, 4 * width, 8 * width]
        for i in range(4):
            stage = nn.Sequential(BasicBlock(sizes[i], sizes[i + 1], 1 if i == 0 else 2), BasicBlock(sizes[i + 1], sizes[i + 1], 1))
            setattr(self, f"layer{i + 1}", stage)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.in_proj_weight, self.in_proj_bias = nn.Parameter(torch.zeros(3 * width, width)), nn.Parameter(torch.zeros(3 * width))
        self.out_proj, self.heads = nn.Linear(width, width), heads

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        return self.out_proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, w))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, TEXT_WIDTH)
        self.positional_embedding = nn.Parameter(torch.zeros(CONTEXT, TEXT_WIDTH))
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(Block(TEXT_WIDTH, HEADS) for _ in range(DEPTH))})
        self.ln_final = nn.LayerNorm(TEXT_WIDTH)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.positional_embedding
        for block in self.transformer["resblocks"]:
            x = block(x)
        return self.ln_final(x)[:, -1]


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        self.image, self.text = ResNet18(WIDTH), Text()
        self.image_projection = nn.Linear(8 * WIDTH, EMBEDDING, bias=False)
        self.text_projection = nn.Linear(TEXT_WIDTH, EMBEDDING, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, x, ids):
        a = F.normalize(self.image_projection(self.image(x)), dim=-1)
        b = F.normalize(self.text_projection(self.text(ids)), dim=-1)
        logits = self.logit_scale.exp() * a @ b.T
        y = torch.arange(len(a))
        return (F.cross_entropy(logits, y) + F.cross_entropy(logits.T, y)) / 2


def losses(dtype, layout):
    model = Clip()
    fill(model.image, "image.")
    fill(model.text, "text.")
    fill(model.image_projection, "image_projection.")
    fill(model.text_projection, "text_projection.")
    model = model.to(dtype).to(memory_format=layout)
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=3e-4)
    result = []
    for step in range(STEPS):
        x = hashed(f"images.{step % 4}", (BATCH, SIDE, SIDE, 3)).to(dtype).permute(0, 3, 1, 2)
        if layout == torch.contiguous_format:
            x = x.contiguous()
        ids = ((hashed(f"ids.{step % 4}", (BATCH, CONTEXT)) + 1) / 2 * VOCABULARY).floor().long()
        optimizer.zero_grad()
        loss = model(x, ids)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        result.append(loss.item())
    return torch.tensor(result), model


exact, model = losses(torch.float64, torch.contiguous_format)
eager, _ = losses(torch.float32, torch.contiguous_format)
last, _ = losses(torch.float32, torch.channels_last)
print(exact, (eager / exact - 1).abs().max(), (last / exact - 1).abs().max(), (eager / last - 1).abs().max())
write("clip_training_full" if full else "clip_training",
      {"losses": exact, "losses.eager": eager, "losses.channels_last": last, "logit_scale": model.logit_scale,
       "image.bn1.running_mean": model.image.bn1.running_mean, "text.ln_final.weight": model.text.ln_final.weight})
