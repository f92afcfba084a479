"""A column of letter strings of one length in which each place means the same in every row: variants of a protein,
aligned genes, codes.

Every place at which the training rows differ is a column of a table: what matters is which letter stands where, not
what it stands beside. A network that averages over places would have to learn that anew.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.protocols import State
from .._base import Base
from ..tabular.category import Embeddings

LONGEST = 20_000  # letters
SITES = 1_024  # places that are told apart, those first where most rows differ from the usual letter
SHORTEST = 8  # letters of a string that is taken for one by itself
CONSERVED = 0.5  # mean share of a place's commonest letter: unrelated stretches have less
SAMPLE = 2_000  # cells looked at


class Aligned(Base):
    layouts = ("sequence",)
    signal_type = "set"
    backbones = ("mlp", "transformer")

    def detect(self, values: pl.Series) -> float:
        """Capital letters, one length, and most places alike in most rows."""
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls().head(SAMPLE)
        lengths = known.str.len_chars()
        if known.n_unique() < 3 or lengths.min() != lengths.max() or lengths[0] < SHORTEST or lengths[0] > LONGEST:
            return 0.0
        if not known.str.contains(r"^[A-Z*-]+$").all():
            return 0.0
        table = letters(known, lengths[0])
        usual = np.mean([np.unique(place, return_counts=True)[1].max() / len(table) for place in table.T])
        return 0.97 if usual >= CONSERVED else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        """`length`, the `sites` (places from 0 on) at which training rows differ, and the letters `known` at each, the
        commonest first."""
        known = values.drop_nulls().cast(pl.String)
        lengths = Counter(known.str.len_chars().to_list())
        length = lengths.most_common(1)[0][0] if lengths else 0
        table = letters(known.filter(known.str.len_chars() == length), length)
        found = {place: Counter(column.tolist()) for place, column in enumerate(table.T) if (column != column[0]).any()}
        ranked = sorted(found, key=lambda place: (found[place].most_common(1)[0][1], place))
        sites = sorted(ranked[:SITES]) or [0]
        usual = "".join(Counter(column.tolist()).most_common(1)[0][0] for column in table.T)
        at = [
            "".join(letter for letter, _ in sorted(found[site].items(), key=lambda pair: (-pair[1], pair[0])))
            if site in found
            else ""
            for site in sites
        ]
        return {"length": length, "usual": usual, "sites": sites, "known": at, "letters": True}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, sites) int16: 0 = a letter that training never saw there, k + 1 = the k-th it knows."""
        length = state["length"]
        texts = values.cast(pl.String).to_list()
        for row, text in enumerate(texts):
            if text is None or len(text) != length:
                damaged[row] = (
                    "is missing" if text is None else f"has {len(text):,} letters, the training rows {length:,}"
                )
                texts[row] = "\0" * length
        table = letters(pl.Series(texts, dtype=pl.String), length)
        codes = np.zeros((len(texts), len(state["sites"])), np.int16)
        for k, (site, known) in enumerate(zip(state["sites"], state["known"], strict=True)):
            for code, letter in enumerate(known, 1):
                codes[table[:, site] == letter, k] = code
        return codes

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """(B, sites) of the usual letters."""
        return torch.ones_like(x)

    def token_names(self, row: Tensor, state: State) -> list[str]:
        pairs = zip(state["sites"], state["known"], row.tolist(), strict=True)
        return [f"{known[code - 1] if code else '?'} at {site + 1}" for site, known, code in pairs]

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Sites([len(known) + 1 for known in states[0]["known"]], width)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.shape[1] == len(state["sites"]) == len(state["known"]) <= SITES

    def to_html(self, value: Any, state: State) -> str:
        """What differs from the usual, as the field writes it: the usual letter, the place, the letter."""
        text, usual = str(value or ""), state.get("usual", "")
        if len(text) != len(usual):
            return f"<p>{html.escape(text[:300])}</p>"
        changes = [f"{a}{place}{b}" for place, (a, b) in enumerate(zip(usual, text, strict=True), 1) if a != b]
        return f"<p>{html.escape(' '.join(changes[:40]) or 'the usual letters')}{' …' if len(changes) > 40 else ''}</p>"


class Sites(Embeddings):
    """(B, sites) codes → sequence Signal (B, sites, D): a vector for every letter at every place."""


def letters(values: pl.Series, length: int) -> np.ndarray:
    """(N,) texts of `length` letters → (N, length) of one letter each."""
    if not len(values) or not length:
        return np.zeros((len(values), length), "<U1")
    return np.array(values.to_list(), f"<U{length}").view("<U1").reshape(len(values), length)


MODALITY = Aligned()
