"""A column of sentences to be spoken, letter by letter: a network that speaks must know of every letter, and of the
spaces and stops between."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.protocols import Ragged, State
from .._base import Base

WIDTH = 96  # numbers a letter
MOST, LONGEST = 512, 1_000  # letters that can be known; of a sentence
EDGE = " "  # stands before and after every sentence: the breath


class Spelling(Base):
    layouts = ("sequence",)
    signal_type = "words"
    backbones = ("rnn", "transformer")

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        texts = [normalise_text(text) for text in values.drop_nulls().cast(pl.String)]
        counts = Counter(letter for text in texts for letter in text)
        if not counts or len(counts) > MOST:
            raise DataError(
                f"The sentences hold {len(counts):,} different letters.",
                f"Between 1 and {MOST} can be learnt.",
                "Is this a column of sentences?",
            )
        return {"letters": sorted(counts), "length": int(np.quantile([len(text) for text in texts], 0.95))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(U,) int32 each, 1 … letters; letters never heard are left out, and said so where nothing is left."""
        place = {letter: k + 1 for k, letter in enumerate(state["letters"])}
        rows = []
        for index, text in enumerate(values.cast(pl.String).to_list()):
            codes = [place[letter] for letter in normalise_text(text or "") if letter in place]
            if not (text or "").strip():
                damaged[index] = "is empty: there is nothing to say"
            elif len(codes) > LONGEST:
                damaged[index] = f"has {len(codes):,} letters, more than {LONGEST:,}: cut it into sentences"
            elif not any(state["letters"][code - 1].isalnum() for code in codes):
                damaged[index] = "has no letter that the voice ever said"
            rows.append(np.array([] if index in damaged else codes, np.int32))
        return Ragged(
            np.concatenate(rows) if rows else np.zeros(0, np.int32), np.array([len(row) for row in rows], np.int64)
        )

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Letters(len(states[0]["letters"]) + 1)

    def typical_length(self, state: State) -> int:
        return state["length"]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tensor.ndim == 2 and tensor.shape[1] <= LONGEST and len(state["letters"]) <= MOST

    def to_html(self, value: Any, state: State) -> str:
        return f"<p>{html.escape('' if value is None else str(value)[:300])}</p>"


class Letters(nn.Module):
    """(B, U) codes → sequence Signal (B, U, 3 · WIDTH): every letter, the one before and the one after, which decide
    how it sounds."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.table = nn.Embedding(letters, WIDTH, padding_idx=0)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        mask = torch.ones_like(x, dtype=torch.bool) if mask is None else mask
        own = self.table(x.long()) * mask[..., None]
        nothing = own.new_zeros(len(own), 1, own.shape[2])
        return Signal(
            torch.cat([torch.cat([nothing, own[:, :-1]], 1), own, torch.cat([own[:, 1:], nothing], 1)], 2),
            "sequence",
            mask,
        )


def normalise_text(text: str) -> str:
    """Lower case, one space between words, a breath at both ends."""
    return EDGE + " ".join(text.lower().split()) + EDGE


MODALITY = Spelling()
