"""FORWARD: before the first step, stems may look at the training rows without their answers, and begin better than at
random."""

from __future__ import annotations

import torch
from torch import nn

from ..core import registry
from ..data.dataset import Dataset
from .multi_column import ColumnsModel, key

MOST_ROWS = 50_000  # looked at all at once


def warm(model: nn.Module, data: Dataset) -> None:
    """Let every column's modality prepare the stems of a fresh run, in place, by at most MOST_ROWS rows, evenly
    taken."""
    networks = [part for part in model.modules() if isinstance(part, ColumnsModel)]
    rows = data.splits["train"]
    rows = rows[:: max(1, -(-len(rows) // MOST_ROWS))]
    with torch.no_grad():
        for one in data.fields:
            stems = [network.stems[key(one)] for network in networks]
            registry.get("modalities", one.modality).initialise_stem(
                stems, lambda name=one.name: data.stores[name].take(rows)
            )
