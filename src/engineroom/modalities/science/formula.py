"""A column of chemical formulas (Fe2O3, Ag(AuS)2, Fe0.62C0.001): what share each element has, and how the elements'
properties spread.

The descriptors are of the kind of Ward et al. 2016 (Magpie): mean, spread, least and greatest of each property,
weighted by share.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from torch import nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.errors import missing_extra
from ...core.protocols import State
from .._base import Base
from ..tabular.number import BINS, PiecewiseLinear
from ..tabular.number import MODALITY as NUMBER

NOBLE = (0, 2, 10, 18, 36, 54, 86, 118)  # atomic numbers at which a period ends
TOKEN = re.compile(r"([A-Z][a-z]?)|([(\[])|([)\]])|(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|(\s+)")
LONGEST = 300  # letters of a formula
HEAVIEST = 103
PROPERTIES = 7
SAMPLE = 200


class Formula(Base):
    layouts = ("sequence", "vector")
    signal_type = "set"
    backbones = ("mlp", "transformer")

    def detect(self, values: pl.Series) -> float:
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls().head(SAMPLE).to_list()
        if len(set(known)) <= max(10, 0.2 * len(known)):  # grades such as SI2 and VS1 are spelt like formulas
            return 0.0
        if not known or not all(re.fullmatch(r"(?:[A-Z][a-z]?|[()\[\]\d.])+", text) for text in known):
            return 0.0
        try:
            parsed = [parse(text) for text in known]
        except ValueError:
            return 0.0
        several = np.mean([len(one) > 1 for one in parsed])
        counted = np.mean([any(letter.isdigit() for letter in text) for text in known])
        return 0.96 if several > 0.7 and counted > 0.3 else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        damaged: dict[int, str] = {}
        raw = describe(values, damaged)
        raw = raw[[row for row in range(len(raw)) if row not in damaged]]
        used = np.flatnonzero(np.ptp(raw, axis=0) > 1e-9).tolist() if len(raw) else []
        states = [NUMBER.fit(pl.Series(raw[:, place]), limits=limits) for place in used]
        if not states:
            used, states = [0], [{"mean": 0.0, "std": 1.0, "edges": [0.0, 1.0]}]
        return {
            "used": used,
            "mean": [s["mean"] for s in states],
            "std": [s["std"] for s in states],
            "edges": [s["edges"] for s in states],
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, F) float32, standardised by the training rows."""
        raw = describe(values, damaged)[:, state["used"]]
        return np.clip((raw - state["mean"]) / state["std"], -10, 10).astype(np.float32)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return PiecewiseLinear(states[0]["edges"], width)

    def validate_example(self, state: State, tensor: Any) -> bool:
        return tensor.shape[1] == len(state["used"]) == len(state["edges"]) and all(
            len(e) <= 2 * BINS + 3 for e in state["edges"]
        )

    def canonical(self, values: pl.Series) -> pl.Series:
        """One spelling a composition: shares in the order of the elements."""
        return pl.Series([spelling(text) for text in values], dtype=pl.String)


def spelling(text: str | None) -> str:
    try:
        parts = parse(text or "")
    except ValueError:
        return str(text)
    total = sum(parts.values())
    return " ".join(f"{symbol}{parts[symbol] / total:.5g}" for symbol in sorted(parts))


def parse(text: str) -> dict[str, float]:
    """Formula → {symbol: atoms}. Raises ValueError in plain words."""
    if not text or len(text) > LONGEST:
        raise ValueError("is empty" if not text else f"is longer than {LONGEST} letters")
    stack: list[list[dict[str, float]]] = [[]]  # what stands side by side, for every open bracket
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if not found:
            raise ValueError(f"holds {text[place]!r}, which is no part of a formula")
        symbol, opens, closes, number, _ = found.groups()
        if symbol:
            if symbol not in elements():
                raise ValueError(f"names an element {symbol!r} that does not exist")
            stack[-1].append({symbol: 1.0})
        elif opens:
            stack.append([])
        elif closes:
            inner = stack.pop()
            if not stack:
                raise ValueError("closes a bracket that was never opened")
            stack[-1].append(sum_counts(inner))
        elif number:
            if not stack[-1]:
                raise ValueError(f"has a number {number} that counts nothing")
            stack[-1][-1] = {name: count * float(number) for name, count in stack[-1][-1].items()}
        place = found.end()
    if len(stack) > 1:
        raise ValueError("leaves a bracket open")
    atoms = {name: count for name, count in sum_counts(stack[0]).items() if count > 0}
    if not atoms or not all(math.isfinite(count) for count in atoms.values()):
        raise ValueError("names no atoms")
    return atoms


def sum_counts(parts: list[dict[str, float]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for part in parts:
        for name, count in part.items():
            out[name] = out.get(name, 0.0) + count
    return out


@cache
def elements() -> dict[str, np.ndarray]:
    """symbol → (PROPERTIES,) atomic number, period, group, mass, covalent and van der Waals radius, outer electrons."""
    try:
        from rdkit import Chem
    except ImportError:
        raise missing_extra(
            "molecules", "RDKit", "Formulas", instead="read the column as text: --set columns.NAME.modality=text"
        ) from None
    table = Chem.GetPeriodicTable()
    out = {}
    for z in range(1, HEAVIEST + 1):
        period = next(p for p, end in enumerate(NOBLE) if z <= end)
        rest = z - NOBLE[period - 1]
        width = NOBLE[period] - NOBLE[period - 1]
        group = rest if rest <= 2 and z != 2 else max(3, 18 - (width - rest))
        values = [
            z,
            period,
            group,
            table.GetAtomicWeight(z),
            table.GetRcovalent(z),
            table.GetRvdw(z),
            table.GetNOuterElecs(z),
        ]
        out[table.GetElementSymbol(z)] = np.array(values, float)
    return out


def describe(values: pl.Series, damaged: dict[int, str]) -> np.ndarray:
    """(N, HEAVIEST + 5 · PROPERTIES + 2): shares; mean, deviation, least, greatest, range of each property; elements,
    mixing."""
    known = elements()
    place = {symbol: k for k, symbol in enumerate(known)}
    out = np.zeros((len(values), HEAVIEST + 5 * PROPERTIES + 2))
    for row, text in enumerate(values.cast(pl.String)):
        if text is None:
            continue
        try:
            atoms = parse(text)
        except ValueError as error:
            damaged[row] = str(error)
            continue
        share = np.array(list(atoms.values()))
        share /= share.sum()
        table = np.stack([known[symbol] for symbol in atoms])
        mean = share @ table
        spread = np.sqrt(share @ (table - mean) ** 2)
        low, high = table.min(0), table.max(0)
        out[row, [place[symbol] for symbol in atoms]] = share
        out[row, HEAVIEST:] = np.concatenate(
            [mean, spread, low, high, high - low, [len(atoms), -(share * np.log(share)).sum()]]
        )
    return out


MODALITY = Formula()
