"""CLIP of ResNet-18 and a causal text transformer, with hashed weights and batches: what clip_training.py and clip_teacher.py train."""
import dataclasses
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed


@dataclasses.dataclass
class Size:
    width: int
    side: int
    vocabulary: int
    text_width: int
    depth: int
    heads: int
    context: int
    batch: int
    embedding: int


FULL = Size(64, 112, 8192, 256, 6, 4, 32, 64, 256)  # `clip-rn18` in peers/torch_steps.py
NARROW = Size(8, 64, 50, 32, 2, 4, 8, 16, 16)
NARROWER = Size(4, 64, 50, 16, 2, 4, 8, 16, 16)


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        sizes = [width, width, 2 * width, 4 * width, 8 * width]
        for i in range(4):
            stage = nn.Sequential(BasicBlock(sizes[i], sizes[i + 1], 1 if i == 0 else 2), BasicBlock(sizes[i + 1], sizes[i + 1], 1))
            setattr(self, f"layer{i + 1}", stage)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.in_proj_weight, self.in_proj_bias = nn.Parameter(torch.zeros(3 * width, width)), nn.Parameter(torch.zeros(3 * width))
        self.out_proj, self.heads = nn.Linear(width, width), heads

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        return self.out_proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, w))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), Attention(width, heads), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Text(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.token_embedding = nn.Embedding(size.vocabulary, size.text_width)
        self.positional_embedding = nn.Parameter(torch.zeros(size.context, size.text_width))
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(Block(size.text_width, size.heads) for _ in range(size.depth))})
        self.ln_final = nn.LayerNorm(size.text_width)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.positional_embedding
        for block in self.transformer["resblocks"]:
            x = block(x)
        return self.ln_final(x)[:, -1]


class Clip(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size
        self.image, self.text = ResNet18(size.width), Text(size)
        self.image_projection = nn.Linear(8 * size.width, size.embedding, bias=False)
        self.text_projection = nn.Linear(size.text_width, size.embedding, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, x, ids):
        a = F.normalize(self.image_projection(self.image(x)), dim=-1)
        b = F.normalize(self.text_projection(self.text(ids)), dim=-1)
        logits = self.logit_scale.exp() * a @ b.T
        y = torch.arange(len(a))
        return (F.cross_entropy(logits, y) + F.cross_entropy(logits.T, y)) / 2


def hashed_clip(size, dtype, layout=torch.contiguous_format):
    model = Clip(size)
    for name in ("image", "text", "image_projection", "text_projection"):
        fill(getattr(model, name), name + ".")
    return model.to(dtype).to(memory_format=layout)


def batch(size, step, dtype, layout=torch.contiguous_format):
    """Pictures and token ids of a step; four batches take turns."""
    x = hashed(f"images.{step % 4}", (size.batch, size.side, size.side, 3)).to(dtype).permute(0, 3, 1, 2)
    ids = ((hashed(f"ids.{step % 4}", (size.batch, size.context)) + 1) / 2 * size.vocabulary).floor().long()
    return x.contiguous(memory_format=layout), ids


def adamw(model):
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=3e-4)


def update(model, optimizer):
    """One step, and the logit scale's range."""
    optimizer.step()
    with torch.no_grad():
        model.logit_scale.clamp_(0, math.log(100))
