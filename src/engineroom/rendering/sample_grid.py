"""What is asked of who makes pictures for the report: some of every kind, by chances of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.batch import RowResults
from ..core.schema import Schema

NOISE = "noise"  # the column of chance
ASIDE = 1_000_000  # seeds of pictures made for the report begin here
KINDS = 10  # in the report


def edges_of(records: RowResults) -> np.ndarray:
    both = np.concatenate([records["truth"][:, -1], records["made"][:, -1]])
    both = both[np.isfinite(both)]
    return np.linspace(0, float(both.max()) + 1e-6 if len(both) else 1.0, 41)


def condition_grid(schema: Schema, each: int) -> tuple[pl.DataFrame, int]:
    """(rows to be made, how many stand in a line): `each` of every class of the first condition, or as many rows as
    columns."""
    visible = [c for c in schema.inputs if not registry.get("modalities", c.modality).is_noise]
    classes = [c for c in visible if c.modality == "category"]
    kinds = classes[0].state["values"][:KINDS] if classes else [None] * (KINDS if each > 2 else 4)
    columns: dict[str, Any] = {c.name: [None] * (each * len(kinds)) for c in visible}
    if classes:
        columns[classes[0].name] = [kind for kind in kinds for _ in range(each)]
    return pl.DataFrame({**columns, NOISE: [ASIDE + k for k in range(each * len(kinds))]}), each
