"""A target of fields that stand on a page: for learning, a label for every word; for judging, the words and the values
that are to be found.

Cells are structs {"tags": labels (IOB), "words": words as they are read out, "fields": [{"name", "value"}]}. A task
makes them.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base, pad


class Fields(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """`fields`: names in the order in which they come; `values`: O, then B- and I- of each; `given`: the share of
        rows that have each."""
        rows = [[one["name"] for one in cell["fields"]] for cell in values.to_list() if cell]
        counts = Counter(name for row in rows for name in row)
        names = list(counts)
        return {
            "fields": names,
            "values": ["O", *(f"{mark}-{name}" for name in names for mark in "BI")],
            "given": [counts[name] / max(1, len(rows)) for name in names],
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Codes, int32: how many words; for each 1 + its label's number (0: none that was learnt); then the row as
        JSON, a code a byte."""
        place = {label: k for k, label in enumerate(state["values"], 1)}
        rows = []
        for cell in values.to_list():
            own = cell or {"tags": [], "words": [], "fields": []}
            tags = [place.get(label, 0) for label in own["tags"]]
            facts = {"words": own["words"], "fields": {one["name"]: one["value"] for one in own["fields"]}}
            text = np.frombuffer(json.dumps(facts, ensure_ascii=False).encode(), np.uint8).astype(np.int32)
            rows.append(np.concatenate([np.array([len(tags), *tags], np.int32), text]))
        return Ragged(np.concatenate([np.zeros(0, np.int32), *rows]), np.array([len(row) for row in rows], np.int64))

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """{"": (B, T) label codes, "_mask": (B, T)}."""
        rows = [row[1 : 1 + row[0]] for row in cut(arrays)]
        return pad(
            Ragged(np.concatenate([np.zeros(0, np.int32), *rows]), np.array([len(row) for row in rows], np.int64))
        )

    def to_html(self, value: Any, state: State) -> str:
        found = [f"{one['name']}: {one['value']}" for one in (value or {}).get("fields", ())]
        return html.escape(" · ".join(found)[:300])


def cut(codes: Ragged) -> list[np.ndarray]:
    """One array a row."""
    ends = np.cumsum(codes.lengths)
    return [codes.flat[begin:end] for begin, end in zip(ends - codes.lengths, ends, strict=True)]


def unpack(codes: Ragged) -> list[dict[str, Any]]:
    """[{"tags": (T,) label numbers, −1 = not learnt, "words": [...], "fields": {name: value}}]."""
    rows = []
    for row in cut(codes):
        text = json.loads(row[1 + row[0] :].astype(np.uint8).tobytes())
        rows.append({"tags": row[1 : 1 + row[0]].astype(np.int64) - 1, **text})
    return rows


MODALITY = Fields()
