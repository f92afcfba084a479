"""COLLECT without answers: every row of a batch with parts of it hidden, and beside it what was hidden."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.batch import Batch, Predictions
from ..core.seeds import numpy_generator, torch_generator
from ..modalities.masking._masked_regions import Pixels, Steps
from ..modalities.masking._masked_values import Classes, Numbers, Parts
from .dataset import BatchSampler
from .fields import Field

WANTED, HIDDEN = "wanted:", "hidden:"  # fields of a batch: what is to be told of a field, and which of it was hidden
KINDS: dict[str, type[Parts]] = {one.kind: one for one in (Numbers, Classes, Steps, Pixels)}
PartsByField = Mapping[str, Parts]  # by field, in the order of the fields
UniformDraws = Callable[[str, int], Tensor]  # (field, n) → (B, n), even from 0 to 1


def described(fields: Sequence[Field], find: Callable[[Field], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """Plain JSON: the fields of which something can be hidden, each with its name."""
    return [{"field": one.name, **facts} for one in fields if (facts := find(one)) is not None]


def parse_parts(described: Sequence[Mapping[str, Any]]) -> dict[str, Parts]:
    return {one["field"]: KINDS[one["kind"]](one) for one in described}


def own(batch: Batch, name: str) -> dict[str, Tensor]:
    return {suffix: batch[name + suffix] for suffix in ("", "_mask") if name + suffix in batch.fields}


def hide(batch: Batch, parts: PartsByField, uniforms: UniformDraws) -> Batch:
    """The batch with parts of its rows hidden, and for every field WANTED (B, W) and HIDDEN (B, W)."""
    changed = dict(batch.fields)
    for name, one in parts.items():
        left, hidden = one.hide(own(batch, name), uniforms(name, one.uniforms))
        changed |= {name + suffix: tensor for suffix, tensor in left.items()}
        changed |= {WANTED + name: one.wanted(own(batch, name)), HIDDEN + name: hidden}
    return Batch(changed, batch.rows, batch.step)


def hide_by_content(batch: Batch, parts: PartsByField) -> Batch:
    """As rows are asked about: what is hidden depends on what the row holds and on nothing else, so that everybody is
    asked the same."""
    digests = [b""] * len(batch)
    for name in parts:
        x, mask = batch[name].numpy(), batch.get(name + "_mask")
        rows = x if mask is None else [one[real] for one, real in zip(x, mask.numpy(), strict=True)]
        digests = [
            hashlib.blake2b(digest + row.tobytes(), digest_size=8).digest()
            for digest, row in zip(digests, rows, strict=True)
        ]

    def uniforms(name: str, count: int) -> Tensor:
        drawn = [numpy_generator(0, digest.hex(), name).random(count, np.float32) for digest in digests]
        return torch.from_numpy(np.stack(drawn)) if drawn else torch.zeros(0, count)

    return hide(batch, parts, uniforms)


def split(parts: PartsByField, x: Tensor) -> list[tuple[str, Parts, Tensor]]:
    """(…, W) → (field, its parts, its share of the numbers)."""
    pieces = x.split([one.room for one in parts.values()], -1)
    return [(name, one, piece) for (name, one), piece in zip(parts.items(), pieces, strict=True)]


def concat_fields(parts: PartsByField, batch: Batch, kind: str) -> Tensor:
    """(B, W) of all fields: WANTED or HIDDEN."""
    return torch.cat([batch[kind + name] for name in parts], 1)


def judged(parts: PartsByField, question: Batch, guess: Tensor) -> Predictions:
    """What anybody says of hidden parts (B, W), beside what they were: {"error": (B, C), "hit": (B, C)}, NaN where a
    column was not asked about."""
    errors, hits = [], []
    for name, one, said in split(parts, guess):
        wanted, gone = question[WANTED + name], question[HIDDEN + name]
        asked = one.asked(gone)
        errors.append(one.error(said, wanted, gone).masked_fill(~asked, torch.nan))
        hits.append(one.right(said, wanted).float().masked_fill(~asked, torch.nan))
    return {"error": torch.cat(errors, 1).numpy(), "hit": torch.cat(hits, 1).numpy()}


class MaskedSampler(BatchSampler):
    """Training batches (B, …) with parts hidden. A function of (seed, step) like any other."""

    parts: PartsByField

    def batch(self, step: int) -> Batch:
        plain = super().batch(step)
        if still := [name for name, one in self.parts.items() if one.still]:
            as_is = self.data.batch(self.rows_of(step), step)
            plain = Batch(
                {
                    **plain.fields,
                    **{name + suffix: tensor for name in still for suffix, tensor in own(as_is, name).items()},
                },
                plain.rows,
                step,
            )
        return hide(
            plain,
            self.parts,
            lambda name, count: torch.rand(
                (len(plain), count), generator=torch_generator(self.seed, "hide", step, name)
            ),
        )


def with_masking(batches: BatchSampler, parts: PartsByField) -> MaskedSampler:
    made = MaskedSampler(batches.data, batches.batch_size, batches.seed, batches.augment, order=batches.order)
    made.parts = parts
    return made
