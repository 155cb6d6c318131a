"""Ten steps of SGD of MoCo, BYOL, SimSiam, NNCLR, SwAV and DINO on a small network, in float64. Usage: python views.py

The methods are written as their papers say: MoCo (arXiv:1911.05722, algorithm 1), BYOL (2006.07733), SimSiam (2011.10566, algorithm 1).
BYOL's and SimSiam's losses are in the scale of CosineLoss: mean of 1 - cos over both ways.
"""
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from hashed import fill, hashed, write

STEPS, N, INPUTS, WIDTH, HIDDEN, D, QUEUE = 10, 8, 6, 12, 10, 5, 20
RATE, MOMENTUM = 0.05, 0.9
PROTOTYPES = 7
out = {}


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(INPUTS, WIDTH), nn.BatchNorm1d(WIDTH)

    def forward(self, x):
        return F.relu(self.norm(self.linear(x)))


class Head(nn.Module):
    """ProjectionHead: linear layers and norms by number."""

    def __init__(self, inputs, hidden, outputs, norm, layers=2, biases=True):
        super().__init__()
        sizes = [inputs] + [hidden] * (layers - 1) + [outputs]
        count = {"none": 0, "hidden": layers - 1}.get(norm, layers)
        self.linears = nn.ModuleList(
            [nn.Linear(sizes[i], sizes[i + 1], bias=biases and i >= count) for i in range(layers)])
        self.norms = nn.ModuleList(
            [nn.BatchNorm1d(sizes[i + 1], affine=norm != "all_but_last_affine" or i < layers - 1) for i in range(count)])

    def forward(self, x):
        for i, linear in enumerate(self.linears):
            x = linear(x)
            x = self.norms[i](x) if i < len(self.norms) else x
            x = F.relu(x) if i < len(self.linears) - 1 else x
        return x


class Projected(nn.Module):
    def __init__(self, norm, layers=2):
        super().__init__()
        self.encoder, self.head = Encoder(), Head(WIDTH, HIDDEN, D, norm, layers)

    def forward(self, x):
        return self.head(self.encoder(x))


def views(step):
    return hashed(f"first {step}", (N, INPUTS)), hashed(f"second {step}", (N, INPUTS))


def record(name, online, predictor, target=None, queue=None):
    for key, value in online.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            out[f"{name} {key}"] = value
    if predictor is not None:
        for key, value in predictor.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                out[f"{name} predictor.{key}"] = value
    if target is not None:
        for key, value in target.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                out[f"{name} target.{key}"] = value
    if queue is not None:
        out[f"{name} queue"] = queue


def optimizer(*modules):
    return torch.optim.SGD([p for m in modules for p in m.parameters()], lr=RATE, momentum=MOMENTUM)


@torch.no_grad()
def follow(target, online, m):
    for t, o in zip(target.parameters(), online.parameters()):
        t.mul_(m).add_((1 - m) * o)


def moco(queue):
    online = Projected("none")
    fill(online, "moco ")
    target = copy.deepcopy(online)
    sgd, queue, head, losses = optimizer(online), queue.clone(), 0, []
    for step in range(STEPS):
        a, b = views(step)
        q = F.normalize(online(a), dim=1)
        with torch.no_grad():
            k = F.normalize(target(b), dim=1)
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.T], 1) / 0.2
        loss = F.cross_entropy(logits, torch.zeros(N, dtype=torch.long))
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        follow(target, online, 0.9)
        for row in k:
            queue[head] = row
            head = (head + 1) % QUEUE
        losses.append(loss.detach())
    out["moco losses"] = torch.stack(losses)
    record("moco", online, None, target, queue)


def moco_v3():
    """facebookresearch/moco-v3 builder.py, its ResNet's heads; the loss without the factor 4 T."""
    online, predictor = Projected("all_but_last_affine"), Head(D, HIDDEN, D, "hidden", biases=False)
    fill(online, "moco_v3 ")
    fill(predictor, "moco_v3 predictor.")
    target = copy.deepcopy(online)
    sgd, losses = optimizer(online, predictor), []

    def contrast(q, k):
        logits = F.normalize(q, dim=1) @ F.normalize(k, dim=1).T / 0.2
        return F.cross_entropy(logits, torch.arange(N))

    for step in range(STEPS):
        a, b = views(step)
        qa, qb = predictor(online(a)), predictor(online(b))
        with torch.no_grad():
            ka, kb = target(a), target(b)
        loss = (contrast(qa, kb) + contrast(qb, ka)) / 2
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        follow(target, online, 1 - (1 - 0.9) * (1 + math.cos(math.pi * step / STEPS)) / 2)
        losses.append(loss.detach())
    out["moco_v3 losses"] = torch.stack(losses)
    record("moco_v3", online, predictor, target)


def nnclr(queue):
    """solo-learn nnclr.py and losses/nnclr.py: neighbors are queries, view 1 alone is enqueued."""
    online, predictor = Projected("all", layers=3), Head(D, HIDDEN, D, "hidden")
    fill(online, "nnclr ")
    fill(predictor, "nnclr predictor.")
    sgd, queue, head, losses = optimizer(online, predictor), queue.clone(), 0, []
    for step in range(STEPS):
        a, b = views(step)
        za, zb = online(a), online(b)
        pa, pb = F.normalize(predictor(za), dim=1), F.normalize(predictor(zb), dim=1)
        with torch.no_grad():
            ua, ub = F.normalize(za, dim=1), F.normalize(zb, dim=1)
            na, nb = queue[(ua @ queue.T).argmax(1)], queue[(ub @ queue.T).argmax(1)]
        loss = (F.cross_entropy(na @ pb.T / 0.2, torch.arange(N)) + F.cross_entropy(nb @ pa.T / 0.2, torch.arange(N))) / 2
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        for row in ua:
            queue[head] = row
            head = (head + 1) % QUEUE
        losses.append(loss.detach())
    out["nnclr losses"] = torch.stack(losses)
    record("nnclr", online, predictor, None, queue)


@torch.no_grad()
def sinkhorn(scores, epsilon):
    """facebookresearch/swav main_swav.py, distributed_sinkhorn on one process."""
    q = torch.exp(scores / epsilon).t()
    k, b = q.shape
    q /= q.sum()
    for _ in range(3):
        q /= q.sum(dim=1, keepdim=True)
        q /= k
        q /= q.sum(dim=0, keepdim=True)
        q /= b
    return (q * b).t()


def local_views(step, count):
    return [hashed(f"local {v} {step}", (N, INPUTS)) for v in range(count)]


def swav(name, queue_rows, frozen, local=0):
    """main_swav.py's train: normalized prototypes, queues once full, gradients of prototypes dropped."""
    online = Projected("hidden")
    fill(online, f"{name} ")
    prototypes = nn.Parameter(hashed(f"{name} prototypes.weight", (PROTOTYPES, D)))
    sgd = torch.optim.SGD([*online.parameters(), prototypes], lr=RATE, momentum=MOMENTUM)
    queues, losses = [[], []], []
    for step in range(STEPS):
        with torch.no_grad():
            prototypes.copy_(F.normalize(prototypes, dim=1))
        z = [F.normalize(online(x), dim=1) for x in views(step)]
        if local:  # crops of one size in one pass
            z += F.normalize(online(torch.cat(local_views(step, local))), dim=1).chunk(local)
        scores = [x @ prototypes.T for x in z]
        loss = 0
        for crop in range(2):
            with torch.no_grad():
                s = scores[crop].detach()
                if queue_rows and len(queues[crop]) >= queue_rows:
                    s = torch.cat([torch.stack(queues[crop][-queue_rows:]) @ prototypes.T, s])
                q = sinkhorn(s, 0.05)[-N:]
                queues[crop] += list(z[crop].detach())
            others = [s for v, s in enumerate(scores) if v != crop]
            loss -= sum((q * F.log_softmax(s / 0.1, dim=1)).sum(1).mean() for s in others) / len(others) / 2
        sgd.zero_grad()
        loss.backward()
        if step < frozen:
            prototypes.grad = None
        sgd.step()
        losses.append(loss.detach())
    out[f"{name} losses"] = torch.stack(losses)
    record(name, online, None)
    out[f"{name} prototypes.weight"] = F.normalize(prototypes, dim=1)


class DINOHead(nn.Module):
    """facebookresearch/dino vision_transformer.py, without batch normalization."""

    def __init__(self):
        super().__init__()
        self.linears = nn.ModuleList([nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, D)])
        self.prototypes = torch.nn.utils.weight_norm(nn.Linear(D, PROTOTYPES, bias=False))

    def forward(self, x):
        for linear in self.linears[:2]:
            x = F.gelu(linear(x))
        return self.prototypes(F.normalize(self.linears[2](x), dim=-1, p=2))


class DINONetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = Encoder(), DINOHead()

    def forward(self, x):
        return self.head(self.encoder(x))


def dino(name, local, frozen):
    """main_dino.py's train_one_epoch and DINOLoss; a pass for each of the two large crops."""
    student = DINONetwork()
    fill(student, f"{name} ")
    student.head.prototypes.weight_g.data.fill_(1)
    student.head.prototypes.weight_g.requires_grad = False
    teacher = DINONetwork()
    teacher.load_state_dict(student.state_dict())
    for p in teacher.parameters():
        p.requires_grad = False
    sgd = torch.optim.SGD([p for p in student.parameters() if p.requires_grad], lr=RATE, momentum=MOMENTUM)
    center, losses = torch.zeros(1, PROTOTYPES, dtype=torch.float64), []
    for step in range(STEPS):
        crops = views(step)
        with torch.no_grad():
            targets = [teacher(x) for x in crops]
        outputs = [student(x) for x in crops]
        if local:
            outputs += student(torch.cat(local_views(step, local))).chunk(local)
        temperature = 0.04 + (0.07 - 0.04) * min(1, step / STEPS / 0.5)
        total, terms = 0, 0
        for i, t in enumerate(targets):
            q = F.softmax((t - center) / temperature, dim=-1).detach()
            for v, s in enumerate(outputs):
                if v != i:
                    total, terms = total + (-q * F.log_softmax(s / 0.1, dim=-1)).sum(-1).mean(), terms + 1
        loss = total / terms
        center = center * 0.9 + torch.cat(targets).mean(0, keepdim=True) * (1 - 0.9)
        sgd.zero_grad()
        loss.backward()
        if step < frozen:
            student.head.prototypes.weight_v.grad = None
        sgd.step()
        follow(teacher, student, 1 - (1 - 0.9) * (1 + math.cos(math.pi * step / STEPS)) / 2)
        losses.append(loss.detach())
    out[f"{name} losses"] = torch.stack(losses)
    record(name, student, None, teacher)
    out[f"{name} center"] = center


def cosine(p, z):
    return (1 - (F.normalize(p, dim=1) * F.normalize(z, dim=1)).sum(1)).mean()


def byol():
    online, predictor = Projected("hidden"), Head(D, HIDDEN, D, "hidden")
    fill(online, "byol ")
    fill(predictor, "byol predictor.")
    target = copy.deepcopy(online)
    sgd, losses = optimizer(online, predictor), []
    for step in range(STEPS):
        a, b = views(step)
        za, zb = online(a), online(b)
        with torch.no_grad():
            ta, tb = target(a), target(b)
        loss = (cosine(predictor(za), tb) + cosine(predictor(zb), ta)) / 2
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        follow(target, online, 1 - (1 - 0.9) * (1 + math.cos(math.pi * step / STEPS)) / 2)
        losses.append(loss.detach())
    out["byol losses"] = torch.stack(losses)
    record("byol", online, predictor, target)


def simsiam():
    online, predictor = Projected("hidden"), Head(D, HIDDEN, D, "hidden")
    fill(online, "simsiam ")
    fill(predictor, "simsiam predictor.")
    sgd, losses = optimizer(online, predictor), []
    for step in range(STEPS):
        a, b = views(step)
        za, zb = online(a), online(b)
        loss = (cosine(predictor(za), zb.detach()) + cosine(predictor(zb), za.detach())) / 2
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.detach())
    out["simsiam losses"] = torch.stack(losses)
    record("simsiam", online, predictor)


moco(F.normalize(hashed("moco queue", (QUEUE, D)), dim=1))
byol()
simsiam()
moco_v3()
nnclr(F.normalize(hashed("nnclr queue", (QUEUE, D)), dim=1))
swav("swav", 0, 0)
swav("swav queue", 20, 3)
swav("swav local", 0, 0, local=3)
dino("dino", 0, 0)
dino("dino local", 3, 4)
write("views", out)
