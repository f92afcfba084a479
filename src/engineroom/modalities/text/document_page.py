"""A column of pages: words in reading order, beside each the numbers that say where it stands. Made by a task from
lines and their boxes.

A word is known as in a column of tokens (by itself and by its pieces), with any digit read as 0: no two receipts share
an amount, but amounts look alike. Places are whole numbers, as in LayoutLM (Xu et al. 2020), here of the written part
of the page, so that a margin means nothing.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from ._document_layout import FACTS, FULL, MOST_OFTEN, SPACE, read_out
from ._subword_hashing import MOST, piece_table
from .tokens import LONGEST, UNKNOWN, WORDS, Tokens, WordsAndPieces

WAVES = 4  # a place is seen by so many wavelengths, from the whole page down
SHIFT, STRETCH = 0.03, 0.05  # by how much a page may be moved and scaled in training
Cell = tuple[list[str], np.ndarray]


class Page(Tokens):
    def detect(self, values: pl.Series) -> float:
        """Never by itself: a task makes such a column."""
        return 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        rows = [words for words, _ in cells(values)]
        counts = Counter(spelt(word) for row in rows for word in row)
        known = [
            word for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:WORDS] if count > 1
        ]
        lengths = [len(row) for row in rows if row] or [1]
        return {"words": known, "letters": False, "length": int(min(LONGEST, max(4, np.quantile(lengths, 0.95))))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(M, 1 + pieces + FACTS) int32: the word's number, those of its pieces, the numbers beside it."""
        rows = cells(values)
        for index, (words, facts) in enumerate(rows):
            if not words or len(words) > LONGEST:
                damaged[index] = (
                    f"has {len(words):,} words, more than {LONGEST:,}" if words else "is no page that can be read"
                )
                rows[index] = ([""], facts[:0].reshape(0, FACTS))
        flat = [spelt(word) for words, _ in rows for word in words]
        different = sorted(set(flat))
        place = {word: number for number, word in enumerate(state["words"], UNKNOWN + 1)}
        own = np.array([[place.get(word, UNKNOWN)] for word in different], np.int32).reshape(-1, 1)
        table = np.concatenate([own, piece_table(different)], 1)
        where = {word: i for i, word in enumerate(different)}
        codes = table[np.fromiter((where[word] for word in flat), np.int64, len(flat))]
        layouts = [facts if len(facts) else np.zeros((len(words), FACTS), np.int32) for words, facts in rows]
        return Ragged(
            np.concatenate([codes, np.concatenate([np.zeros((0, FACTS), np.int32), *layouts])], 1),
            np.array([len(words) for words, _ in rows], np.int64),
        )

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """Every page a little moved, wider and higher."""
        x = fields[""].clone()
        boxes = x[..., -FACTS : 4 - FACTS].float().unflatten(2, (2, 2))
        scale, move = (1 + STRETCH * (2 * torch.rand(len(x), 1, 1, 2, generator=generator) - 1) for _ in range(2))
        boxes = boxes * scale + FULL * SHIFT / STRETCH * (move - 1)
        x[..., -FACTS : 4 - FACTS] = boxes.round().clamp(0, FULL).flatten(2).to(x.dtype)
        return fields | {"": x}

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return WordsInPlaces(len(states[0]["words"]) + UNKNOWN + 1, width, letters=False)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return (
            tensor.ndim == 3
            and tensor.shape[2] == 1 + MOST + FACTS
            and len(state["words"]) <= WORDS
            and 0 < state["length"] <= LONGEST
        )

    def canonical(self, values: pl.Series) -> pl.Series:
        return pl.Series([" ".join(words) for words, _ in cells(values)], dtype=pl.String)

    def to_html(self, value: Any, state: State) -> str:
        words, facts = cell(value)
        text = read_out(words, facts[:, SPACE].tolist())
        return f"<p>{html.escape(text[:600])}{'…' if len(text) > 600 else ''}</p>"


class WordsInPlaces(WordsAndPieces):
    """(B, T, 1 + P + FACTS) codes and mask (B, T) → sequence Signal (B, T, D): what a word is and where it stands."""

    largest: Tensor

    def __init__(self, words: int, width: int, *, letters: bool) -> None:
        super().__init__(words, width, letters=letters)
        self.register_buffer("largest", torch.tensor([1.0, 1.0, 1.0, MOST_OFTEN, FULL]), persistent=False)
        self.place = nn.Sequential(
            nn.Linear(6 * (1 + 2 * WAVES) + FACTS - 4, width), nn.ReLU(), nn.Linear(width, width)
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        words = super().forward(x[..., :-FACTS], mask)
        boxes, flags = x[..., -FACTS : 4 - FACTS].float() / FULL, x[..., 4 - FACTS :].float() / self.largest
        # words are small: as many waves pass through them as through the page
        sizes = 4 * (boxes[..., 2:] - boxes[..., :2])
        at = torch.cat([boxes, sizes], -1)
        turns = at[..., None] * (torch.pi * 2.0 ** torch.arange(WAVES, device=x.device))
        seen = torch.cat([at, turns.sin().flatten(2), turns.cos().flatten(2), flags], -1)
        data = words.data + self.place(seen)
        return Signal(data if words.mask is None else data * words.mask[..., None], "sequence", words.mask)


def spelt(word: str) -> str:
    """One spelling a word, any digit a 0."""
    return re.sub(r"\d", "0", word.lower())


def cell(value: Any) -> Cell:
    """(words, facts (T, FACTS)) of one cell; none of a missing one."""
    if value is None or value.get("words") is None:
        return [], np.zeros((0, FACTS), np.int32)
    return list(value["words"]), np.array(value["facts"], np.int32).reshape(-1, FACTS)


def cells(values: pl.Series) -> list[Cell]:
    return [cell(value) for value in values.to_list()]


MODALITY = Page()
