#!/usr/bin/env python3
"""Waveform encoders against PyTorch modules in float64 that take each clip by itself, with batch statistics over all clips' frames."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

tensors = {}


class Encoder(nn.Module):
    """The encoder of peers/torch_fsdd_cpc.py for any stack, norm, activation and context; clips is a list of [S]."""

    def __init__(self, stack, norm, activation=F.relu, context=None):
        super().__init__()
        self.convs, self.norms, self.activation, c = nn.ModuleList(), nn.ModuleList(), activation, 1
        for width, k, s, q in stack:
            self.convs.append(nn.Conv1d(c, width, k, s, q))
            self.norms.append({"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "group": lambda w: nn.GroupNorm(2, w), "none": nn.Identity}[norm](width))
            c = width
        self.norm, self.context = norm, context

    def frames(self, clips):
        xs = [x[None, None] for x in clips]
        for conv, norm in zip(self.convs, self.norms):
            xs = [conv(x) for x in xs]
            if self.norm == "batch":
                lengths = [x.shape[2] for x in xs]
                xs = norm(torch.cat(xs, 2)).split(lengths, 2)
            elif self.norm == "layer":
                xs = [norm(x.transpose(1, 2)).transpose(1, 2) for x in xs]
            else:
                xs = [norm(x) for x in xs]
            xs = [self.activation(x) for x in xs]
        return [x.transpose(1, 2) for x in xs]

    def forward(self, clips):
        zs = self.frames(clips)
        return [self.context(z)[0] if self.context else z for z in zs]


def case(name, model, lengths, training, pool):
    fill(model, name + ".")
    model.train(training)
    wave = hashed(name + ".wave", (len(lengths), max(lengths)))
    clips = [row[:n] for row, n in zip(wave, lengths)]
    frames = model(clips)
    steps = max(z.shape[1] for z in frames)
    tensors[f"{name}/frames"] = torch.cat([F.pad(z, (0, 0, 0, steps - z.shape[1])) for z in frames])
    y = torch.cat([z.mean(1) if pool == "mean" else z.amax(1) for z in frames])
    (y * hashed(name + ".upstream", y.shape)).sum().backward()
    tensors[f"{name}/output"] = y
    for key, parameter in model.named_parameters():
        if parameter.grad.abs().max() < 1e-12:  # a bias that batch statistics take away again: rounding alone
            continue
        tensors[f"{name}/gradient/{key}"] = parameter.grad
    for key, value in model.state_dict().items():
        if "running" in key:
            tensors[f"{name}/{key}"] = value


def cpc(width):
    return [(width, k, s, q) for k, s, q in zip((10, 8, 4, 4, 4), (5, 4, 2, 2, 2), (3, 2, 1, 1, 1))]


small = [(6, 5, 2, 2), (8, 3, 2, 0), (4, 2, 1, 1)]
case("cpc", Encoder(cpc(8), "batch"), [1280, 1280], True, "mean")
case("cpc_evaluated", Encoder(cpc(8), "batch"), [1280, 1280], False, "mean")
case("padded", Encoder(cpc(8), "batch"), [1280, 901, 700], True, "mean")
case("padded_evaluated", Encoder(cpc(8), "batch"), [1280, 901, 700], False, "max")
case("gru", Encoder(small, "layer", F.gelu, nn.GRU(4, 5, 2, batch_first=True)), [61, 40, 33], True, "mean")
case("lstm", Encoder(small, "group", torch.tanh, nn.LSTM(4, 5, batch_first=True)), [61, 40, 33], True, "max")
case("bare", Encoder(small, "none", F.silu), [61, 61], True, "mean")

write("waveform", tensors)
