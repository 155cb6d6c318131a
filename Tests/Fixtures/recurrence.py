#!/usr/bin/env python3
"""Recurrences against torch.nn.GRU and torch.nn.LSTM in float64: every state, the gradients of the inputs and of every parameter."""
import torch
import torch.nn as nn

from hashed import fill, hashed, write

tensors = {}


def case(name, module, shape, lengths=None):
    """With lengths the sequences are packed; PyTorch's outputs behind them are zeros."""
    fill(module, name + ".")
    x = hashed(name + ".x", shape).requires_grad_(True)
    if lengths is None:
        y = module(x)[0]
    else:
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        y = nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True, total_length=shape[1])[0]
    (y * hashed(name + ".upstream", y.shape)).sum().backward()
    tensors[f"{name}/output"] = y
    tensors[f"{name}/gradient/x"] = x.grad
    for key, parameter in module.named_parameters():
        tensors[f"{name}/gradient/{key}"] = parameter.grad


for kind, module in [("gru", nn.GRU), ("lstm", nn.LSTM)]:
    case(f"{kind}", module(5, 7, batch_first=True), (3, 6, 5))
    case(f"{kind}_layers", module(4, 11, 3, batch_first=True), (2, 5, 4))
    case(f"{kind}_without_bias", module(3, 16, bias=False, batch_first=True), (4, 3, 3))
    case(f"{kind}_one_step", module(6, 5, batch_first=True), (3, 1, 6))
    case(f"{kind}_one_sample", module(6, 19, batch_first=True), (1, 9, 6))
    case(f"{kind}_masked", module(5, 6, 2, batch_first=True), (4, 7, 5), [7, 3, 1, 5])
    case(f"{kind}_wide", module(8, 36, batch_first=True), (9, 5, 8))

write("recurrence", tensors)
