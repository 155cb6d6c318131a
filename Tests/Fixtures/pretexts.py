#!/usr/bin/env python3
"""Jigsaw, relative patch position, colorization and masked feature maps in float64: losses and gradients. Usage: python pretexts.py

Each is written from its paper, with cuts, colors and masks by loops, over small encoders.
"""
import itertools

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

out = {}


def record(name, module, loss):
    loss.backward()
    out[f"{name}/loss"] = loss.reshape(1)
    for key, parameter in module.named_parameters():
        out[f"{name}/gradient/{key}"] = parameter.grad


class Flat(nn.Module):
    """The encoder of the tests: a linear layer over all pixels, tanh."""

    def __init__(self, pixels):
        super().__init__()
        self.linear = nn.Linear(pixels, 5)

    def forward(self, x):
        return torch.tanh(self.linear(x.flatten(1)))


class Tiles(nn.Module):
    def __init__(self, pixels, tiles, classes):
        super().__init__()
        self.encoder = Flat(pixels)
        self.head = nn.ModuleDict({"tile": nn.Linear(5, 4), "hidden": nn.Linear(tiles * 4, 6), "classifier": nn.Linear(6, classes)})

    def code(self, tile):  # [t, t, 3]
        x = (tile - tile.mean((0, 1))) / (tile.var((0, 1), unbiased=False) + 1e-3).sqrt()
        return F.relu(self.head["tile"](self.encoder(x[None])))[0]

    def classify(self, codes):
        return self.head["classifier"](F.relu(self.head["hidden"](torch.cat(codes))))


# Two images of 9 x 9 pixels, cells of 3, tiles of 2; corners in pixels; the orders are those of the test.
images = hashed("tiles images", (2, 9, 9, 3))
offsets = (hashed("tiles offsets", (2, 9, 2)) > 0).long()
corners = offsets + torch.tensor([[3 * (k // 3), 3 * (k % 3)] for k in range(9)])


def permutations(count, length):
    """Greedily, by the least and then by the summed Hamming distance, then the first in lexicographic order."""
    every = np.array(list(itertools.permutations(range(length))))
    distances = np.zeros((0, len(every)), int)
    chosen = [0]
    while len(chosen) < count:
        distances = np.concatenate([distances, (every != every[chosen[-1]]).sum(1)[None]])
        score = distances.min(0) * 100000 + distances.sum(0)
        chosen.append(int(score.argmax()))
    return every[chosen]


out["permutations of 4"] = torch.from_numpy(permutations(24, 4))
out["permutations of 9"] = torch.from_numpy(permutations(40, 9))
ORDERS = permutations(3, 9).tolist()
out["corners"] = corners


def cut(image, corner):
    y, x = int(corner[0]), int(corner[1])
    return image[y:y + 2, x:x + 2]


for name in ("jigsaw", "position"):
    model = Tiles(12, 9 if name == "jigsaw" else 2, 3 if name == "jigsaw" else 8)
    fill(model, name + ".")
    losses = []
    for n in range(2):
        if name == "jigsaw":
            order = 2 - n
            codes = [model.code(cut(images[n], corners[n][ORDERS[order][i]])) for i in range(9)]
            losses.append(F.cross_entropy(model.classify(codes), torch.tensor(order)))
        else:
            codes = [model.code(cut(images[n], corners[n][i])) for i in range(9)]
            for k, i in enumerate([0, 1, 2, 3, 5, 6, 7, 8]):
                losses.append(F.cross_entropy(model.classify([codes[4], codes[i]]), torch.tensor(k)))
    record(name, model, torch.stack(losses).mean())


def lab(rgb):
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    matrix = torch.tensor([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
    xyz = linear @ matrix.T / torch.tensor([0.95047, 1, 1.08883])
    f = torch.where(xyz > 0.008856, xyz ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


colors = torch.cat([torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.02, 0.03, 0.01]]), (hashed("colors", (20, 3)) + 1) / 2])
out["colors"], out["lab"] = colors, lab(colors)

# The classes of colors: points of a grid of 10 that are nearest to a color on levels of 5.
levels = torch.arange(52) / 51
cube = lab(torch.stack(torch.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3))[:, 1:]
centers = torch.unique((cube / 10).round().long(), dim=0) * 10
out["centers"] = centers


class Map(nn.Module):
    """The encoder of the tests: one convolution of stride 4 and tanh."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 4, 4)

    def forward(self, x):  # [N, H, W, 3]
        return torch.tanh(self.conv(x.permute(0, 3, 1, 2)))


class Colorization(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Map()
        self.deconvs = nn.ModuleList([nn.ConvTranspose2d(6, 5, 4, 2, 1, bias=False)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(5)])
        self.classifier = nn.Linear(5, len(centers))


MEAN, STD = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.25, 0.3])
model = Colorization()
fill(model, "color.")
pixels = (hashed("color images", (2, 8, 8, 3)) + 1) / 2
frequencies = (hashed("frequencies", (len(centers),)) + 1.01)
frequencies = frequencies / frequencies.sum()
space = lab(pixels)
lightness = (space[..., :1] / 100 - MEAN) / STD
maps = F.relu(model.norms[0](model.deconvs[0](model.encoder(lightness))))
logits = model.classifier(maps.permute(0, 2, 3, 1))  # [2, 4, 4, Q]
weights = 1 / (0.5 * frequencies + 0.5 / len(centers))
weights = weights / (frequencies * weights).sum()
terms, seen = [], torch.zeros(len(centers))
for n in range(2):
    for y in range(4):
        for x in range(4):
            ab = space[n, 2 * y:2 * y + 2, 2 * x:2 * x + 2, 1:].mean((0, 1))
            distance = ((centers - ab) ** 2).sum(1)
            near = distance.argsort()[:10]
            gauss = torch.exp(-distance[near] / (2 * 25))
            target = torch.zeros(len(centers)).index_add(0, near, gauss / gauss.sum())
            seen += target / 32
            terms.append(-weights[near[0]] * (target * F.log_softmax(logits[n, y, x], 0)).sum())
out["frequencies"] = frequencies
out["color/frequencies"] = 0.99 * frequencies + 0.01 * seen
record("color", model, torch.stack(terms).mean())


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Map()
        self.mask_token = nn.Parameter(torch.zeros(3))
        self.decoder = nn.Linear(6, 48)


model = Masked()
fill(model, "masked.")
pictures = hashed("masked images", (2, 8, 8, 3))
mask = torch.tensor([[1, 0, 0, 1], [0, 1, 1, 0]]).double().reshape(2, 2, 2)  # of the cells of each image
large = mask.repeat_interleave(4, 1).repeat_interleave(4, 2)[..., None]
decoded = model.decoder(model.encoder(pictures * (1 - large) + model.mask_token * large).permute(0, 2, 3, 1))
drawn = decoded.reshape(2, 2, 2, 4, 4, 3).permute(0, 1, 3, 2, 4, 5).reshape(2, 8, 8, 3)
record("masked", model, ((drawn - pictures).abs() * large).sum() / (large.sum() * 3))
write("pretexts", out)
