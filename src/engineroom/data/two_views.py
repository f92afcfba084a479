"""COLLECT without answers: every row of a batch looked at twice, each time otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..core import registry
from ..core.batch import Batch
from ..core.seeds import torch_generator
from .dataset import BatchSampler
from .fields import Field

LOOKS = 2


def view(batch: Batch, fields: tuple[Field, ...], *seed: Any) -> Batch:
    """Another look at the rows of a batch, drawn from `seed`."""
    changed = dict(batch.fields)
    for one in fields:
        own = {suffix: batch[one.name + suffix] for suffix in ("", "_mask") if one.name + suffix in batch.fields}
        looked = registry.get("modalities", one.modality).augment_view(
            own, one.states, torch_generator(*seed, one.name)
        )
        changed |= {one.name + suffix: tensor for suffix, tensor in looked.items()}
    return Batch(changed, batch.rows, batch.step)


class TwoViewSampler(BatchSampler):
    """Training batches (2B, …): the rows of a batch, then the same rows again, two looks at each. A function of (seed,
    step) like any other."""

    def batch(self, step: int) -> Batch:
        plain = self.data.batch(self.rows_of(step), step)
        looks = [view(plain, self.data.fields, self.seed, "view", step, k) for k in range(LOOKS)]
        fields = {name: torch.cat([look[name] for look in looks]) for name in plain.fields}
        return Batch(fields, np.tile(plain.rows, LOOKS), step)


def twice(batches: BatchSampler) -> TwoViewSampler:
    return TwoViewSampler(batches.data, batches.batch_size, batches.seed, batches.augment, order=batches.order)
