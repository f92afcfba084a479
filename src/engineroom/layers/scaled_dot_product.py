"""The one place where a query looks at keys. Source: Vaswani et al. 2017; fused, so that no (T, T) matrix is written
down (Dao et al. 2022)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SHORT = 192  # keys, up to which a CPU in bf16 is faster with the matrix of looks written down


def attend(
    q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None = None, dropout: float = 0.0, *, causal: bool = False
) -> Tensor:
    """(B, heads, U, D), twice (B, heads, T, D), (…, U, T) where True is seen → (B, heads, U, D).

    On a CPU the fused kernel's way back in bf16 costs five times as much as in fp32 and was half of a language model's
    step (bench/nanogpt.py): few keys are asked by plain matrix products in bf16, many by the fused kernel in fp32.
    """
    if q.device.type != "cpu" or (q.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")):
        return F.scaled_dot_product_attention(q, k, v, seen, dropout, is_causal=causal)
    with torch.autocast("cpu", enabled=False):
        if k.shape[2] <= SHORT:
            return written_down(q, k.to(v.dtype), v, seen, dropout, causal)
        return F.scaled_dot_product_attention(q.float(), k.float(), v.float(), seen, dropout, is_causal=causal).to(
            v.dtype
        )


def written_down(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None, dropout: float, causal: bool) -> Tensor:
    """The same in the arithmetic of `v`. Who sees nothing at all looks everywhere alike."""
    looks = ((q * q.shape[3] ** -0.5).to(v.dtype) @ k.transpose(2, 3)).float()
    if causal:
        seen = torch.ones(looks.shape[2:], dtype=torch.bool, device=q.device).tril()
    if seen is not None:
        looks = looks + torch.zeros_like(seen, dtype=looks.dtype).masked_fill_(~seen, torch.finfo(looks.dtype).min)
    return F.dropout(looks.softmax(3).to(v.dtype), dropout) @ v
