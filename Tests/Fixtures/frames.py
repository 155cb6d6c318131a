#!/usr/bin/env python3
"""Frame prediction (autoregressive predictive coding) in float64: loss and gradients, L1 and L2, with padding."""
import torch
import torch.nn as nn

from hashed import fill, hashed, write

LENGTHS, AHEAD = (9, 2, 6), 2


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Linear(3, 4)


class APC(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.context, self.predict = Encoder(), nn.GRU(4, 6, batch_first=True), nn.Linear(6, 3)

    def forward(self, x, distance):
        predicted, wanted = [], []
        for n, length in enumerate(LENGTHS):  # each sequence alone, without its padding
            real = x[n:n + 1, :length]
            y = self.predict(self.context(torch.tanh(self.encoder.frame(real)))[0])
            predicted.append(y[0, :max(0, length - AHEAD)])
            wanted.append(real[0, AHEAD:])
        return distance(torch.cat(predicted), torch.cat(wanted))


out = {}
for name, distance in ("l1", nn.functional.l1_loss), ("l2", nn.functional.mse_loss):
    model = APC()
    fill(model, f"{name}.")
    x = hashed("sequences", (3, 9, 3))
    loss = model(x, distance)
    loss.backward()
    out[f"{name}/output"] = loss
    out.update({f"{name}/gradient/{k}": p.grad for k, p in model.named_parameters()})
write("frames", out)
