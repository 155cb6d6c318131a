#!/usr/bin/env python3
"""MAE and SimMIM over the ViT of vit.py in float64: loss, gradients, and the weights after one step. Usage: python mim.py"""
import torch
import torch.nn as nn

import vit
from hashed import fill, hashed, write

tensors = {}
GRID, PATCH, WIDTH = 4, vit.PATCH, vit.WIDTH
NOISE = hashed("mim noise", (3, GRID * GRID))


def patchify(images):
    """As models_mae.py: [N, 3, H, W] to [N, L, P P 3]."""
    x = images.reshape(images.shape[0], 3, GRID, PATCH, GRID, PATCH)
    return torch.einsum("nchpwq->nhwpqc", x).reshape(images.shape[0], GRID * GRID, PATCH * PATCH * 3)


class MAE(nn.Module):
    """models_mae.py with the names of its parameters; `encoder.` before those of the encoder."""

    def __init__(self, pool):
        super().__init__()
        self.encoder = vit.ViT(pool, False, 0, GRID)
        self.decoder_embed = nn.Linear(WIDTH, WIDTH)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.decoder_blocks = nn.ModuleList([vit.Block()])
        self.decoder_norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.decoder_pred = nn.Linear(WIDTH, PATCH * PATCH * 3)

    def forward(self, images, normalized, ratio=0.75):
        e = self.encoder
        n, length = images.shape[0], GRID * GRID
        x = e.patch_embed(images) + vit.sincos(GRID, GRID)
        keep = int(length * (1 - ratio))
        shuffle = NOISE[:n].argsort(1)
        restore = shuffle.argsort(1)
        x = x.gather(1, shuffle[:, :keep, None].expand(-1, -1, WIDTH))
        mask = torch.ones(n, length)
        mask[:, :keep] = 0
        mask = mask.gather(1, restore)
        prefix = 0
        if e.pool == "class":
            x, prefix = torch.cat([e.cls_token.expand(n, -1, -1), x], 1), 1
        x = self.decoder_embed(e.norm(e.blocks(x)))
        tokens = self.mask_token.expand(n, length - keep, -1)
        y = torch.cat([x[:, prefix:], tokens], 1).gather(1, restore[:, :, None].expand(-1, -1, WIDTH))
        y = torch.cat([x[:, :prefix], y + vit.sincos(GRID, GRID)], 1)
        for block in self.decoder_blocks:
            y = block(y)
        y = self.decoder_pred(self.decoder_norm(y))[:, prefix:]
        target = patchify(images)
        if normalized:
            target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6) ** 0.5
        return (((y - target) ** 2).mean(-1) * mask).sum() / mask.sum(), mask


class SimMIM(nn.Module):
    """simmim.py with a mask of single patches and rows of the decoder in the order row, column, channel."""

    def __init__(self, pool):
        super().__init__()
        self.encoder = vit.ViT(pool, True, 1, GRID)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.decoder = nn.Linear(WIDTH, PATCH * PATCH * 3)

    def forward(self, images, mask):
        e = self.encoder
        leading, table = e.positions(GRID, GRID)
        x, n = e.patch_embed(images), images.shape[0]
        w = mask[:, :, None]
        x = x * (1 - w) + self.mask_token * w + table
        prefix = ([(e.cls_token + leading).expand(n, -1, -1)] if e.pool == "class" else []) + [e.reg_token.expand(n, -1, -1)]
        skipped = sum(p.shape[1] for p in prefix)
        y = self.decoder(e.norm(e.blocks(torch.cat(prefix + [x], 1)))[:, skipped:])
        pixels = w.expand_as(y)[..., : PATCH * PATCH]
        return ((y - patchify(images)).abs() * w).sum() / pixels.sum() / 3


def record(name, model, loss, **values):
    model.zero_grad()
    value = loss()
    value.backward()
    tensors[f"{name}/loss"] = value.reshape(1)
    for key, parameter in model.named_parameters():
        if ".blocks.0" not in key:
            tensors[f"{name}/gradient/{vit.ours(key)}"] = parameter.grad
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    tensors[f"{name}/loss after a step"] = loss().detach().reshape(1)


images = hashed("mim images", (3, 16, 16, 3)).permute(0, 3, 1, 2)
for name, pool, normalized, count in [("mae_class", "class", True, 3), ("mae_mean", "mean", True, 2), ("mae_plain", "mean", False, 1)]:
    model = MAE(pool)
    fill(model, name + ".", vit.ours)
    record(name, model, lambda: model(images[:count], normalized)[0])
    tensors[f"{name}/masked"] = torch.stack([m.nonzero()[:, 0] for m in model(images[:count], normalized)[1]])
for name, pool, count in [("simmim_class", "class", 3), ("simmim_mean", "mean", 1)]:
    model = SimMIM(pool)
    fill(model, name + ".", vit.ours)
    masked = NOISE[:count].argsort(1)[:, :10].sort(1).values
    mask = torch.zeros(count, GRID * GRID).scatter(1, masked, 1.0)
    record(name, model, lambda: model(images[:count], mask))
    tensors[f"{name}/masked"] = masked
write("mim", tensors)
