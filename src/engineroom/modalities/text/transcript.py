"""What was said, as codes of characters or of words, with a bigram language model for decoding. A target only."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.protocols import Ragged, State
from .._base import Base

BLANK = 0  # nothing new is said
FEW_WORDS = 64  # different ones in all training rows, up to which a transcript is read word by word
MOST = 4_000  # units
KEPT = ("grammar",)  # facts that are no part of the coding but must stay with it: what is wanted when something is said
MANY = 4  # times that a word occurs on average where words are units


class Transcript(Base):
    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return fitted([plain(text) for text in values.drop_nulls().cast(pl.String)], "auto")

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        found = fitted([plain(text) for text in values.drop_nulls().cast(pl.String)], str(facts.get("units", "auto")))
        return found | {name: facts[name] for name in KEPT if name in facts}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(L,) int32 each, 1 … units; units + 1 for what training never heard."""
        rows = [coded(plain(text or ""), state) for text in values.cast(pl.String).to_list()]
        return Ragged(
            np.concatenate(rows) if rows else np.zeros(0, np.int32), np.array([len(row) for row in rows], np.int64)
        )

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2

    def to_html(self, value: Any, state: State) -> str:
        return html.escape("" if value is None else str(value)[:300])


def plain(text: str) -> str:
    """Lower case, letters, figures and apostrophes alone, one space between words: as word errors are usually
    counted."""
    return re.sub(r"[^\w']+", " ", text.lower().replace("_", " ")).strip()


def cut(text: str, units: str) -> list[str]:
    return text.split() if units == "words" else list(text)


def coded(text: Any, state: Mapping[str, Any]) -> np.ndarray:
    """A plain text → (L,) int32 codes: 1 … units, units + 1 for what training never heard; codes stay what they are."""
    if not isinstance(text, str):
        return np.asarray(text)
    place = {unit: k + 1 for k, unit in enumerate(state["alphabet"])}
    return np.array([place.get(unit, len(place) + 1) for unit in cut(text, state["units"])], np.int32)


def spelt(codes: Any, state: Mapping[str, Any]) -> str:
    joiner = " " if state["units"] == "words" else ""
    return joiner.join(state["alphabet"][code - 1] if 0 < code <= len(state["alphabet"]) else "?" for code in codes)


def fitted(texts: list[str], units: str) -> dict[str, Any]:
    words = Counter(word for text in texts for word in text.split())
    if units == "auto":
        units = "words" if len(words) <= FEW_WORDS and sum(words.values()) >= MANY * len(words) else "characters"
    counts = Counter(unit for text in texts for unit in cut(text, units))
    if not counts or len(counts) > MOST:
        raise DataError(
            f"The transcripts hold {len(counts):,} different {units}.",
            f"Between 1 and {MOST:,} can be told apart.",
            "--set options.units=characters",
        )
    alphabet = sorted(counts)
    place = {unit: k + 1 for k, unit in enumerate(alphabet)}
    pairs = Counter(pair for text in texts for pair in pairwise([0, *(place[unit] for unit in cut(text, units)), 0]))
    return {"units": units, "alphabet": alphabet, "pairs": [[a, b, count] for (a, b), count in sorted(pairs.items())]}


MODALITY = Transcript()
