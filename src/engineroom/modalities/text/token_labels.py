"""A target of labels: one for every token of a row, and where wanted one for the whole row."""

from __future__ import annotations

import html
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ...core.span_labels import GOES_ON, LABEL, has_ends, is_span_label, may_follow
from .._base import Base

MOST = 2_000


class Tags(Base):
    """Cells are lists of labels, or structs {"tags": list, "whole": label}. A label that is null is not scored."""

    def detect(self, values: pl.Series) -> float:
        if isinstance(values.dtype, pl.Struct):
            return 1.0 if [field.name for field in values.dtype.fields] == ["tags", "whole"] else 0.0
        if values.dtype != pl.List(pl.String):
            return 0.0
        labels = values.drop_nulls().head(2000).explode().drop_nulls()
        return (
            0.97 if len(labels) and labels.str.contains(LABEL).all() and labels.str.contains(r"^[BSU]-").any() else 0.0
        )

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """`values`: labels by frequency; `wholes`: those of whole rows; `strict`: no label that goes on a span without
        one before it, ever."""
        rows, wholes = unpack(values)
        counts = Counter(label for row in rows for label in row if label is not None)
        names = sorted(counts, key=lambda label: (-counts[label], label))[:MOST]
        spans = any(is_span_label(name) for name in names)
        strict = spans and not any(is_malformed_span(row, ends=has_ends(names)) for row in rows)
        whole = Counter(label for label in wholes or () if label is not None)
        return {
            "values": names,
            "counts": [counts[name] for name in names],
            "wholes": sorted(whole)[:MOST],
            "spans": spans,
            "strict": strict,
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Codes, int32: 0 = not scored, k + 1 = the k-th label, then one for a new beginning and one for a new I-. A
        whole row's comes first."""
        rows, wholes = unpack(values)
        names, wanted = state["values"], state["wholes"]
        place: dict[str | None, int] = {None: 0} | {name: k for k, name in enumerate(names, 1)}
        whole_place: dict[str | None, int] = {None: 0} | {name: k for k, name in enumerate(wanted, 1)}
        new = len(names) + 1
        coded = [[place.get(label, new + (label or "").startswith(GOES_ON)) for label in row] for row in rows]
        if wanted:
            said = wholes or [None] * len(rows)
            coded = [[whole_place.get(label, len(wanted) + 1), *row] for label, row in zip(said, coded, strict=True)]
        lengths = np.fromiter((len(row) for row in coded), np.int64, len(coded))
        return Ragged(np.fromiter((code for row in coded for code in row), np.int32, int(lengths.sum())), lengths)

    def labels(self, values: pl.Series, state: State) -> list[str | None]:
        return [label for row in unpack(values)[0] for label in row]

    def to_html(self, value: Any, state: State) -> str:
        row = unpack(pl.Series([value]))[0][0] if value is not None else []
        return html.escape(" ".join(label or "–" for label in row)[:300])


def unpack(values: pl.Series) -> tuple[list[list[str | None]], list[str | None] | None]:
    """(labels of each row, the label of the whole row or None where there are none)."""
    if isinstance(values.dtype, pl.Struct):
        cells = [cell or {} for cell in values.to_list()]
        return [list(cell.get("tags") or ()) for cell in cells], [cell.get("whole") for cell in cells]
    return [list(cell) if cell is not None else [] for cell in values.to_list()], None


def is_malformed_span(row: list[str | None], *, ends: bool) -> bool:
    """Does a label go on a span that has not begun, or is one left before its end? Labels that are null may be
    anything."""
    return any(
        before is not None and label is not None and not may_follow(before, label, ends=ends)
        for before, label in pairwise(["O", *row])
    )


MODALITY = Tags()
