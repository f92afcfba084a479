"""A column of token lists: sentences as their words, proteins as their residues. One vector a token, so that each can
be labelled.

A word begins where the company it keeps puts it (`_words`) and is told apart by its pieces (`_pieces`). A word that
comes once, and now and then any other, is known by its pieces alone, so that what a word never seen means is learnt
too.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base
from ._subword_hashing import BUCKETS, MOST, piece_table, split_text
from ._word_vectors import keep_company

WORDS = 20_000  # known by themselves; rarer ones by their pieces
LONGEST = 4_096  # tokens a row; labels would be lost by cutting, so longer rows are damaged
ALPHABET = 64  # one-letter tokens of at most so many kinds are letters, not words
PAD, UNKNOWN = 0, 1
STD = 0.1
NARROW = 64  # numbers a piece


class Tokens(Base):
    layouts = ("sequence",)
    signal_type = "words"
    backbones = ("rnn", "transformer")

    def detect(self, values: pl.Series) -> float:
        """Lists of words in which some word comes twice: a set of labels never says one twice."""
        if values.dtype != pl.List(pl.String):
            return 0.0
        known = values.drop_nulls().head(2000)
        lengths = known.list.len()
        twice = (known.list.n_unique() < lengths).sum()
        return 0.95 if len(known) and twice > 0.02 * len(known) and float(lengths.mean() or 0) >= 3 else 0.1  # type: ignore[arg-type]

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        letters = are_letters(values)
        rows = to_tokens(values, letters)
        counts = Counter(spelt(token, letters) for row in rows for token in row)
        words = [
            word for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:WORDS] if count > 1
        ]
        lengths = [len(row) for row in rows if row] or [1]
        return {"words": words, "letters": letters, "length": int(min(LONGEST, max(4, np.quantile(lengths, 0.95))))}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """(M, 1 + pieces) int32: the word's number, then those of its pieces (letters have none)."""
        rows = to_tokens(values, state["letters"])
        for index, row in enumerate(rows):
            if len(row) > LONGEST:
                damaged[index] = f"has {len(row):,} tokens, more than {LONGEST:,}"
            elif not row:
                damaged[index] = "has no tokens"
            if index in damaged:
                rows[index] = [""]
        flat = [token for row in rows for token in row]
        different = sorted(set(flat))
        place = {word: number for number, word in enumerate(state["words"], UNKNOWN + 1)}
        own = np.array([[place.get(spelt(word, state["letters"]), UNKNOWN)] for word in different], np.int32).reshape(
            -1, 1
        )
        table = own if state["letters"] else np.concatenate([own, piece_table(different)], 1)
        where = {word: i for i, word in enumerate(different)}
        codes = table[np.fromiter((where[token] for token in flat), np.int64, len(flat))]
        return Ragged(codes, np.fromiter((len(row) for row in rows), np.int64, len(rows)))

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """(B, T, 1 + P) unknown words without pieces."""
        out = torch.zeros_like(x)
        out[..., 0] = UNKNOWN
        return out

    def token_names(self, row: Tensor, state: State) -> list[str]:
        return [state["words"][code - UNKNOWN - 1] if code > UNKNOWN else "?" for code in row[:, 0].tolist()]

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return WordsAndPieces(len(states[0]["words"]) + UNKNOWN + 1, width, letters=states[0]["letters"])

    def initialise_stem(self, stems: Sequence[Any], rows: Callable[[], Any]) -> None:
        """Letters keep no company that would tell them apart."""
        if stems[0].parts is not None:
            sentences = rows()
            keep_company(stems, sentences.flat[:, 0], sentences.lengths, std=STD, pad=PAD)

    def typical_length(self, state: State) -> int:
        return state["length"]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        columns = 1 if state["letters"] else 1 + MOST
        return (
            tensor.ndim == 3
            and tensor.shape[2] == columns
            and len(state["words"]) <= WORDS
            and 0 < state["length"] <= LONGEST
        )

    def to_html(self, value: Any, state: State) -> str:
        row = [] if value is None else to_tokens(pl.Series([value]), bool(state.get("letters")))[0]
        text = ("" if state.get("letters") else " ").join(row)
        return f"<p>{html.escape(text[:600])}{'…' if len(text) > 600 else ''}</p>"


class WordsAndPieces(nn.Module):
    """(B, T, 1 + P) codes and mask (B, T) → sequence Signal (B, T, D): the word's vector and the mean of its
    pieces'."""

    def __init__(self, words: int, width: int, *, letters: bool, drop: float = 0.15) -> None:
        super().__init__()
        self.table = nn.Embedding(words, width, padding_idx=PAD)
        nn.init.normal_(self.table.weight, std=STD)
        self.parts = None if letters else nn.Parameter(2 * STD * torch.randn(BUCKETS, NARROW))
        self.join = nn.Identity() if letters else nn.Linear(NARROW, width, bias=False)
        self.drop = 0.0 if letters else drop

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        codes = x.long()
        words = codes[..., 0]
        if self.training and self.drop:
            words = torch.where(torch.rand(words.shape, device=words.device) < self.drop, UNKNOWN, words)
        mask = torch.ones_like(words, dtype=torch.bool) if mask is None else mask
        vectors = self.table(words)
        if self.parts is not None:
            bags = F.embedding_bag(codes[..., 1:].flatten(0, 1), self.parts, mode="mean", padding_idx=0)
            vectors = vectors + self.join(bags).view(*words.shape, -1)
        return Signal(vectors * mask[..., None], "sequence", mask)


def spelt(token: str, letters: bool) -> str:
    """One spelling a word; letters stay as they are."""
    return token if letters else token.lower()


def are_letters(values: pl.Series) -> bool:
    """Is a token one letter here (residues, bases) rather than a word?"""
    known = values.drop_nulls().head(2000)
    if values.dtype == pl.String:
        return not known.str.contains(r"\s").any() and float(known.str.len_chars().mean() or 0) > 1  # type: ignore[arg-type]
    different = known.explode().drop_nulls().unique()
    return bool(len(different)) and bool((different.str.len_chars() <= 1).all()) and len(different) <= ALPHABET


def to_tokens(values: pl.Series, letters: bool) -> list[list[str]]:
    """Cells (lists, or text: cut at spaces, or into letters) → lists of words; a missing cell is an empty one."""
    if values.dtype == pl.String:
        cut = (lambda text: list(text.strip())) if letters else split_text
        return [cut(cell) if cell else [] for cell in values]
    if not isinstance(values.dtype, pl.List):
        return [[] if cell is None else [str(cell)] for cell in values]
    return [
        ["" if word is None else str(word) for word in cell] if cell is not None else [] for cell in values.to_list()
    ]


MODALITY = Tokens()
