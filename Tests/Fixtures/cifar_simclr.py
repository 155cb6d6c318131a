#!/usr/bin/env python3
"""The first 20 losses of SimCLR on CIFAR-10 as the PyTorch program defines it, with its initial weights and views: 126 MB, so not committed.

Usage: cifar_simclr.py PEERS DATA OUT.safetensors, then CONCORD_CIFAR_SIMCLR=OUT.safetensors swift test -c release --filter CIFARSimCLRTests
PEERS has torch_cifar_simclr.py, whose definitions run as they are; DATA has cifar10. Rounding grows from step to step at this rate, so that the
losses stand there twice, the second time from weights nudged by one part in 2^23.
"""
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

STEPS = 20
peers, data, out = sys.argv[1:4]
sys.path.insert(0, peers)
sys.argv = ["torch_cifar_simclr.py", data]
source = (pathlib.Path(peers) / "torch_cifar_simclr.py").read_text()
exec(compile(source[:source.index("\nmodel = SimCLR()")], "torch_cifar_simclr.py", "exec"))

initial = {k: v.clone() for k, v in SimCLR().state_dict().items()}
order = torch.randperm(len(xa))
batches = []
for k in range(STEPS):
    b = xa[order[k * a.batch:(k + 1) * a.batch]]
    batches.append(torch.stack([view(i) for i in b] + [view(i) for i in b]))


def losses(nudge=0.0):
    model = SimCLR()
    model.load_state_dict({k: v * (1 + nudge) if v.is_floating_point() else v for k, v in initial.items()})
    model = model.to(memory_format=torch.channels_last)
    opt = torch.optim.SGD(model.parameters(), lr=0.12, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, a.epochs * (len(xa) // a.batch))
    result = []
    for x in batches:
        opt.zero_grad(set_to_none=True)
        loss = model(x.contiguous(memory_format=torch.channels_last))
        loss.backward()
        opt.step()
        schedule.step()
        result.append(loss.item())
    return torch.tensor(result)


def path(key):
    """Concord's name of a weight."""
    if key.startswith("g."):
        _, place, rest = key.split(".")
        return {"0": "head.linears.0.", "1": "head.norms.0.", "3": "head.linears.1."}[place] + rest
    parts = key.split(".")[1:]
    if parts[0] == "layers":
        parts = [f"layer{int(parts[1]) + 1}"] + parts[2:]
    return "encoder." + ".".join(parts)


tensors = {path(k): v for k, v in initial.items() if not k.endswith("num_batches_tracked")}
tensors |= {f"views.{k}": x.permute(0, 2, 3, 1) for k, x in enumerate(batches)}
tensors["losses"] = losses()
tensors["losses.nudged"] = losses(2.0**-23)
for name in ("losses", "losses.nudged"):
    print(name, " ".join(f"{x:.6f}" for x in tensors[name].tolist()))
save_file({k: np.ascontiguousarray(v.numpy()) for k, v in tensors.items()}, out, metadata={"torch": torch.__version__})
