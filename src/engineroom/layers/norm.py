"""Normalisation that knows padding: batch statistics of sequences are taken over real steps alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SequenceNorm(nn.BatchNorm1d):
    """Batch normalisation of (B, D, T); with a mask (B, T) padded steps neither count nor leak. Ioffe & Szegedy
    2015."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:  # type: ignore[override]
        if mask is None:
            return super().forward(x)
        steps = x.transpose(1, 2)
        real = super().forward(steps[mask])
        out = torch.zeros_like(steps, dtype=real.dtype)
        out[mask] = real
        return out.transpose(1, 2)
