#!/usr/bin/env python3
"""Layers against torch.nn in float64: outputs, running statistics, gradients of the inputs and of every parameter."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed, write

tensors = {}


def case(name, module, x, forward=None, renamed=lambda key: key, inputs=("x",)):
    """Runs module on x in training mode; the loss is the product with hashed weights."""
    fill(module, name + ".", renamed)
    leaves = [x] if torch.is_tensor(x) else list(x)
    for leaf in leaves:
        if leaf.is_floating_point():
            leaf.requires_grad_(True)
    y = (forward or module)(*leaves)
    (y * hashed(name + ".upstream", y.shape)).sum().backward()
    tensors[f"{name}/output"] = y
    for label, leaf in zip(inputs, leaves):
        if leaf.grad is not None:
            tensors[f"{name}/gradient/{label}"] = leaf.grad
    for key, parameter in module.named_parameters():
        tensors[f"{name}/gradient/{renamed(key)}"] = parameter.grad
    for key, value in module.state_dict().items():
        if "running" in key:
            tensors[f"{name}/{renamed(key)}"] = value


def images(name, *shape):
    return hashed(name + ".x", shape)


def nchw(module):
    """A channels-first module on channels-last input."""
    def forward(x):
        return module(x.movedim(-1, 1)).movedim(1, -1)
    return forward


def simple(name, module, x):
    case(name, module, x, nchw(module))


case("linear", nn.Linear(5, 7), images("linear", 2, 3, 5))
case("linear_without_bias", nn.Linear(5, 7, bias=False), images("linear_without_bias", 3, 5))
simple("conv2d", nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), images("conv2d", 2, 7, 6, 4))
simple("conv1d", nn.Conv1d(4, 6, 4, stride=3, padding=1, groups=2), images("conv1d", 2, 11, 4))
simple("group_norm", nn.GroupNorm(3, 6), images("group_norm", 2, 3, 5, 6))
case("layer_norm", nn.LayerNorm(6), images("layer_norm", 2, 3, 6))
simple("batch_norm", nn.BatchNorm2d(5), images("batch_norm", 2, 3, 4, 5))
case("batch_norm_of_rows", nn.BatchNorm1d(5), images("batch_norm_of_rows", 7, 5))

norm = nn.BatchNorm2d(5)
case("batch_norm_fused", norm, [images("batch_norm_fused", 2, 3, 4, 5), hashed("batch_norm_fused.residual", (2, 3, 4, 5))],
     lambda x, r: F.relu(nchw(norm)(x) + r), inputs=("x", "residual"))
norm_eval = nn.BatchNorm2d(5).eval()
simple("batch_norm_in_evaluation", norm_eval, images("batch_norm_in_evaluation", 2, 3, 4, 5))

ids = torch.tensor([[1, 4, 1], [0, 8, 1]])
table = nn.Embedding(9, 4)
case("embedding", table, ids)

mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 0]])
causal = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
for name, options in {"attention": {}, "attention_masked": {"key_padding_mask": mask == 0}, "attention_causal": {"attn_mask": causal}}.items():
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    case(name, attention, images(name, 3, 5, 8), lambda x, a=attention, o=options: a(x, x, x, need_weights=False, **o)[0])

NAMES = {"self_attn.": "attn.", "linear1.": "mlp.c_fc.", "linear2.": "mlp.c_proj.", "norm1.": "ln_1.", "norm2.": "ln_2."}


def ours(key):
    for theirs, mine in NAMES.items():
        key = key.replace(theirs, mine)
    return key


for name, norm_first, activation in [("block_pre", True, F.gelu), ("block_post", False, F.relu)]:
    block = nn.TransformerEncoderLayer(8, 2, 12, dropout=0, activation=activation, batch_first=True, norm_first=norm_first)
    case(name, block, images(name, 3, 5, 8), lambda x, b=block: b(x, src_key_padding_mask=mask == 0), renamed=ours)


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


for name, activation in [("mlp_gelu", nn.GELU()), ("mlp_quick", QuickGELU()), ("mlp_tanh", nn.GELU("tanh")), ("mlp_silu", nn.SiLU())]:
    case(name, nn.Sequential(nn.Linear(4, 6), activation, nn.Linear(6, 3)), images(name, 2, 4),
         renamed=lambda key: key.replace("0.", "c_fc.").replace("2.", "c_proj."))


def head(sizes, batch_norm):
    """lightly's ProjectionHead, with our names beside."""
    parts, names = [], {}
    for i in range(len(sizes) - 1):
        names[str(len(parts))] = f"linears.{i}"
        parts.append(nn.Linear(sizes[i], sizes[i + 1], bias=not batch_norm))
        if batch_norm:
            names[str(len(parts))] = f"norms.{i}"
            parts.append(nn.BatchNorm1d(sizes[i + 1]))
        if i < len(sizes) - 2:
            parts.append(nn.ReLU())
    return nn.Sequential(*parts), lambda key: names[key.split(".")[0]] + "." + key.split(".")[1]


for name, sizes, batch_norm in [("head", [4, 6, 3], False), ("head_normalised", [4, 6, 6, 3], True)]:
    module, renamed = head(sizes, batch_norm)
    case(name, module, images(name, 7, 4), renamed=renamed)

t, i = torch.arange(6)[:, None], torch.arange(4)[None]
angle = t / 10000 ** (2 * i / 8)
tensors["sinusoidal"] = torch.stack([angle.sin(), angle.cos()], -1).reshape(6, 8)

write("layers", tensors)
