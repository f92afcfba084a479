"""Incremental decoding with a KV cache: one token at a time, without reading everything again."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ..core.batch import Features
from .multi_column import ColumnsModel, key


def advance(model: ColumnsModel, codes: Tensor, memory: Any) -> tuple[Tensor, Any]:
    """codes (B, T), those that follow what `memory` stands for (None: nothing) → (output (B, K, T, outputs), memory
    with them)."""
    assert model.mapped is not None
    signal = model.stems[key(model.groups[model.mapped][0])](codes)
    features, memory = backbone(model).advance(signal, memory)
    return model.head(Features(features.pooled, features.map)), memory


def reach(model: ColumnsModel) -> int:
    """How many tokens one memory can hold; 0: any number."""
    return int(backbone(model).reach)


def backbone(model: ColumnsModel) -> Any:
    return model.backbones[str(model.mapped)]
