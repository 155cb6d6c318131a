#!/usr/bin/env python3
"""The losses of 20 steps of CLIP with AdamW: ResNet-18 and a causal text transformer, from hashed weights and batches.

A narrow model: at full size rounding grows too fast for 20 losses to say anything, and clip_teacher.py takes their place. Beside the
losses in float64 stand PyTorch's own in float32, eager and channels-last: their distance is what two right implementations may differ by.
"""
import torch

from clip_model import NARROW, adamw, batch, hashed_clip, update
from hashed import write

STEPS = 20


def losses(dtype, layout):
    model = hashed_clip(NARROW, dtype, layout)
    optimizer = adamw(model)
    result = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = model(*batch(NARROW, step, dtype, layout))
        loss.backward()
        update(model, optimizer)
        result.append(loss.item())
    return torch.tensor(result), model


exact, model = losses(torch.float64, torch.contiguous_format)
eager, _ = losses(torch.float32, torch.contiguous_format)
last, _ = losses(torch.float32, torch.channels_last)
print(exact, (eager / exact - 1).abs().max(), (last / exact - 1).abs().max(), (eager / last - 1).abs().max())
write("clip_training",
      {"losses": exact, "losses.eager": eager, "losses.channels_last": last, "logit_scale": model.logit_scale,
       "image.bn1.running_mean": model.image.bn1.running_mean, "text.ln_final.weight": model.text.ln_final.weight})
