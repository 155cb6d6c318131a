#!/usr/bin/env python3
"""Next-token prediction over the encoder of mlm.py with a causal mask, in float64, and what is drawn from logits. Usage: python gpt.py

Every `-100` of the targets is what no token of a text goes on from: its last one, and padding.
"""
import torch
import torch.nn.functional as F

import mlm
from hashed import fill, hashed, write

tensors = {}


class Causal(mlm.Attention):
    def forward(self, x):
        b, t, w = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(b, t, 3, mlm.HEADS, w // mlm.HEADS).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / (w // mlm.HEADS) ** 0.5
        scores = scores.masked_fill(torch.triu(torch.ones(t, t, dtype=torch.bool), 1), -torch.inf)
        return self.out_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, w))


def record(name, lengths):
    encoder = mlm.Encoder()
    for block in encoder.transformer["resblocks"]:
        block.attn = Causal()
    fill(encoder, name + ".encoder.")
    ids = ((hashed(name + " ids", (len(lengths), mlm.LENGTH)) + 1) / 2 * mlm.VOCABULARY).long().clamp(0, mlm.VOCABULARY - 1)
    targets = F.pad(ids[:, 1:], (0, 1), value=-100)
    for row, length in enumerate(lengths):
        targets[row, length - 1:] = -100
    logits = encoder(ids) @ encoder.token_embedding.weight.T
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
    loss.backward()
    real = targets != -100
    tensors[f"{name}/loss"] = loss.reshape(1)
    tensors[f"{name}/accuracy"] = (logits.argmax(-1)[real] == targets[real]).double().mean().reshape(1)
    tensors[f"{name}/logits"] = logits[0, lengths[0] - 1]
    tensors[f"{name}/ids"] = ids
    for key, parameter in encoder.named_parameters():
        if "resblocks.1" not in key:
            tensors[f"{name}/gradient/encoder.{key}"] = parameter.grad


def sampled(name, logits, temperature, k, p):
    """As Hugging Face's TemperatureLogitsWarper, TopKLogitsWarper and TopPLogitsWarper, one after the other."""
    scores = logits / temperature
    if k:
        scores = scores.masked_fill(scores < scores.topk(k).values[-1], -torch.inf)
    if p < 1:
        ordered, indices = scores.sort(descending=False)
        remove = ordered.softmax(-1).cumsum(-1) <= 1 - p
        remove[-1:] = False
        scores = scores.masked_fill(remove.scatter(0, indices, remove), -torch.inf)
    tensors[f"sampled {name}"] = scores.softmax(-1)


if __name__ == "__main__":
    record("gpt", [16, 16, 16])
    record("gpt_padded", [9, 16, 2])
    record("gpt_one", [5])
    logits = hashed("sampling logits", (40,), 4.0)
    logits[7] = logits[11]
    tensors["sampling logits"] = logits
    for name, t, k, p in [("plain", 1, 0, 1), ("warm", 1.7, 0, 1), ("k", 0.8, 5, 1), ("p", 1, 0, 0.8), ("both", 0.7, 12, 0.6), ("one", 1, 1, 1)]:
        sampled(name, logits, t, k, p)
    order = logits.argsort(descending=True).tolist()
    tensors["place of the tie"] = torch.tensor([min(order.index(7), order.index(11)) + 1])
    k = tensors["place of the tie"].item()
    sampled("tie", logits, 1, k, 1)
    write("gpt", tensors)
