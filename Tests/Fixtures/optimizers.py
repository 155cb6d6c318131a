"""AdamW and SGD over five steps: a matrix and a table with weight decay, a vector without, rows of the table that get no gradient."""
import torch

from hashed import hashed, write

SHAPES = {"weight": (3, 5), "bias": (5,), "table": (7, 3)}
ROWS = [[1, 4, 1], [0], [4, 6], [4, 4, 4], [2, 1]]  # of the table, looked up at each step; a row may stand several times


def gradients(step):
    table = torch.zeros(SHAPES["table"])
    table.index_add_(0, torch.tensor(ROWS[step]), hashed(f"g table {step}", (len(ROWS[step]), 3)))
    return {"weight": hashed(f"g weight {step}", SHAPES["weight"]), "bias": hashed(f"g bias {step}", SHAPES["bias"]), "table": table}


def run(make, decay, clip=None):
    p = {name: torch.nn.Parameter(hashed(name, shape)) for name, shape in SHAPES.items()}
    optimizer = make([
        {"params": [p["weight"], p["table"]], "weight_decay": decay}, {"params": [p["bias"]], "weight_decay": 0.0}])
    result = {}
    for step in range(5):
        for name, g in gradients(step).items():
            p[name].grad = g
        if clip:
            norm = torch.nn.utils.clip_grad_norm_(p.values(), clip)
            result[f"norm.{step}"] = norm
        optimizer.step()
        if step in (0, 4):
            result.update({f"{name}.{step}": v.detach().clone() for name, v in p.items()})
    for name, v in p.items():
        result.update({f"{name}.{k}": s for k, s in optimizer.state[v].items() if k != "step"})
    return result


out = {}
for name, make, decay, clip in [
    ("adamw", lambda g: torch.optim.AdamW(g, lr=3e-2), 0.1, None),
    ("adamw_betas", lambda g: torch.optim.AdamW(g, lr=1e-2, betas=(0.8, 0.95), eps=1e-6), 0.3, 0.5),
    ("sgd", lambda g: torch.optim.SGD(g, lr=0.1), 0.01, None),
    ("momentum", lambda g: torch.optim.SGD(g, lr=0.1, momentum=0.9), 0.01, None),
    ("nesterov", lambda g: torch.optim.SGD(g, lr=0.1, momentum=0.9, nesterov=True), 0.01, None),
]:
    out.update({f"{name}.{k}": v for k, v in run(make, decay, clip).items()})
write("optimizers", out)
