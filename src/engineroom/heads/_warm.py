"""FORWARD: before the first step, stems may look at the training rows without their answers, and begin better than at random."""

from __future__ import annotations

import torch
from torch import nn

from ..core import registry
from ..data.dataset import Dataset
from ._assemble import ColumnsModel, key


def warm(model: nn.Module, data: Dataset) -> None:
    """Let every column's modality prepare its stems, in place. A resumed run overwrites them by its checkpoint."""
    networks = [part for part in model.modules() if isinstance(part, ColumnsModel)]
    rows = data.splits["train"]
    with torch.no_grad():
        for one in data.fields:
            stems = [network.stems[key(one)] for network in networks]
            registry.get("modalities", one.modality).warm(stems, lambda name=one.name: data.stores[name].take(rows))
