#!/usr/bin/env python3
"""A small ViT in plain PyTorch with timm's names, in float64: output and gradients. Usage: python vit.py"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

tensors = {}
WIDTH, HEADS, DEPTH, PATCH = 16, 2, 2, 4


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)
        scores = (q @ k.transpose(-2, -1)) / (c // HEADS) ** 0.5
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, c))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(WIDTH, eps=1e-6), Attention()
        self.norm2, self.mlp = nn.LayerNorm(WIDTH, eps=1e-6), MLP()

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, WIDTH, PATCH, PATCH)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


def sincos(rows, columns):
    """MAE's get_2d_sincos_pos_embed: the grid's first half is of the column."""
    omega = 1.0 / 10000 ** (torch.arange(WIDTH // 4) / (WIDTH / 4))
    grid = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1).reshape(-1, 2).double()
    row, column = grid[:, :1] * omega, grid[:, 1:] * omega
    return torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], 1)


class ViT(nn.Module):
    def __init__(self, pool, learned, registers, grid):
        super().__init__()
        self.pool, self.grid = pool, grid
        if pool == "class":
            self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        if registers:
            self.reg_token = nn.Parameter(torch.zeros(1, registers, WIDTH))
        self.patch_embed = PatchEmbed()
        if learned:
            self.pos_embed = nn.Parameter(torch.zeros(1, grid * grid + (pool == "class"), WIDTH))
        self.blocks = nn.Sequential(*[Block() for _ in range(DEPTH)])
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)

    def positions(self, rows, columns):
        """Those of the class token (zero where fixed), and of the patches; interpolated where the grid is another."""
        if not hasattr(self, "pos_embed"):
            return torch.zeros(1, 1, WIDTH), sincos(rows, columns)[None]
        first = 1 if self.pool == "class" else 0
        table = self.pos_embed[:, first:]
        if (rows, columns) != (self.grid, self.grid):
            square = table.reshape(1, self.grid, self.grid, WIDTH).permute(0, 3, 1, 2)
            table = F.interpolate(square, size=(rows, columns), mode="bicubic", align_corners=False)
            table = table.permute(0, 2, 3, 1).reshape(1, rows * columns, WIDTH)
        return self.pos_embed[:, :first], table

    def forward(self, images):
        leading, table = self.positions(images.shape[2] // PATCH, images.shape[3] // PATCH)
        x, n = self.patch_embed(images) + table, images.shape[0]
        prefix = []
        if self.pool == "class":
            prefix.append((self.cls_token + leading).expand(n, -1, -1))
        if hasattr(self, "reg_token"):
            prefix.append(self.reg_token.expand(n, -1, -1))
        skipped = sum(p.shape[1] for p in prefix)
        x = self.norm(self.blocks(torch.cat(prefix + [x], 1)))
        return x[:, 0] if self.pool == "class" else x[:, skipped:].mean(1)


NAMES = {"norm1": "ln_1", "norm2": "ln_2", "attn.qkv.": "attn.in_proj_", "attn.proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc",
         "mlp.fc2": "mlp.c_proj"}


def ours(key):
    for theirs, mine in NAMES.items():
        key = key.replace(theirs, mine)
    return key


def record(name, model, images):
    """Keys are those here; VisionTransformer.name(ofTimm:) has the same table."""
    fill(model, name + ".", ours)
    images = images.requires_grad_()
    y = model(images.permute(0, 3, 1, 2))
    (y * hashed(name + ".upstream", y.shape)).sum().backward()
    tensors[f"{name}/output"] = y
    tensors[f"{name}/gradient/images"] = images.grad
    for key, parameter in model.named_parameters():
        if "blocks.1" not in key:
            tensors[f"{name}/gradient/{ours(key)}"] = parameter.grad


if __name__ == "__main__":
    record("vit_class", ViT("class", True, 0, 3), hashed("vit images", (2, 12, 12, 3)))
    record("vit_mean", ViT("mean", False, 2, 3), hashed("vit images", (2, 12, 12, 3)))
    record("vit_registers", ViT("class", True, 3, 3), hashed("vit images", (1, 12, 12, 3)))
    record("vit_other_grid", ViT("class", True, 0, 3), hashed("vit wide", (2, 8, 20, 3)))
    record("vit_fixed_class", ViT("class", False, 0, 3), hashed("vit wide", (1, 8, 16, 3)))
    write("vit", tensors)
