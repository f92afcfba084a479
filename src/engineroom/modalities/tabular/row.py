"""A whole row as an answer: what a generator of tables is to make. A target only: a struct of numbers and classes as
one vector, and back.

A number stands by its rank among the training rows, spread like a normal distribution, so that no scale and no long
tail matters; a class by one number for each of its values. A number that can be missing has a second one that says so.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import State
from ...core.sampling import evenly
from .._base import Base
from .category import to_strings

KNOTS = 256  # values of a number that are remembered, in even ranks
SPIKES = 20  # a number with at most so many different values is a class
CLASSES = 40  # of a column; rarer ones are counted as the commonest
EDGE = 3.5  # ranks reach this far from the middle, in standard deviations: of normal draws one in 4,000 lies beyond
BELOW = 0.00023262907903552504  # share of a normal distribution below −EDGE
REMEMBERED = 2_000  # training rows, to notice copies
ON = 1.0


class Record(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        columns = [fitted(values.struct.field(one.name)) for one in values.dtype.fields]  # type: ignore[attr-defined]
        state: dict[str, Any] = {"columns": columns, "width": sum(width(one) for one in columns)}
        picked = values.gather(evenly(len(values), REMEMBERED))
        known = self.encode(picked, state, {}).astype(np.float16)
        return state | {"rows": len(known), "remembered": base64.b64encode(known.tobytes()).decode()}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, width) float32."""
        parts = [to_numbers(values.struct.field(one["name"]), one) for one in state["columns"]]
        return np.concatenate(parts, 1) if parts else np.zeros((len(values), 0), np.float32)


def fitted(values: pl.Series) -> dict[str, Any]:
    """What is to be known of one column to write it as numbers and back."""
    real = values.dtype.is_numeric()
    known = values.drop_nulls()
    if real and known.dtype.is_float():
        known = known.filter(known.is_finite())
    if not real or known.n_unique() <= SPIKES:
        counts = to_strings(values).fill_null("").value_counts(sort=True, name="n").head(CLASSES)
        return {
            "name": values.name,
            "kind": "class",
            "values": counts[values.name].to_list(),
            "shares": (counts["n"] / counts["n"].sum()).to_list(),
            "type": str(values.dtype),
        }
    x = np.sort(known.cast(pl.Float64).to_numpy())
    knots = np.quantile(x, np.linspace(0, 1, KNOTS), method="nearest")
    whole = bool(np.equal(np.mod(x, 1), 0).all())
    return {
        "name": values.name,
        "kind": "number",
        "knots": knots.tolist(),
        "whole": whole,
        "missing": len(known) < len(values),
        "type": str(values.dtype),
    }


def width(one: Mapping[str, Any]) -> int:
    return len(one["values"]) if one["kind"] == "class" else 1 + one["missing"]


def spans(columns: Sequence[Mapping[str, Any]]) -> list[slice]:
    """Where each column stands in the vector."""
    ends = np.cumsum([0, *(width(one) for one in columns)]).tolist()
    return [slice(a, b) for a, b in pairwise(ends)]


def to_numbers(values: pl.Series, one: Mapping[str, Any]) -> np.ndarray:
    """(N, width of the column) float32."""
    if one["kind"] == "class":
        places = {name: k for k, name in enumerate(one["values"])}
        codes = np.array([places.get(text, 0) for text in to_strings(values).fill_null("")], int)
        return (ON * (2 * np.eye(len(places), dtype=np.float32)[codes] - 1)).reshape(len(values), len(places))
    x = values.cast(pl.Float64, strict=False).to_numpy()
    absent = ~np.isfinite(x)
    z = from_ranks(ranks(x, np.array(one["knots"])))
    z[absent] = 0.0
    return (
        np.stack([z, np.where(absent, ON, -ON)], 1).astype(np.float32)
        if one["missing"]
        else z[:, None].astype(np.float32)
    )


def ranks(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Numbers (N,) → their ranks 0 … 1 among the knots, the middle one of equal knots (as scikit-learn's
    QuantileTransformer)."""
    places = np.linspace(0, 1, len(knots))
    return (np.interp(x, knots, places) + 1 - np.interp(-x, -knots[::-1], 1 - places[::-1])) / 2


def from_ranks(rank: np.ndarray) -> np.ndarray:
    """Ranks 0 … 1 → standing −EDGE … EDGE; the inverse of `to_ranks`."""
    from scipy.special import ndtri

    return ndtri(BELOW + (1 - 2 * BELOW) * np.clip(rank, 0, 1))


def to_ranks(z: np.ndarray) -> np.ndarray:
    """Standing → ranks 0 … 1: even ones where the standing is normal."""
    from scipy.special import ndtr

    return ((ndtr(z) - BELOW) / (1 - 2 * BELOW)).clip(0, 1)


def centre_ties(z: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Standing (N,) → the same, but at the middle of a value's ranks wherever many rows have that very value (no gain,
    forty hours)."""
    _, first, counts = np.unique(knots, return_index=True, return_counts=True)
    last = len(knots) - 1
    place = np.searchsorted(first, np.round(to_ranks(z) * last), side="right") - 1
    middle = from_ranks((first + (counts - 1) / 2) / last)
    return np.where(counts[place] > 1, middle[place], z)


def spread_ties(rows: Tensor, noise: Tensor, columns: Sequence[Mapping[str, Any]]) -> Tensor:
    """Rows (N, W), and noise, standard normal (N, W or more) → the same, but values that many rows share anywhere among
    their ranks: `centre_ties` takes them back."""
    out = rows.clone()
    for one, span in zip(columns, spans(columns), strict=True):
        if one["kind"] == "class":
            continue
        _, first, counts = np.unique(one["knots"], return_index=True, return_counts=True)
        begin, many = (torch.as_tensor(x, dtype=rows.dtype, device=rows.device) for x in (first, counts))
        z, last = rows[:, span.start], len(one["knots"]) - 1
        rank = ((torch.special.ndtr(z) - BELOW) / (1 - 2 * BELOW)).clamp(0, 1)
        place = torch.searchsorted(begin, torch.round(rank * last), right=True) - 1
        shared = (begin[place] + (many[place] - 1) * torch.special.ndtr(noise[:, span.start])) / last
        spread = torch.special.ndtri(BELOW + (1 - 2 * BELOW) * shared.clamp(0, 1)).clamp(-EDGE, EDGE)
        there = (many[place] > 1) & ((rows[:, span.start + 1] < 0) if one["missing"] else True)
        out[:, span.start] = torch.where(there, spread, z)
    return out


def discretise(rows: np.ndarray, columns: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(N, width): of a class the largest number on, the others off; a number that is missing or one of many that are
    equal as training writes it."""
    out = rows.astype(np.float32).copy()
    for one, span in zip(columns, spans(columns), strict=True):
        part = out[:, span]
        if one["kind"] == "class":
            out[:, span] = ON * (2 * np.eye(part.shape[1], dtype=np.float32)[part.argmax(1)] - 1)
            continue
        part[:, 0] = centre_ties(part[:, 0], np.array(one["knots"]))
        if one["missing"]:
            absent = part[:, 1] > 0
            out[:, span] = np.stack([np.where(absent, 0, part[:, 0]), np.where(absent, ON, -ON)], 1)
    return out


def to_table(vectors: np.ndarray, columns: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """(N, width) → the columns as they were: classes by the largest number, numbers by the value at their rank."""
    out = {}
    for one, span in zip(columns, spans(columns), strict=True):
        part = vectors[:, span]
        if one["kind"] == "class":
            names = np.array(one["values"], object)[part.argmax(1)] if len(part) else []
            values = pl.Series([name or None for name in names], dtype=pl.String)
            out[one["name"]] = (
                values.cast(pl.Float64, strict=False) if one["type"].startswith(("Float", "Int", "UInt")) else values
            )
            continue
        knots = np.array(one["knots"])
        x = np.interp(to_ranks(part[:, 0]), np.linspace(0, 1, len(knots)), knots)
        x = (
            knots[np.abs(knots[None] - x[:, None]).argmin(1)]
            if one["whole"] and len(np.unique(knots)) < len(knots) / 2
            else np.round(x)
            if one["whole"]
            else x
        )
        values = pl.Series(x)
        if one["missing"]:
            values = pl.select(pl.when(pl.Series(part[:, 1] > 0)).then(None).otherwise(values)).to_series()
        out[one["name"]] = values
    frame = pl.DataFrame(out)
    return frame.with_columns(
        pl.col(one["name"]).cast(pl.Int64, strict=False) for one in columns if one["type"].startswith(("Int", "UInt"))
    )


def remembered(state: State) -> np.ndarray:
    """(n, width) float32: some training rows."""
    return (
        np.frombuffer(base64.b64decode(state["remembered"]), np.float16).reshape(state["rows"], -1).astype(np.float32)
    )


MODALITY = Record()
