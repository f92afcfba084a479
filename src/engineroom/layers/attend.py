"""The one place where a query looks at keys. Source: Vaswani et al. 2017; fused, so that no (T, T) matrix is written down (Dao et al. 2022)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def attend(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None = None, dropout: float = 0.0, *, causal: bool = False) -> Tensor:
    """(B, heads, U, D), twice (B, heads, T, D), (…, U, T) where True is seen → (B, heads, U, D).

    On a CPU always in fp32: the fused kernel's way back in bf16 costs five times as much and was half of a language model's step (bench/nanogpt.py).
    """
    if q.device.type != "cpu" or (q.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")):
        return F.scaled_dot_product_attention(q, k, v, seen, dropout, is_causal=causal)
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(q.float(), k.float(), v.float(), seen, dropout, is_causal=causal).to(v.dtype)
