"""Attention over packed qkv against PyTorch's scaled_dot_product_attention. Usage: python attention.py"""
import torch
import torch.nn.functional as F

from hashed import hashed, write

out = {}
masks = {2: [[1, 1, 0, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0]]}


def packed(name, n, t, c, heads, causal=False, mask=None):
    qkv = hashed(f"{name} qkv", (n, t, 3 * c), 2).requires_grad_()
    q, k, v = qkv.view(n, t, 3, heads, c // heads).permute(2, 0, 3, 1, 4)
    allowed = torch.ones(n, 1, t, t, dtype=torch.bool)
    if mask is not None:
        allowed = allowed & torch.tensor(mask, dtype=torch.bool)[:, None, None]
    if causal:
        allowed = allowed & torch.ones(t, t, dtype=torch.bool).tril()
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2).reshape(n, t, c)
    y.backward(hashed(f"{name} dy", y.shape))
    out[name] = y
    out[f"{name} dx"] = qkv.grad


packed("plain", 2, 7, 12, 3)
packed("wide", 2, 7, 32, 2, causal=True, mask=masks[2])   # wide heads: probabilities are kept
packed("causal", 2, 17, 12, 2, causal=True)
packed("masked", 2, 7, 12, 3, mask=masks[2])
packed("both", 2, 7, 12, 3, causal=True, mask=[[1, 1, 0, 1, 1, 0, 0], [1, 0, 0, 1, 0, 0, 0]])
packed("long", 1, 131, 8, 1)                      # more than one tile of queries
packed("long causal", 1, 131, 8, 1, causal=True)
q, k, v = (hashed(f"cross {x}", (2, t, 8), 2).requires_grad_() for x, t in (("q", 3), ("k", 5), ("v", 5)))
split = [x.view(2, -1, 2, 4).transpose(1, 2) for x in (q, k, v)]
y = F.scaled_dot_product_attention(*split).transpose(1, 2).reshape(2, 3, 8)
y.backward(hashed("cross dy", y.shape))
out |= {"cross": y, "cross dq": q.grad, "cross dk": k.grad, "cross dv": v.grad}
write("attention", out)
