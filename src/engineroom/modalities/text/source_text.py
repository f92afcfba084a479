"""A column of text that is read as a whole before something is written in return: pieces of bytes (BPE), nothing lost
of case or spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .text_corpus import MOST_TOKENS, Corpus, TokenTable, encode_texts, learn_pieces

VOCABULARY = 6_000
LONGEST, MOST_LONGEST = 512, 4_096  # pieces of a text that are read, from its start
SAMPLE = 5_000  # texts whose lengths are looked at
STD = 0.1  # of a piece's numbers at the start


class Passage(Corpus):
    backbones: tuple[str, ...] = ("transformer", "rnn", "cnn", "mlp")  # type: ignore[assignment]
    may_be_constant = False

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: Mapping[str, Any]) -> dict[str, Any]:
        """`facts`: "most" (pieces known), "longest" (pieces read of a text)."""
        texts = [text[: limits.characters] for text in values.cast(pl.String).drop_nulls().to_list()]
        tokenizer = learn_pieces(texts, int(facts.get("most", VOCABULARY)))
        state = {
            "tokens": "pieces",
            "tokenizer": tokenizer.to_str(),
            "vocabulary": tokenizer.get_vocab_size(),
            "characters": limits.characters,
        }
        some = texts[:: max(1, len(texts) // SAMPLE)]
        lengths = [len(row) for row in encode_texts(some, state)] or [8]
        length = int(min(facts.get("longest", LONGEST), max(8, np.quantile(lengths, 0.995))))
        return state | {"length": length, "words": usual_words(some)}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Piece numbers, int32, the first state["length"] of a row."""
        texts = [text[: state["characters"]].strip() for text in values.cast(pl.String).fill_null("").to_list()]
        rows = [row[: state["length"]] for row in encode_texts(texts, state)]
        for index, row in enumerate(rows):
            if not len(row):
                damaged[index] = "has no text"
        return Ragged(
            np.concatenate(rows) if rows else np.zeros(0, np.int32), np.array([len(row) for row in rows], np.int64)
        )

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        table = TokenTable(states[0]["vocabulary"], width)
        nn.init.normal_(table.table.weight, std=STD)
        return table

    def typical_length(self, state: State) -> int:
        return state["length"]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        sound = 0 < state["vocabulary"] <= MOST_TOKENS and 0 < state["length"] <= MOST_LONGEST
        return tensor.ndim == 2 and sound and bool(((tensor >= 0) & (tensor < state["vocabulary"])).all())


def usual_words(texts: Sequence[str]) -> float:
    """The median number of words of a text."""
    return float(np.median([len(text.split()) for text in texts] or [0]))


MODALITY = Passage()
