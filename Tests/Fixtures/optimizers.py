"""AdamW and SGD over five steps, LARS, LAMB and Lion over ten: a matrix and a table with weight decay, a vector without, rows of the table that get no gradient."""
import torch

from hashed import hashed, write

SHAPES = {"weight": (3, 5), "bias": (5,), "table": (7, 3)}
ROWS = [[1, 4, 1], [0], [4, 6], [4, 4, 4], [2, 1]]  # of the table, looked up at each step; a row may stand several times


def gradients(step):
    table = torch.zeros(SHAPES["table"])
    table.index_add_(0, torch.tensor(ROWS[step % 5]), hashed(f"g table {step}", (len(ROWS[step % 5]), 3)))
    return {"weight": hashed(f"g weight {step}", SHAPES["weight"]), "bias": hashed(f"g bias {step}", SHAPES["bias"]), "table": table}


class LARS(torch.optim.Optimizer):
    """facebookresearch/moco-v3 and barlowtwins: form A, decay inside the norm, the rate outside the momentum."""

    def __init__(self, groups, lr, momentum=0.9, trust=0.001):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "momentum": momentum, "trust": trust})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                dp = p.grad
                if p.ndim > 1:
                    dp = dp.add(p, alpha=group["weight_decay"])
                    pn, un, one = p.norm(), dp.norm(), torch.ones(())
                    dp = dp.mul(torch.where(pn > 0, torch.where(un > 0, group["trust"] * pn / un, one), one))
                state = self.state[p]
                mu = state.setdefault("momentum_buffer", torch.zeros_like(p))
                mu.mul_(group["momentum"]).add_(dp)
                p.add_(mu, alpha=-group["lr"])


class LAMB(torch.optim.Optimizer):
    """arXiv:1904.00962, algorithm 2, as timm's lamb.py without its clipping."""

    def __init__(self, groups, lr, betas=(0.9, 0.999), eps=1e-6):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            group["step"] = group.get("step", 0) + 1
            for p in group["params"]:
                state = self.state[p]
                m = state.setdefault("exp_avg", torch.zeros_like(p))
                v = state.setdefault("exp_avg_sq", torch.zeros_like(p))
                m.lerp_(p.grad, 1 - b1)
                v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                update = (m / (1 - b1 ** group["step"])) / ((v / (1 - b2 ** group["step"])).sqrt() + group["eps"])
                if group["weight_decay"] != 0:
                    update = update + group["weight_decay"] * p
                    w, u = p.norm(), update.norm()
                    if w > 0 and u > 0:
                        update = update * (w / u)
                p.add_(update, alpha=-group["lr"])


class Lion(torch.optim.Optimizer):
    """google/automl lion_pytorch.py."""

    def __init__(self, groups, lr, betas=(0.9, 0.99)):
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "betas": betas})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(m * b1 + p.grad * (1 - b1)), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


def run(make, decay, clip=None, steps=5):
    p = {name: torch.nn.Parameter(hashed(name, shape)) for name, shape in SHAPES.items()}
    optimizer = make([
        {"params": [p["weight"], p["table"]], "weight_decay": decay}, {"params": [p["bias"]], "weight_decay": 0.0}])
    result = {}
    for step in range(steps):
        for name, g in gradients(step).items():
            p[name].grad = g
        if clip:
            norm = torch.nn.utils.clip_grad_norm_(p.values(), clip)
            result[f"norm.{step}"] = norm
        optimizer.step()
        if step in (0, steps - 1):
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
for name, make, decay in [
    ("lars", lambda g: LARS(g, lr=2.0, trust=0.02), 0.05),
    ("lamb", lambda g: LAMB(g, lr=1e-2, betas=(0.8, 0.95)), 0.1),
    ("lion", lambda g: Lion(g, lr=1e-2), 0.5),
]:
    out.update({f"{name}.{k}": v for k, v in run(make, decay, steps=10).items()})
write("optimizers", out)
