"""scikit-learn's probes, k-means and few-label curves on arrays made by hash: what Tests/EvaluationTests/Probes compares."""
import numpy as np
import scipy.stats
import sklearn
import torch
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, normalized_mutual_info_score, r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from hashed import hashed, write

N, D, K = 1200, 24, 6


def samples(name, count, spread):
    """Classes of unequal sizes, 0 with about a third of all, around hashed centers."""
    y = np.array([(n * n // 3) % 13 % K for n in range(count)])
    x = hashed(f"{name}.x", (count, D)).numpy() + spread * hashed("probes.centers", (K, D)).numpy()[y]
    return x, y


out = {}


def tensor(value):
    return torch.from_numpy(np.asarray(value))


x, y = samples("probes.training", N, 0.6)
q, truth = samples("probes.test", 800, 0.6)
scaler = StandardScaler().fit(x)
z, zq = scaler.transform(x), scaler.transform(q)
weights = 0.25 + np.arange(N) % 4


def fit(z, y, **options):
    return LogisticRegression(tol=1e-10, max_iter=20000, **options).fit(z, y)


def objective(p, z, y, c, w=None):
    logits = p.decision_function(z)
    if logits.ndim == 1:
        loss = np.logaddexp(0, np.where(y == p.classes_[1], -logits, logits))
    else:
        at = np.searchsorted(p.classes_, y)
        loss = scipy.special.logsumexp(logits, axis=1) - logits[np.arange(len(y)), at]
    return 0.5 * (p.coef_**2).sum() + c * (loss * (1 if w is None else w)).sum()


for name, p, c, w in [
    ("plain", fit(z, y), 1, None),
    ("strong", fit(z, y, C=0.01), 0.01, None),
    ("balanced", fit(z, y, class_weight="balanced"), 1, N / (K * np.bincount(y))[y]),
]:
    out |= {f"{name}.weight": tensor(p.coef_), f"{name}.bias": tensor(p.intercept_),
            f"{name}.objective": tensor([objective(p, z, y, c, w)]),
            f"{name}.accuracy": tensor([p.score(zq, truth)])}
p = LogisticRegression(tol=1e-10, max_iter=20000, class_weight={k: 1.0 + k for k in range(K)}).fit(z, y, weights)
out |= {"weighted.weight": tensor(p.coef_), "weighted.bias": tensor(p.intercept_)}
# Two classes, and a class without samples.
two = fit(z, y % 2)
out |= {"two.weight": tensor(two.coef_[0]), "two.bias": tensor(two.intercept_),
        "two.objective": tensor([objective(two, z, y % 2, 1)])}
kept = y != 3
part = StandardScaler().fit(x[kept])
absent = fit(part.transform(x[kept]), y[kept])
out |= {"absent.weight": tensor(absent.coef_), "absent.predicted": tensor(absent.predict(part.transform(q)))}

# C on given validation rows: every fifth.
validation = np.arange(N) % 5 == 0
part = StandardScaler().fit(x[~validation])
strengths = 10.0 ** np.arange(-4, 5)
out["strength.accuracy"] = tensor([
    fit(part.transform(x[~validation]), y[~validation], C=c).score(part.transform(x[validation]), y[validation])
    for c in strengths])

# Numbers: of two features and noise.
target = 3 + x[:, 0] - 2 * x[:, 5] + 0.5 * hashed("probes.noise", (N,)).numpy()
target_q = 3 + q[:, 0] - 2 * q[:, 5] + 0.5 * hashed("probes.noise.test", (800,)).numpy()
for alpha in [1.0, 300.0]:
    ridge = Ridge(alpha=alpha, solver="cholesky").fit(z, target)
    predicted = ridge.predict(zq)
    out |= {f"ridge.{alpha:g}.weight": tensor(ridge.coef_), f"ridge.{alpha:g}.bias": tensor([ridge.intercept_]),
            f"ridge.{alpha:g}.metrics": tensor([r2_score(target_q, predicted), mean_absolute_error(target_q, predicted)])}
near = KNeighborsRegressor(20, metric="cosine", algorithm="brute").fit(x, target)
out["neighbors.predicted"] = tensor(near.predict(q))

# A curve over given draws: a loop in Python.
random = np.random.default_rng(0)
for fraction in [0.02, 0.1]:
    rows, probe_scores, neighbor_scores = [], [], []
    for draw in range(5):
        r = np.sort(np.concatenate([
            random.choice(np.flatnonzero(y == k), max(1, round(fraction * (y == k).sum())), replace=False) for k in range(K)]))
        s = StandardScaler().fit(x[r])
        probe_scores.append(fit(s.transform(x[r]), y[r]).score(s.transform(q), truth))
        a = q / np.linalg.norm(q, axis=1, keepdims=True)
        b = x[r] / np.linalg.norm(x[r], axis=1, keepdims=True)
        sims = a @ b.T
        top = np.argsort(-sims, axis=1, kind="stable")[:, :20]
        votes = np.zeros((len(q), K))
        np.add.at(votes, (np.arange(len(q))[:, None], y[r][top]), np.exp(np.take_along_axis(sims, top, 1) / 0.1))
        neighbor_scores.append((votes.argmax(1) == truth).mean())
        rows.append(r)
    out[f"curve.{fraction:g}.rows"] = tensor(np.stack(rows))
    for name, scores in [("probe", probe_scores), ("neighbors", neighbor_scores)]:
        half = scipy.stats.t.ppf(0.975, 4) * np.std(scores, ddof=1) / np.sqrt(5)
        out[f"curve.{fraction:g}.{name}"] = tensor([*scores, np.mean(scores), np.std(scores, ddof=1), half])
out["t"] = tensor([scipy.stats.t.ppf(0.975, n) for n in [1, 2, 4, 9, 29, 200]])

# k-means of a mixture of groups that overlap.
g = np.arange(2400) % 12
points = hashed("kmeans.noise", (2400, 16)).numpy() + 0.75 * hashed("kmeans.centers", (12, 16)).numpy()[g]
fits = [KMeans(12, n_init=1, init="k-means++", algorithm="lloyd", random_state=seed).fit(points) for seed in range(10)]
out["kmeans.nmi"] = tensor([normalized_mutual_info_score(g, f.labels_) for f in fits])
out["kmeans.inertia"] = tensor([f.inertia_ for f in fits])

write("probes", out)
for key in ["plain.accuracy", "strength.accuracy", "ridge.1.metrics", "curve.0.02.probe", "curve.0.1.neighbors", "kmeans.nmi"]:
    print(key, out[key].numpy())
print("scikit-learn", sklearn.__version__)
