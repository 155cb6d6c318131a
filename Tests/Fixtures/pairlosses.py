"""The sigmoid loss, three minings of triplets, the margin loss, Barlow Twins, VICReg and W-MSE, dense, in float64. Usage: python pairlosses.py"""
import math

import torch
import torch.nn.functional as F

from hashed import hashed, write

out = {}
N, D = 12, 5
LABELS = torch.tensor([i * i % 5 for i in range(N)])


def sides(name):
    return hashed(f"{name} a", (N, D)).requires_grad_(), hashed(f"{name} b", (N, D)).requires_grad_()


def record(name, loss, **inputs):
    out[name] = loss.reshape(1)
    for key, gradient in zip(inputs, torch.autograd.grad(loss, list(inputs.values()))):
        out[f"{name} d{key}"] = gradient.reshape(1) if gradient.dim() == 0 else gradient


def sigmoid(name, labels):
    """Zhai et al. 2023, arXiv:2303.15343, algorithm 1."""
    a, b = sides(name)
    scale, bias = torch.tensor(math.log(10.0)).requires_grad_(), torch.tensor(-10.0).requires_grad_()
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T * scale.exp() + bias
    signs = 2 * (labels[:, None] == labels[None]).double() - 1
    loss = -F.logsigmoid(signs * logits).sum() / N
    record(name, loss, a=a, b=b, scale=scale, bias=bias)


def euclidean(x):
    dots = x @ x.T
    squares = dots.diagonal()
    d = (squares[None] - 2 * dots + squares[:, None]).clamp(min=0)
    zero = (d == 0).double()
    return (1 - zero) * (d + zero * 1e-16).sqrt()


def triplets(name, mining, margin, distance):
    """As sentence-transformers' Batch{All,Hard,SemiHard}TripletLoss define them, by loops."""
    x = hashed(f"{name} a", (N, D)).requires_grad_()
    unit = F.normalize(x, dim=1)
    d = euclidean(x) if distance == "euclidean" else 1 - unit @ unit.T
    terms, active = [], []
    for a in range(N):
        positives = [p for p in range(N) if p != a and LABELS[p] == LABELS[a]]
        negatives = [n for n in range(N) if LABELS[n] != LABELS[a]]
        if mining == "all":
            for p in positives:
                terms += [F.relu(d[a, p] - d[a, n] + margin) for n in negatives]
        elif mining == "hard":
            hardest = max([d[a, p] for p in positives], default=torch.tensor(0.0))
            terms.append(F.relu(hardest - min(d[a, n] for n in negatives) + margin))
        else:
            for p in positives:
                beyond = [d[a, n] for n in negatives if d[a, n] > d[a, p]]
                terms.append(F.relu(d[a, p] - (min(beyond) if beyond else max(d[a, n] for n in negatives)) + margin))
    total = torch.stack(terms)
    count = (total > 0).sum() if mining == "all" else len(terms)
    record(name, total.sum() / count, a=x)


def margins(name, margin, distance):
    a, b = sides(name)
    if distance == "cosine":
        d = 1 - F.normalize(a, dim=1) @ F.normalize(b, dim=1).T
    else:
        d = torch.cdist(a, b)
    positive = LABELS[:, None] == LABELS[None]
    near = F.relu(margin - d) * ~positive
    loss = (d.square() * positive).sum() / positive.sum() / 2 + near.square().sum() / (near > 0).sum() / 2
    record(name, loss, a=a, b=b)


def sampled_softmax(name, items, counts):
    """As peers' two-tower program and TensorFlow Recommenders define it: logQ on every column, accidental hits out."""
    a, b = sides(name)
    scale = torch.tensor(math.log(10.0)).requires_grad_()
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T * scale.exp()
    if counts is not None:
        logits = logits - (counts / counts.sum()).log()[items]
    hits = (items[:, None] == items) & ~torch.eye(N, dtype=torch.bool)
    loss = F.cross_entropy(logits.masked_fill(hits, float("-inf")), torch.arange(N))
    record(name, loss, a=a, b=b, scale=scale)


def relational(name, rows):
    """RepDistiller's RKD.py: weights 25 and 50, smooth L1 over all entries."""
    a, b = hashed(f"{name} a", (rows, D)).requires_grad_(), hashed(f"{name} b", (rows, 7))

    def distances(x):
        squares = x.square().sum(1)
        d = (squares[:, None] + squares[None] - 2 * x @ x.T).clamp(min=1e-12).sqrt() * (1 - torch.eye(rows, dtype=x.dtype))
        return d / d[d > 0].mean()

    def angles(x):
        unit = F.normalize(x[None] - x[:, None], dim=2)
        return torch.bmm(unit, unit.transpose(1, 2))

    loss = 25 * F.smooth_l1_loss(distances(a), distances(b)) + 50 * F.smooth_l1_loss(angles(a), angles(b))
    record(name, loss, a=a)


def barlow_twins(name, n, d, weight):
    """facebookresearch/barlowtwins main.py: a BatchNorm1d without affine parameters, sums, the nominal batch."""
    a, b = hashed(f"{name} a", (n, d)).requires_grad_(), hashed(f"{name} b", (n, d)).requires_grad_()
    y = 0.5 * a + b
    bn = lambda x: F.batch_norm(x, None, None, training=True, eps=1e-5)
    c = bn(a).T @ bn(y) / n
    on = (torch.diagonal(c) - 1).square().sum()
    off = c.masked_fill(torch.eye(d, dtype=torch.bool), 0).square().sum()
    record(name, on + weight * off, a=a, b=b)


def vicreg(name, n, d, invariance, variance, covariance, scale=1.0):
    """facebookresearch/vicreg main_vicreg.py, VICReg.forward."""
    a, b = hashed(f"{name} a", (n, d), scale).requires_grad_(), hashed(f"{name} b", (n, d), scale).requires_grad_()
    x, y = a, 0.5 * a + b
    repr_loss = F.mse_loss(x, y)
    x, y = x - x.mean(dim=0), y - y.mean(dim=0)
    std_x, std_y = torch.sqrt(x.var(dim=0) + 0.0001), torch.sqrt(y.var(dim=0) + 0.0001)
    std_loss = torch.mean(F.relu(1 - std_x)) / 2 + torch.mean(F.relu(1 - std_y)) / 2
    cov_x, cov_y = (x.T @ x) / (n - 1), (y.T @ y) / (n - 1)
    off = lambda m: m.masked_fill(torch.eye(d, dtype=torch.bool), 0)
    cov_loss = off(cov_x).pow(2).sum() / d + off(cov_y).pow(2).sum() / d
    record(name, invariance * repr_loss + variance * std_loss + covariance * cov_loss, a=a, b=b)


sigmoid("sigmoid", torch.arange(N))
sigmoid("sigmoid labels", LABELS)
for mining in ["all", "hard", "semihard"]:
    triplets(f"triplet {mining} euclidean", mining, 0.4, "euclidean")
    triplets(f"triplet {mining} cosine", mining, 0.3, "cosine")
margins("margin cosine", 0.5, "cosine")
margins("margin euclidean", 1.0, "euclidean")
sampled_softmax("sampled softmax", LABELS, None)
sampled_softmax("sampled softmax counts", LABELS, torch.tensor([5.0, 40.0, 1.0, 7.0, 20.0], dtype=torch.float64))
sampled_softmax("sampled softmax distinct", torch.arange(N), torch.arange(1.0, N + 1, dtype=torch.float64))
relational("relational", N)
relational("relational three", 3)



def wmse(name, n, d, epsilon):
    """htdt/self-supervised methods/w_mse.py and whitening.py, Whitening2d on one sub-batch and norm_mse_loss."""
    a, b = hashed(f"{name} a", (n, d)).requires_grad_(), hashed(f"{name} b", (n, d)).requires_grad_()

    def whiten(x):
        x = x - x.mean(0)
        covariance = x.T @ x / (n - 1)
        covariance = (1 - epsilon) * covariance + epsilon * torch.eye(d)
        inverse = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance), torch.eye(d), upper=False)
        return x @ inverse.T

    x, y = F.normalize(whiten(a), dim=1), F.normalize(whiten(0.5 * a + b), dim=1)
    record(name, 2 - 2 * (x * y).sum(1).mean(), a=a, b=b)


wmse("w-mse", 24, 6, 0)
wmse("w-mse epsilon", 16, 7, 0.2)
wmse("w-mse wide", 5, 9, 0.1)
barlow_twins("barlow twins", N, D, 0.0051)
barlow_twins("barlow twins wide", 7, 24, 0.1)
barlow_twins("barlow twins of two", 2, 6, 0.1)
vicreg("vicreg", N, D, 25, 25, 1)
vicreg("vicreg wide", 7, 24, 10, 15, 2, scale=3.0)
vicreg("vicreg of two", 2, 6, 25, 25, 1)
write("pairlosses", out)
