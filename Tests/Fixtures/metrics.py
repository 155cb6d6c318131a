"""scikit-learn's metrics on arrays with ties, absent classes, weights and empty predictions; loops where it has none."""
import itertools
import warnings

import numpy as np
import scipy
import sklearn
import torch
from scipy.optimize import brentq, linear_sum_assignment
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.neighbors import NearestNeighbors

from hashed import hashed, write

warnings.simplefilter("ignore")
out = {}


def put(name, value):
    out[name] = torch.as_tensor(np.asarray(value, dtype=np.float64))


def integers(name, count, below):
    """Class numbers from hashed values, as Tests/EvaluationTests/MetricsFixture.swift makes them."""
    return np.floor((hashed(name, (count,)).numpy() + 1) / 2 * below).astype(int).clip(0, below - 1)


def weights(name, count):
    """In 0 ... 2, every fifth 0."""
    w = hashed(name, (count,)).numpy() + 1
    w[::5] = 0
    return w


# -- Classes: of six, class 4 is never true, class 5 never predicted, class 3 neither.
def classes(count):
    truth, predicted = integers("truth", count, 6), integers("predicted", count, 6)
    predicted = np.where(hashed("agree", (count,)).numpy() > 0, truth, predicted)
    truth[truth == 3], predicted[predicted == 3] = 0, 1
    truth[truth == 4] = 2
    predicted[predicted == 5] = 0
    return truth, predicted


truth, predicted = classes(97)
w = weights("weights", 97)
labels = np.arange(6)


def put_classes(name, truth, predicted, w=None):
    put(f"{name}.accuracy", metrics.accuracy_score(truth, predicted, sample_weight=w))
    put(f"{name}.balanced", metrics.balanced_accuracy_score(truth, predicted, sample_weight=w))
    for average in ["macro", "weighted", "micro"]:
        p, r, f, _ = metrics.precision_recall_fscore_support(truth, predicted, average=average, sample_weight=w)
        put(f"{name}.{average}", [p, r, f])
    p, r, f, s = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, average=None, sample_weight=w, zero_division=np.nan)
    c = metrics.multilabel_confusion_matrix(truth, predicted, labels=labels, sample_weight=w)
    specificity = c[:, 0, 0] / (c[:, 0, 0] + c[:, 0, 1])
    put(f"{name}.per_class", np.nan_to_num(np.stack([p, r, f, specificity, s]), nan=-1))


put_classes("classes", truth, predicted)
put_classes("weighted", truth, predicted, w)
put_classes("one", np.full(5, 2), np.full(5, 2))
put_classes("wrong", np.full(5, 2), np.full(5, 1))

# -- Scores with ties: eighths, so that many are equal.
scores = np.round(hashed("scores", (97,)).numpy() * 8) / 8
positive = hashed("positive", (97,)).numpy() + 0.4 * scores > 0.3
put("auroc", metrics.roc_auc_score(positive, scores))
put("auroc.weighted", metrics.roc_auc_score(positive, scores, sample_weight=w))
put("ap", metrics.average_precision_score(positive, scores))
put("ap.weighted", metrics.average_precision_score(positive, scores, sample_weight=w))
put("ap.all", metrics.average_precision_score(np.ones(97), scores))
fpr, tpr, thresholds = metrics.roc_curve(positive, scores, drop_intermediate=False)
put("roc", np.stack([fpr[1:], tpr[1:], thresholds[1:]]))


# -- Probabilities: float32 values, as Swift has them; class 3 is true for none.
def probabilities(logits):
    return torch.from_numpy(logits).softmax(1).float().double().numpy()


logits = (hashed("logits", (97, 5)) * 4).float().double().numpy()
logits[np.arange(97), np.where(truth == 5, 3, truth)] += 1.5
logits[:, 3] -= 1  # ties: rows of the same logits
logits[40:60] = logits[:20]
logits = logits.astype(np.float32).astype(np.float64)
p = probabilities(logits)
y = np.where(truth == 5, 4, truth)
out["logits"], out["p"] = torch.from_numpy(logits), torch.from_numpy(p)
out["y"] = torch.from_numpy(y)


def put_probabilities(name, y, p, w=None):
    k = p.shape[1]
    put(f"{name}.log_loss", metrics.log_loss(y, p, labels=np.arange(k), sample_weight=w))
    put(f"{name}.brier", metrics.brier_score_loss(y, p if k > 2 else p[:, 1], labels=np.arange(k), sample_weight=w))
    present = [c for c in range(k) if 0 < (y == c).sum() < len(y)]
    put(f"{name}.auroc", [metrics.roc_auc_score(y == c, p[:, c], sample_weight=w) if c in present else -1 for c in range(k)])
    put(f"{name}.ap", [
        metrics.average_precision_score(y == c, p[:, c], sample_weight=w) if (y == c).any() else -1 for c in range(k)])
    # Guo et al., eq. 3 and 5: (lower, upper] bins of the highest probability.
    confidence, hit = p.max(1), p.argmax(1) == y
    weight = np.ones(len(y)) if w is None else w
    bins = 15
    edges = np.arange(bins + 1) / bins
    ece, table = 0.0, []
    for m in range(bins):
        inside = (confidence > edges[m]) & (confidence <= edges[m + 1]) if m else confidence <= edges[1]
        total = weight[inside].sum()
        if total == 0:
            table.append([0, -1, -1])
            continue
        a, c = (weight * hit)[inside].sum() / total, (weight * confidence)[inside].sum() / total
        ece += total / weight.sum() * abs(a - c)
        table.append([total, a, c])
    put(f"{name}.ece", ece)
    put(f"{name}.bins", table)
    if w is None:  # scikit-learn's curve of the same bins, without empty ones
        a, c = calibration_curve(hit, confidence, n_bins=bins)
        kept = np.array([row for row in table if row[0] > 0])
        assert np.allclose(kept[:, 1], a) and np.allclose(kept[:, 2], c)


put_probabilities("probabilities", y, p)
put_probabilities("probabilities.weighted", y, p, w)
put("probabilities.macro", np.mean([metrics.roc_auc_score(y == c, p[:, c]) for c in [0, 1, 2, 4]]))
kept = [0, 1, 2, 4]
restricted = p[:, kept] / p[:, kept].sum(1, keepdims=True)
three = (y != 4) & (y != 3)
assert np.isclose(
    metrics.roc_auc_score(np.searchsorted(kept, y), restricted, multi_class="ovr"),
    np.mean([metrics.roc_auc_score(y == c, restricted[:, i]) for i, c in enumerate(kept)]))
two = probabilities(logits[:, :2])
out["two"] = torch.from_numpy(two)
put_probabilities("two", (y > 0).astype(int), two)
sure = np.array([[1.0, 0, 0], [0, 0, 1], [0.5, 0.5, 0], [0.25, 0.25, 0.5]])
out["sure"] = torch.from_numpy(sure)
put_probabilities("sure", np.array([0, 1, 1, 2]), sure)


# -- Temperature: the root of the derivative by 1 / T.
def temperature(z, y, w):
    def slope(b):
        q = scipy.special.softmax(b * z, axis=1)
        return np.average((q * z).sum(1) - z[np.arange(len(y)), y], weights=w)
    return 1 / brentq(slope, 1e-2, 1e2, xtol=1e-15)


def nll(z, y, w):
    return np.average(-scipy.special.log_softmax(z, axis=1)[np.arange(len(y)), y], weights=w)


t, tw = temperature(logits, y, np.ones(97)), temperature(logits, y, w)
put("temperature", [t, nll(logits, y, np.ones(97)), nll(logits / t, y, np.ones(97))])
put("temperature.weighted", [tw, nll(logits, y, w), nll(logits / tw, y, w)])

# -- Bootstrap: the same draws from the same key.
MASK = 2**64 - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key(seed, purpose, index):
    bits = mix((seed + 0x9E3779B97F4A7C15) & MASK)
    h = 0xCBF29CE484222325
    for byte in purpose.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    bits = mix(bits ^ h)
    return mix((bits + index * 0x9E3779B97F4A7C15 + 0xD1B54A32D192ED03) & MASK)


def draws(seed, resample, groups):
    bits = key(seed, "bootstrap", resample)
    numbers = [mix((bits + n * 0x9E3779B97F4A7C15) & MASK) for n in range(1, len(groups) + 1)]
    return np.array([members[(z * len(members)) >> 64] for z, members in zip(numbers, groups)])


values = hashed("bootstrap", (40,)).numpy()
everyone = [np.arange(40)] * 40
means = [values[draws(7, b, everyone)].mean() for b in range(200)]
put("bootstrap", np.percentile(means, [5, 95]))
strata = np.arange(40) % 3 // 2
grouped = [np.flatnonzero(strata == s) for s in strata]
means = [values[draws(7, b, grouped)].mean() for b in range(200)]
put("bootstrap.stratified", np.percentile(means, [2.5, 97.5]))

# -- Graded rankings with ties.
relevance = np.round((hashed("relevance", (12, 9)).numpy() + 1) * 2)
ranked = np.round(hashed("ranked", (12, 9)).numpy() * 3) / 3
for k in [1, 4, 9]:
    put(f"ndcg.{k}", [metrics.ndcg_score(relevance[i:i + 1], ranked[i:i + 1], k=k) for i in range(12)])

# -- Right answers without ties, against scikit-learn; with ties, the mean over all orders of the tied ones.
answers = hashed("answers", (12, 9)).numpy() > 0.3
answers[:, 0] |= ~answers.any(1)
untied = hashed("untied", (12, 9)).numpy()


def row(right, order):
    """first rank, reciprocal rank, average precision, NDCG@3, hit@3, precision@3, recall@3"""
    places = np.flatnonzero(right[order])
    ap = np.mean([(i + 1) / (place + 1) for i, place in enumerate(places)])
    discounts = 1 / np.log2(np.arange(len(right)) + 2)
    ndcg = discounts[places[places < 3]].sum() / discounts[:min(3, len(places))].sum()
    found = (places < 3).sum()
    return np.array([places[0] + 1, 1 / (places[0] + 1), ap, ndcg, found > 0, found / 3, found / len(places)])


table = np.array([row(answers[i], np.argsort(-untied[i])) for i in range(12)])
put("ranks", table)
assert np.allclose(table[:, 2], [metrics.average_precision_score(answers[i], untied[i]) for i in range(12)])
assert np.isclose(table[:, 2].mean(), metrics.label_ranking_average_precision_score(answers, untied))
assert np.allclose(table[:, 3], [metrics.ndcg_score(answers[i:i + 1], untied[i:i + 1], k=3) for i in range(12)])
hit = [metrics.top_k_accuracy_score([np.argmax(answers[i])], untied[i:i + 1], k=3, labels=np.arange(9)) for i in range(12)
       if answers[i].sum() == 1]
assert np.allclose(table[answers.sum(1) == 1, 4], hit)

tied = np.round(hashed("tied", (12, 7)).numpy() * 1.4)
right = hashed("right", (12, 7)).numpy() > 0.2
right[:, 2] |= ~right.any(1)
tied[11] = 0


def orders(scores):
    """Every order of candidates by falling score."""
    groups = [np.flatnonzero(scores == s) for s in sorted(set(scores), reverse=True)]
    for parts in itertools.product(*[itertools.permutations(group) for group in groups]):
        yield np.array(list(itertools.chain(*parts)))


table = np.array([np.mean([row(right[i], order) for order in orders(tied[i])], axis=0) for i in range(12)])
put("tied", table)
assert np.allclose(table[:, 3], [metrics.ndcg_score(right[i:i + 1], tied[i:i + 1], k=3) for i in range(12)])

# -- Anomaly scores.
bank, queries = hashed("bank", (60, 6)).numpy(), hashed("odd", (20, 6)).numpy()
bank[:, 0] += 1
queries[:10, 0] += 1
distances, _ = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(bank).kneighbors(queries)
put("anomaly.kth", distances[:, -1])
put("anomaly.mean", distances.mean(1))
odd = np.arange(20) >= 10
put("anomaly.auroc", metrics.roc_auc_score(odd, distances[:, -1]))
put("anomaly.ap", metrics.average_precision_score(odd, distances[:, -1]))

# -- Geometry.
cloud = hashed("cloud", (1100, 12))
cloud[:, 0] += 0.5
cloud[:, 7:] *= torch.tensor([1.0, 0.3, 1e-1, 1e-2, 1e-3])
unit = torch.nn.functional.normalize(cloud.float(), dim=1).double()
put("uniformity", torch.pdist(unit).pow(2).mul(-2).exp().mean().log())
put("uniformity.3", torch.pdist(unit).pow(2).mul(-3).exp().mean().log())
partner = torch.nn.functional.normalize((cloud + hashed("partner", (1100, 12)) * 0.3).float(), dim=1).double()
put("alignment", (unit - partner).norm(dim=1).pow(2).mean())
put("alignment.1", (unit - partner).norm(dim=1).mean())


def effective_rank(x):
    s = np.linalg.svd(x, compute_uv=False)
    q = s[s > 1e-7 * s[0]] / s[s > 1e-7 * s[0]].sum()
    return np.exp(-(q * np.log(q)).sum()), s


for name, x in [("tall", cloud), ("wide", hashed("wide", (9, 40)))]:
    rank, s = effective_rank(x.float().double().numpy())
    put(f"rank.{name}", rank)
    put(f"singular.{name}", s)
flat = cloud[:, :3].float() @ hashed("mixed", (3, 12)).float()  # of rank 3
flat = flat.double().numpy()
out["flat"] = torch.from_numpy(flat)
put("rank.flat", effective_rank(flat)[0])


# -- Clustering.
def put_clustering(name, a, b):
    table = metrics.cluster.contingency_matrix(a, b)
    rows, columns = linear_sum_assignment(-table)
    put(name, [
        metrics.normalized_mutual_info_score(a, b), metrics.adjusted_mutual_info_score(a, b),
        metrics.adjusted_rand_score(a, b), *metrics.homogeneity_completeness_v_measure(a, b),
        table.max(0).sum() / len(a), table[rows, columns].sum() / len(a)])


group = integers("group", 150, 5)
cluster = np.where(hashed("same", (150,)).numpy() > -0.2, group, integers("cluster", 150, 9))
put_clustering("clustering", group, cluster)
put_clustering("clustering.wide", cluster, group)
put_clustering("clustering.random", group, integers("random", 150, 4))
put_clustering("clustering.one", group, np.zeros(150, int))
put_clustering("clustering.own", group, np.arange(150))
put_clustering("clustering.same", group, (group + 2) % 5)
put_clustering("clustering.single", np.zeros(4, int), np.ones(4, int))
for rows, columns in [(6, 6), (4, 9), (9, 4)]:
    weights_ = hashed("assignment", (rows, columns)).numpy()
    r, c = linear_sum_assignment(weights_, maximize=True)
    chosen = np.full(rows, -1)
    chosen[r] = c
    out[f"assignment.{rows}x{columns}"] = torch.from_numpy(chosen)

write("metrics", out)
print("scikit-learn", sklearn.__version__, "scipy", scipy.__version__)
