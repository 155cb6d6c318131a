#!/usr/bin/env python3
"""Text transformers in BERT's form (post-norm) and with fixed positions, from nn.TransformerEncoder in float64. Usage: python bert.py"""
import torch
import torch.nn as nn

from hashed import fill, hashed, write

tensors = {}
# As in encoders.py: 0 is padding.
ids = torch.tensor([[30, 3, 7, 31, 0, 0, 0], [30, 5, 31, 0, 0, 0, 0], [30, 9, 2, 4, 8, 1, 31]])
NAMES = {"transformer.layers.": "transformer.resblocks.", "self_attn.": "attn.", "linear1.": "mlp.c_fc.", "linear2.": "mlp.c_proj.",
         "norm1.": "ln_1.", "norm2.": "ln_2."}


def ours(key):
    for theirs, mine in NAMES.items():
        key = key.replace(theirs, mine)
    return key


def encoder(norm_first):
    layer = nn.TransformerEncoderLayer(16, 2, 64, dropout=0, activation="gelu", batch_first=True, norm_first=norm_first)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


class BERT(nn.Module):
    """Embeddings, their layer normalization, post-norm layers and nothing behind them: Devlin et al.'s, without segments."""

    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(32, 16)
        self.positional_embedding = nn.Parameter(torch.zeros(8, 16))
        self.ln_embedding = nn.LayerNorm(16)
        self.transformer = encoder(False)

    def forward(self, ids):
        x = self.ln_embedding(self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]])
        return self.transformer(x, src_key_padding_mask=ids == 0)


class Waves(nn.Module):
    """Tokens times the root of the width, plus sines and cosines: Vaswani et al.'s, with pre-norm layers."""

    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(32, 16)
        self.transformer = encoder(True)
        self.ln_final = nn.LayerNorm(16)

    def forward(self, ids):
        t, i = torch.arange(7)[:, None], torch.arange(8)[None]
        angle = t / 10000 ** (2 * i / 16)
        x = self.token_embedding(ids) * 4 + torch.stack([angle.sin(), angle.cos()], -1).reshape(7, 16)
        return self.ln_final(self.transformer(x, src_key_padding_mask=ids == 0))


for name, model in (("bert", BERT()), ("waves", Waves())):
    fill(model, name + ".", ours)
    steps = model(ids)
    y = steps[:, 0]
    (y * hashed(name + ".upstream", y.shape)).sum().backward()
    tensors[f"{name}/steps"], tensors[f"{name}/output"] = steps, y
    for key, parameter in model.named_parameters():
        tensors[f"{name}/gradient/{ours(key)}"] = parameter.grad
write("bert", tensors)
