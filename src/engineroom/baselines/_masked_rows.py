"""Rows with parts hidden, as every baseline that tells them is asked: the same parts as the network's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from torch import Tensor

from ..core.batch import Batch, Predictions
from ..core.schema import Schema
from ..data.dataset import encode_table
from ..data.masking import PartsByField, hide_by_content, judged

AT_ONCE = 256  # rows


def as_they_are(frame: pl.DataFrame, schema: Schema) -> Iterator[Batch]:
    """The rows with nothing hidden."""
    data = encode_table(frame, schema, target=False)
    for start in range(0, len(data), AT_ONCE):
        yield data.batch(np.arange(start, min(len(data), start + AT_ONCE)))


def answered(frame: pl.DataFrame, schema: Schema, parts: PartsByField, guess: Callable[[Batch], Tensor]) -> Predictions:
    """`guess` says (B, W) to a batch of them."""
    found = [
        judged(parts, question, guess(question))
        for question in (hide_by_content(batch, parts) for batch in as_they_are(frame, schema))
    ]
    columns = sum(len(one.columns) for one in parts.values())
    return {
        name: np.concatenate([one[name] for one in found] or [np.zeros((0, columns), np.float32)])
        for name in ("error", "hit")
    }
