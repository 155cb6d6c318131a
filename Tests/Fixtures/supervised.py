#!/usr/bin/env python3
"""Supervised heads in float64: cross-entropy with class weights, label smoothing and unlabeled rows, and regression by
square, absolute value and Huber on standardized numbers; losses and gradients of the features, the head and its hidden
layer, of batches of 7, 2 and 1."""
import torch
import torch.nn.functional as F

from hashed import hashed, hashed_parameter, write

C, K, H = 5, 4, 6
out = {}


def head(name, outputs, hidden):
    sizes = [C, H, outputs] if hidden else [C, outputs]
    return [
        (hashed_parameter(f"{name}.{i}.weight", (b, a)).requires_grad_(), hashed_parameter(f"{name}.{i}.bias", (b,)).requires_grad_())
        for i, (a, b) in enumerate(zip(sizes, sizes[1:]))
    ]


def run(layers, x):
    for place, (w, b) in enumerate(layers):
        x = F.linear(x, w, b)
        if place + 1 < len(layers):
            x = x.relu()
    return x


def keep(name, loss, x, layers):
    loss.backward()
    out.update({name: loss.reshape(1), f"{name} dx": x.grad, f"{name} dw": layers[0][0].grad, f"{name} db": layers[-1][1].grad})


def classes(name, labels, smoothing=0.0, weights=None, hidden=False):
    x, layers = hashed(name, (len(labels), C)).requires_grad_(), head(name, K, hidden)
    weight = None if weights is None else torch.tensor(weights)
    loss = F.cross_entropy(run(layers, x), torch.tensor(labels), weight=weight, label_smoothing=smoothing, ignore_index=-1)
    keep(name, loss, x, layers)


def numbers(name, targets, loss, hidden=False):
    y = torch.tensor(targets, dtype=torch.float64)
    known = ~y.isnan()
    x, layers = hashed(name, (len(targets), C)).requires_grad_(), head(name, 1, hidden)
    mean, std = y[known].mean(), y[known].std(correction=0)
    p = run(layers, x)[:, 0][known]
    z = (y[known] - mean) / (std if std > 0 else 1)
    value = {"squared": F.mse_loss, "absolute": F.l1_loss, "huber": F.huber_loss}[loss](p, z)
    keep(name, value, x, layers)


classes("plain", [0, 3, 1, 1, 2, 0, 3])
classes("hidden", [0, 3, 1, 1, 2, 0, 3], hidden=True)
classes("unlabeled", [0, -1, 1, -1, 2, 0, -1], smoothing=0.1)
classes("weighted", [0, 3, 1, -1, 2, 0, 3], smoothing=0.2, weights=[0.5, 2.0, 1.0, 0.0])
classes("two", [1, 1], weights=[1.0, 3.0, 1.0, 1.0])
classes("one", [2], smoothing=0.3)
for kind in "squared", "absolute", "huber":
    numbers(kind, [12.5, 3.0, float("nan"), -7.0, 40.0, 12.5, 0.0], kind)
    numbers(f"{kind} hidden", [1900.0, 2020.0], kind, hidden=True)
    numbers(f"{kind} one", [5.0], kind)
write("supervised", out)
