#!/usr/bin/env python3
"""Encoders against torchvision's ResNet, open_clip's text tower and nn.TransformerEncoder in float64, from hashed weights."""
import torch
import torch.nn as nn

from hashed import fill, hashed, write

import torchvision_import  # noqa: F401, before torchvision
import open_clip.transformer  # noqa: E402
import torchvision.models as models  # noqa: E402

tensors = {}
images = hashed("images", (2, 64, 64, 3)).permute(0, 3, 1, 2)


def resnet(name, model, gradients=(), statistics=(), training=True):
    """Gradients in training mode, or in evaluation mode where training is ill-conditioned: with 8 rows a channel in the last stage
    PyTorch's own float32 gradients of a ResNet-50 are 1.3 % off."""
    fill(model, name + ".")
    fc, model.fc = model.fc, nn.Identity()

    def pull(y):
        (y * hashed(name + ".upstream", y.shape)).sum().backward()
        parameters = dict(model.named_parameters())
        for key in gradients:
            tensors[f"{name}/gradient/{key}"] = parameters[key].grad

    model.eval()
    y = model(images)
    tensors[f"{name}/evaluation"] = y
    tensors[f"{name}/logits"] = fc(y)[:, :8]
    if not training:
        pull(y)
    model.train()
    y = model(images)
    tensors[f"{name}/training"] = y
    if training:
        pull(y)
    for key in statistics:
        tensors[f"{name}/{key}"] = model.state_dict()[key]


resnet("resnet18", models.resnet18(),
       ["conv1.weight", "layer2.0.downsample.1.weight", "layer3.1.bn1.weight", "layer4.1.bn2.bias"],
       ["bn1.running_mean", "layer4.1.bn2.running_var"])
cifar = models.resnet18()
cifar.conv1, cifar.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
images = hashed("images", (2, 16, 16, 3)).permute(0, 3, 1, 2)
resnet("resnet18_cifar", cifar, ["conv1.weight"])
images = hashed("images", (2, 64, 64, 3)).permute(0, 3, 1, 2)
resnet("resnet34", models.resnet34(), ["bn1.weight", "layer2.3.bn2.weight", "layer3.5.bn1.bias", "layer4.2.bn2.bias"], ["layer3.5.bn2.running_mean"])
resnet("resnet50", models.resnet50(), ["layer4.0.downsample.1.weight", "layer4.2.bn3.weight"], ["layer4.2.bn3.running_mean"], training=False)

# Texts: 0 is padding, 31 ends a text and is the largest id.
ids = torch.tensor([[30, 3, 7, 31, 0, 0, 0], [30, 5, 31, 0, 0, 0, 0], [30, 9, 2, 4, 8, 1, 31]])


def text(name, model, y, renamed=lambda key: key):
    (y * hashed(name + ".upstream", y.shape)).sum().backward()
    tensors[f"{name}/output"] = y
    for key, parameter in model.named_parameters():
        if "ln_final" in key or "embedding" in key or ".0." in renamed(key):
            tensors[f"{name}/gradient/{renamed(key)}"] = parameter.grad


clip = open_clip.transformer.TextTransformer(
    context_length=8, vocab_size=32, width=16, heads=2, layers=2, output_dim=None, pool_type="argmax")
if getattr(clip, "text_projection", None) is not None:
    clip.text_projection = None
fill(clip, "text_causal.")
text("text_causal", clip, clip(nn.functional.pad(ids, (0, 1))))  # open_clip wants the whole context


class Bidirectional(nn.Module):
    """Pre-norm, padding masked, exact GELU: the text tower of peers/torch_emoji_clip.py from PyTorch's own parts."""

    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(32, 16)
        self.positional_embedding = nn.Parameter(torch.zeros(8, 16))
        layer = nn.TransformerEncoderLayer(16, 2, 64, dropout=0, activation="gelu", batch_first=True, norm_first=True)
        self.transformer = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.ln_final = nn.LayerNorm(16)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]]
        return self.ln_final(self.transformer(x, src_key_padding_mask=ids == 0))


NAMES = {"transformer.layers.": "transformer.resblocks.", "self_attn.": "attn.", "linear1.": "mlp.c_fc.", "linear2.": "mlp.c_proj.",
         "norm1.": "ln_1.", "norm2.": "ln_2."}


def ours(key):
    for theirs, mine in NAMES.items():
        key = key.replace(theirs, mine)
    return key


bert = Bidirectional()
fill(bert, "text.", ours)
steps = bert(ids)
tensors["text/steps"] = steps
real = (ids != 0).double()[..., None]
tensors["text/mean"] = (steps * real).sum(1) / real.sum(1)
text("text", bert, steps[:, 0], ours)

write("encoders", tensors)
