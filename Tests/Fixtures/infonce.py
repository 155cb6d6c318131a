"""InfoNCE in all its settings, dense, in float64. Usage: python infonce.py"""
import math

import torch
import torch.nn.functional as F

from hashed import hashed, write

out = {}


def one_way(s, positive, counted, decoupled=False, beta=0.0, smoothing=0.0, tau_plus=0.0, scale=None, weights=1.0):
    negative = counted & ~positive
    ninf = torch.tensor(-math.inf)
    logp = s.where(positive, ninf).logsumexp(1)
    logn = (s * (1 + beta)).where(negative, ninf).logsumexp(1)
    if beta:  # Robinson's: sum(imp neg) / mean(imp), imp = neg^beta
        logn = logn - (s * beta).where(negative, ninf).logsumexp(1) + negative.sum(1).log()
    if tau_plus:  # Chuang's estimator, with the mean over positives where there are several; as in main.py, Ng and clamp
        p, r, count = logp.exp(), logn.exp(), negative.sum(1)
        g = (r - tau_plus * count * p / positive.sum(1)) / (1 - tau_plus)
        logn = torch.maximum(g, count * (-scale).exp()).log()
    z = logn if decoupled else torch.logaddexp(logp, logn)
    mean_positive = (s * positive).sum(1) / positive.sum(1)
    mean_all = (s * counted).sum(1) / counted.sum(1)
    loss = z - (1 - smoothing) * weights * mean_positive - smoothing * mean_all
    return loss[positive.sum(1) > 0].mean()


def infonce(name, n, d, similarity="cosine", t=0.07, symmetric=True, labels=None, views=False, scale=1.0, sigma=None, near=0.0,
            **options):
    a = hashed(f"{name} a", (n, d), scale).requires_grad_()
    b = hashed(f"{name} b", (n, d), scale)
    b = (near * a.detach() + b if near else b).requires_grad_()
    log_scale = torch.tensor(math.log(1 / t)).requires_grad_()
    x, y = (torch.cat([a, b]),) * 2 if views else (a, b)
    if options.get("tau_plus"):
        options["scale"] = log_scale.exp()
    if sigma:  # lightly's negative_mises_fisher_weights, detached
        own = (F.normalize(a, dim=1) * F.normalize(b, dim=1)).sum(1).detach() / sigma
        options["weights"] = (2 - n * F.softmax(own, dim=0)).repeat(2 if views else 1)
    m = len(x)
    ids = torch.arange(n) if labels is None else torch.tensor([labels(i) for i in range(n)])
    ids = torch.cat([ids, ids]) if views else ids
    counted = torch.ones(m, m, dtype=torch.bool)
    if views:
        counted.fill_diagonal_(False)
    if similarity == "cosine":
        x, y = F.normalize(x, dim=1), F.normalize(y, dim=1)
    s = -torch.cdist(x, y).square() if similarity == "euclidean" else x @ y.T
    s = s * log_scale.exp()
    positive = (ids[:, None] == ids[None]) & counted
    loss = one_way(s, positive, counted, **options)
    if symmetric and not views:
        loss = (loss + one_way(s.T, positive.T, counted.T, **options)) / 2
    loss.backward()
    out.update({name: loss.reshape(1), f"{name} da": a.grad, f"{name} db": b.grad, f"{name} dscale": log_scale.grad.reshape(1)})


def with_negatives(name, n, k, d, t, symmetric, labels=None):
    """sentence-transformers' MultipleNegativesRankingLoss: candidate columns [positives; negatives]."""
    a, b, c = (hashed(f"{name} {side}", (rows, d)).requires_grad_() for side, rows in (("a", n), ("b", n), ("c", k)))
    log_scale = torch.tensor(math.log(1 / t)).requires_grad_()
    s = F.normalize(a, dim=1) @ F.normalize(torch.cat([b, c]), dim=1).T * log_scale.exp()
    ids = torch.arange(n) if labels is None else torch.tensor([labels(i) for i in range(n)])
    own = ids[:, None] == ids[None]
    positive = torch.cat([own, torch.zeros(n, k, dtype=torch.bool)], 1)
    loss = one_way(s, positive, torch.ones_like(positive))
    if symmetric:
        loss = (loss + one_way(s[:, :n].T, own.T, torch.ones_like(own))) / 2
    loss.backward()
    out.update({name: loss.reshape(1), f"{name} dscale": log_scale.grad.reshape(1)})
    out.update({f"{name} d{side}": x.grad for side, x in (("a", a), ("b", b), ("c", c))})


with_negatives("negatives", 13, 13, 8, 0.05, False)
with_negatives("negatives symmetric", 13, 5, 8, 0.2, True)
with_negatives("negatives labels", 13, 5, 8, 0.2, True, labels=lambda i: i * i % 7)
with_negatives("negatives of one", 1, 1, 8, 0.2, True)
infonce("clip", 37, 8)
infonce("clip wide", 130, 5, t=0.2)
infonce("one way", 37, 8, symmetric=False)
infonce("dot product", 37, 8, similarity="dotProduct", t=0.5)
infonce("euclidean", 37, 8, similarity="euclidean", t=0.5)
infonce("labels", 37, 8, labels=lambda i: i * i % 7)
infonce("nt-xent", 21, 8, t=0.5, views=True)
infonce("supcon", 21, 8, t=0.1, views=True, labels=lambda i: i % 5)
infonce("decoupled", 37, 8, decoupled=True)
infonce("decoupled views", 21, 8, t=0.1, decoupled=True, views=True)
infonce("hard", 37, 8, t=0.5, beta=1.0)
infonce("hard decoupled", 21, 8, t=0.5, beta=0.5, decoupled=True, views=True)
infonce("smoothed", 37, 8, smoothing=0.1)
infonce("everything", 70, 6, similarity="euclidean", t=0.7, labels=lambda i: i % 9, beta=0.3, smoothing=0.2)
infonce("decoupled weighted", 37, 8, t=0.2, decoupled=True, sigma=0.5)
infonce("decoupled weighted views", 21, 8, t=0.1, decoupled=True, sigma=0.5, views=True)
infonce("weighted", 37, 8, t=0.2, sigma=0.3, labels=lambda i: i * i % 7)
infonce("debiased", 37, 8, t=0.5, tau_plus=0.1)
infonce("debiased views", 21, 8, t=0.5, tau_plus=0.1, views=True)
infonce("debiased near", 37, 8, t=0.2, tau_plus=0.3, near=1.0)  # some rows are at the least denominator
infonce("debiased labels", 37, 8, t=0.5, tau_plus=0.2, labels=lambda i: i * i % 7)
infonce("debiased decoupled", 37, 8, t=0.2, tau_plus=0.1, near=1.0, decoupled=True)
infonce("debiased hard", 21, 8, t=0.5, tau_plus=0.1, beta=1.0, views=True)
infonce("debiased hard near", 37, 8, t=0.2, tau_plus=0.3, beta=0.5, near=1.0)
infonce("debiased of two", 2, 8, t=0.5, tau_plus=0.1, views=True)
# The authors' program (chingyaoc/DCL main.py, criterion), which knows no labels.
a, b, t, tau = hashed("debiased views a", (21, 8)), hashed("debiased views b", (21, 8)), 0.5, 0.1
z = F.normalize(torch.cat([a, b]), dim=1)
neg = torch.exp(z @ z.T / t)
keep = ~torch.eye(21, dtype=torch.bool).repeat(2, 2)
neg = neg.masked_select(keep).view(42, -1)
pos = torch.exp((z[:21] * z[21:]).sum(1) / t).repeat(2)
count = 21 * 2 - 2
ng = torch.clamp((-tau * count * pos + neg.sum(-1)) / (1 - tau), min=count * math.e ** (-1 / t))
assert abs((-torch.log(pos / (pos + ng))).mean() - out["debiased views"]) < 1e-12
imp = hashed("debiased hard a", (21, 8)), hashed("debiased hard b", (21, 8))
z = F.normalize(torch.cat(imp), dim=1)
neg = torch.exp(z @ z.T / t).masked_select(keep).view(42, -1)
pos = torch.exp((z[:21] * z[21:]).sum(1) / t).repeat(2)
reweighted = (neg * neg).sum(-1) / neg.mean(-1)  # joshr17/HCL, beta 1
ng = torch.clamp((-tau * count * pos + reweighted) / (1 - tau), min=count * math.e ** (-1 / t))
assert abs((-torch.log(pos / (pos + ng))).mean() - out["debiased hard"]) < 1e-12
# PyTorch's own cross-entropy, as CLIP is written everywhere
a, b = hashed("clip a", (37, 8)), hashed("clip b", (37, 8))
s = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / 0.07
plain = (F.cross_entropy(s, torch.arange(37)) + F.cross_entropy(s.T, torch.arange(37))) / 2
assert abs(plain - out["clip"]) < 1e-12
smoothed = sum(F.cross_entropy(x, torch.arange(37), label_smoothing=0.1) for x in
               (lambda s: (s, s.T))(F.normalize(hashed("smoothed a", (37, 8)), dim=1) @ F.normalize(hashed("smoothed b", (37, 8)), dim=1).T / 0.07)) / 2
assert abs(smoothed - out["smoothed"]) < 1e-12
write("infonce", out)
