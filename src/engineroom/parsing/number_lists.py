"""Cells that hold a list of numbers as text, as JSON (`[0.1, 0.2]`) or as NumPy prints an array (`[0.1 0.2]`):
series or vectors."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

NUMBER = r"(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|NaN|null|None)"
LIST = rf"^[\[(]\s*{NUMBER}(?:(?:\s*[,;]\s*|\s+){NUMBER})*\s*,?\s*[\])]$"
BETWEEN = re.compile(r"[,;\s]+")
MISSING = ("nan", "NaN", "null", "None")
MEASURED = 0.5  # share of the cells with a decimal point: lists of whole numbers may be items or labels
SAMPLE = 400


def guess_number_lists(distinct: pl.Series) -> dict[str, Any] | None:
    """The convention where most of the distinct cells are lists of numbers with decimals; else None."""
    sample = distinct.head(SAMPLE)
    if not len(sample) or not sample.str.contains(r"^[\[(]").any():
        return None
    lists = sample.filter(sample.str.contains(LIST) & sample.str.contains(r"[,;\s]"))
    if len(lists) < 0.5 * len(sample) or lists.str.contains(".", literal=True).sum() < MEASURED * len(lists):
        return None
    return {"kind": "number_list"}


def read_number_lists(values: pl.Series, convention: dict[str, Any]) -> pl.Series:
    """(N,) List(Float64); null where a cell is no such list. A missing number within a list is NaN."""
    fits = values.str.contains(LIST).fill_null(False).to_list()
    rows = [_numbers(cell) if fit else None for cell, fit in zip(values.to_list(), fits, strict=True)]
    return pl.Series(values.name, rows, dtype=pl.List(pl.Float64))


def _numbers(cell: str) -> list[float]:
    pieces = [piece for piece in BETWEEN.split(cell.strip("[]() \t\n")) if piece]
    return [float("nan") if piece in MISSING else float(piece) for piece in pieces]
