#!/usr/bin/env python3
"""Masked prediction of sound in float64, each sequence alone, without its padding: losses and gradients.

maskedaudio.safetensors: wav2vec 2.0 (pre- and post-norm; the logits of its negatives one by one, as fairseq has them); HuBERT with
given clusters; reconstruction of given altered frames (TERA) with sinusoidal positions.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.parametrizations import weight_norm

from hashed import fill, hashed, write

LENGTHS, STEPS, INPUTS, SIZE, WIDTH, HEADS, DEPTH, KERNEL, POSITION_GROUPS = (9, 6, 9), 9, 3, 8, 12, 2, 2, 4, 3
MASKED = ((1, 2, 3, 6), (0, 4), (2, 3, 4, 5, 7))
GROUPS, CODES, CODE_SIZE, DIMENSION, NEGATIVES, TEMPERATURE = 2, 3, 6, 5, 7, 1.3
out = {}


def numbers(name, shape, count):
    return ((hashed(name, shape) + 1) / 2 * count).floor().long()


class Block(nn.Module):
    def __init__(self, post):
        super().__init__()
        self.post = post
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(WIDTH, 4 * WIDTH), "c_proj": nn.Linear(4 * WIDTH, WIDTH)})

    def forward(self, x):
        attention = lambda y: self.attn(y, y, y, need_weights=False)[0]
        mlp = lambda y: self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](y)))
        if self.post:
            x = self.ln_1(x + attention(x))
            return self.ln_2(x + mlp(x))
        x = x + attention(self.ln_1(x))
        return x + mlp(self.ln_2(x))


class Context(nn.Module):
    """A transformer with convolutional positions."""

    def __init__(self, post):
        super().__init__()
        self.post = post
        self.pos_conv = weight_norm(
            nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2, groups=POSITION_GROUPS), dim=2)
        self.resblocks = nn.ModuleList(Block(post) for _ in range(DEPTH))
        self.ln_final = nn.LayerNorm(WIDTH)

    def forward(self, x):
        x = x + F.gelu(self.pos_conv(x.transpose(1, 2)).transpose(1, 2)[:, :x.shape[1]])
        if self.post:
            x = self.ln_final(x)
        for block in self.resblocks:
            x = block(x)
        return x if self.post else self.ln_final(x)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.frame = nn.Linear(INPUTS, SIZE)

    def forward(self, x):
        return torch.tanh(self.frame(x))


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g * 0.1


class Trunk(nn.Module):
    def __init__(self, post):
        super().__init__()
        self.encoder, self.context = Encoder(), Context(post)
        self.layer_norm, self.post_extract_proj = nn.LayerNorm(SIZE), nn.Linear(SIZE, WIDTH)
        self.mask_emb = nn.Parameter(torch.zeros(WIDTH))

    def masked(self, x):
        """Contexts and normalized features of each sequence's masked frames, and the mean square of all features."""
        contexts, features, squares = [], [], []
        for n, length in enumerate(LENGTHS):
            z = Scaled.apply(self.encoder(x[n:n + 1, :length]))
            squares.append(z.square().flatten())
            z = self.layer_norm(z)
            y = self.post_extract_proj(z).clone()
            y[:, list(MASKED[n])] = self.mask_emb
            contexts.append(self.context(y)[0, list(MASKED[n])])
            features.append(z[0, list(MASKED[n])])
        return contexts, features, torch.cat(squares).mean()


class Wav2Vec2(Trunk):
    def __init__(self, post):
        super().__init__(post)
        self.quantizer = nn.Module()
        self.quantizer.vars = nn.Parameter(torch.zeros(1, GROUPS * CODES, CODE_SIZE // GROUPS))
        self.quantizer.weight_proj = nn.Linear(SIZE, GROUPS * CODES)
        self.project_q, self.final_proj = nn.Linear(CODE_SIZE, DIMENSION), nn.Linear(WIDTH, DIMENSION)

    def forward(self, x, noise):
        contexts, features, penalty = self.masked(x)
        logits = self.quantizer.weight_proj(torch.cat(features)).view(-1, GROUPS, CODES)
        soft = ((logits + noise) / TEMPERATURE).softmax(-1) if noise is not None else logits.softmax(-1)
        chosen = (soft if noise is not None else logits).argmax(-1)
        hard = F.one_hot(chosen, CODES).double()
        weights = hard + soft - soft.detach() if noise is not None else hard
        vectors = self.quantizer.vars.view(GROUPS, CODES, -1)
        q = self.project_q(torch.einsum("qgv,gvd->qgd", weights, vectors).flatten(1))
        p = logits.softmax(-1).mean(0)
        perplexity = (-(p * (p + 1e-7).log()).sum(-1)).exp().sum()
        diversity = (GROUPS * CODES - perplexity) / (GROUPS * CODES)
        losses, hits, excluded, first = [], [], 0, 0
        for n, places in enumerate(MASKED):
            count = len(places)
            own = torch.arange(first, first + count)
            draws = numbers(f"negatives.{n}", (count, NEGATIVES), count - 1)
            others = draws + (draws >= torch.arange(count)[:, None])
            c = self.final_proj(contexts[n])
            for i in range(count):
                candidates = torch.cat([own[i:i + 1], own[others[i]]])
                s = F.cosine_similarity(c[i:i + 1], q[candidates]) / 0.1
                equal = (chosen[candidates] == chosen[own[i]]).all(-1)
                equal[0] = False
                excluded += int(equal.sum())
                s = s.masked_fill(equal, float("-inf"))
                losses.append(F.cross_entropy(s[None], torch.zeros(1, dtype=torch.long)))
                hits.append(bool((s[0] > s[1:]).all()))
            first += count
        assert excluded > 3 and 0 < sum(hits) < len(hits), (excluded, sum(hits))
        contrast = torch.stack(losses).mean()
        parts = torch.stack([contrast, diversity, penalty, torch.tensor(sum(hits) / len(hits)), perplexity])
        return contrast + 0.1 * diversity + 10 * penalty, parts


class HuBERT(Trunk):
    def __init__(self, clusters):
        super().__init__(True)
        self.final_proj = nn.Linear(WIDTH, DIMENSION)
        self.label_embs_concat = nn.Parameter(torch.zeros(clusters, DIMENSION))

    def forward(self, x, labels):
        contexts, _, penalty = self.masked(x)
        wanted = torch.cat([labels[n, list(places)] for n, places in enumerate(MASKED)])
        queries = self.final_proj(torch.cat(contexts))
        # The target first, then all codes with the target's own excluded: fairseq's compute_nce.
        every = F.cosine_similarity(queries[:, None], self.label_embs_concat[None], dim=-1) / 0.1
        own = every.gather(1, wanted[:, None])
        every = every.scatter(1, wanted[:, None], float("-inf"))
        loss = F.cross_entropy(torch.cat([own, every], 1), torch.zeros(len(wanted), dtype=torch.long))
        hits = (own[:, 0] > every.max(1).values).double().mean()
        largest = wanted.bincount().max() / len(wanted)
        return loss + 10 * penalty, torch.stack([loss, penalty, hits, largest])


class TERA(nn.Module):
    def __init__(self):
        super().__init__()
        self.context = nn.Module()
        self.context.projection = nn.Linear(INPUTS, WIDTH)
        self.context.resblocks = nn.ModuleList(Block(True) for _ in range(DEPTH))
        self.context.ln_final = nn.LayerNorm(WIDTH)
        self.dense, self.layer_norm, self.output = nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.Linear(WIDTH, INPUTS)

    def forward(self, x, altered, chosen):
        angles = torch.arange(STEPS)[:, None] / 10000 ** (torch.arange(0, WIDTH, 2) / WIDTH)
        waves = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
        errors, zeros = [], []
        for n, length in enumerate(LENGTHS):
            y = self.context.ln_final(self.context.projection(altered[n:n + 1, :length]) + waves[:length])
            for block in self.context.resblocks:
                y = block(y)
            y = self.output(self.layer_norm(F.gelu(self.dense(y))))[0]
            errors.append((y - x[n, :length]).abs()[chosen[n, :length]])
            zeros.append(x[n, :length].abs()[chosen[n, :length]])
        return torch.cat(errors).mean(), torch.cat(zeros).mean().reshape(1)


renamed = lambda key: key.replace("parametrizations.weight.original0", "weight_g").replace(
    "parametrizations.weight.original1", "weight_v")


def case(name, model, *inputs):
    fill(model, f"{name}.", renamed)
    loss, parts = model(hashed("sequences", (3, STEPS, INPUTS)), *inputs)
    loss.backward()
    out.update({f"{name}/output": loss.reshape(1), f"{name}/parts": parts})
    out.update({f"{name}/gradient/{renamed(k)}": p.grad for k, p in model.named_parameters() if p.grad is not None})


count = sum(map(len, MASKED))
for name, post in ("post", True), ("pre", False):
    case(f"wav2vec2.{name}", Wav2Vec2(post), hashed("noise", (count, GROUPS, CODES), 2))
case("wav2vec2.evaluated", Wav2Vec2(True), None)
case("hubert", HuBERT(4), numbers("clusters", (3, STEPS), 4))
chosen = hashed("chosen", (3, STEPS, INPUTS)) > 0.3
for n, length in enumerate(LENGTHS):
    chosen[n, length:] = False
case("tera", TERA(), hashed("altered", (3, STEPS, INPUTS)), chosen)
write("maskedaudio", out)
