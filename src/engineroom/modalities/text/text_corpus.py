"""A column of running text to learn a language from: characters where the alphabet is small, else pieces of bytes
(BPE). One vector a token.

Byte-level byte-pair encoding: Radford et al. 2019. A character that training never met is token 0; pieces of bytes can
spell anything.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base
from .text import load_tokenizer

ALPHABET = 128  # at most so many different characters are learnt one by one
VOCABULARY, MOST_TOKENS = 2_048, 65_536
CONTEXT, LONGEST_CONTEXT = 128, 4_096  # tokens
LONGEST = 65_536  # characters of one row that are read
UNKNOWN = 0
UNKNOWN_BYTES = 2  # of a character never met in training …
UNKNOWN_NATS = UNKNOWN_BYTES * math.log(256)  # … and what it costs to spell it out once it is known to be strange
STD = 0.02


class Corpus(Base):
    layouts = ("sequence",)
    signal_type = "words"
    backbones = ("gpt", "lstm")
    may_be_constant = True

    def detect(self, values: pl.Series) -> float:
        return 0.0  # a task must want it

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return self.fit_with_hints(values, limits=limits, facts={})

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: Mapping[str, Any]) -> dict[str, Any]:
        """`facts`: "tokens" (auto, characters or pieces), "most" (pieces known), "context" (tokens a window)."""
        texts = values.cast(pl.String).drop_nulls().to_list()
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        kind = facts.get("tokens", "auto")
        if kind == "auto":
            kind = "characters" if len(counts) <= ALPHABET else "pieces"
        state = {"tokens": kind, "alphabet": "", "tokenizer": "", "context": int(facts.get("context", CONTEXT))}
        if kind == "characters":
            known = sorted(c for c in counts if not "\ud800" <= c <= "\udfff")
            return state | {"alphabet": "".join(known), "vocabulary": len(known) + 1}
        tokenizer = learn_pieces(texts, int(facts.get("most", VOCABULARY)))
        return state | {"tokenizer": tokenizer.to_str(), "vocabulary": tokenizer.get_vocab_size()}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Token numbers, int32, of the first LONGEST characters of a row."""
        texts = [text[:LONGEST] for text in values.cast(pl.String).fill_null("").to_list()]
        rows = encode_texts(texts, state)
        for index, row in enumerate(rows):
            if not len(row):
                damaged[index] = "has no text"
        lengths = np.array([len(row) for row in rows], np.int64)
        return Ragged(np.concatenate(rows) if rows else np.zeros(0, np.int32), lengths)

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return TokenTable(states[0]["vocabulary"], width)

    def token_names(self, row: Tensor, state: State) -> list[str]:
        """What each token spells; blanks and ends of lines are made visible."""
        spelt = token_bytes(state)
        return [spelt[code].decode("utf-8", "replace").replace(" ", "␣").replace("\n", "↵") for code in row.tolist()]

    def typical_length(self, state: State) -> int:
        return state["context"]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        sound = 0 < state["vocabulary"] <= MOST_TOKENS and 1 < state["context"] <= LONGEST_CONTEXT
        return tensor.ndim == 2 and sound and bool(((tensor >= 0) & (tensor < state["vocabulary"])).all())

    def to_html(self, value: Any, state: State) -> str:
        text = "" if value is None else str(value)
        return f'<p style="white-space:pre-wrap">{html.escape(text[:600])}{"…" if len(text) > 600 else ""}</p>'


class TokenTable(nn.Module):
    """(B, T) tokens → sequence Signal (B, T, D). What pads stands after what is real, where nobody who looks back sees
    it."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.table.weight, std=STD)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        return Signal(self.table(x.long()), "sequence", torch.ones_like(x, dtype=torch.bool) if mask is None else mask)


def learn_pieces(texts: list[str], most: int) -> Any:
    """A byte-level tokenizer of at most `most` pieces (256 at least)."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=max(most, 256), min_frequency=2, initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode_texts(texts: list[str], state: State) -> list[np.ndarray]:
    """Texts → (T,) int32 token numbers each."""
    if state["tokens"] == "characters":
        known = points(state["alphabet"])
        return [numbered(points(text), known) for text in texts]
    tokenizer = load_tokenizer(state["tokenizer"])
    return [np.array(one.ids, np.int32) for one in tokenizer.encode_batch_fast(texts)]


def points(text: str) -> np.ndarray:
    """(T,) the code points of the characters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def numbered(text: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Code points → 1 + their place among those known (sorted), UNKNOWN elsewhere."""
    if not len(known):
        return np.zeros(len(text), np.int32)
    place = np.searchsorted(known, text).clip(max=len(known) - 1)
    return np.where(known[place] == text, place + 1, UNKNOWN).astype(np.int32)


def token_bytes(state: State) -> list[bytes]:
    """What every token spells, in bytes; a character never met as U+FFFD."""
    if state["tokens"] == "characters":
        return ["\ufffd".encode(), *(character.encode() for character in state["alphabet"])]
    tokenizer, letters = load_tokenizer(state["tokenizer"]), byte_letters()
    return [bytes(letters[letter] for letter in tokenizer.id_to_token(token)) for token in range(state["vocabulary"])]


def byte_letters() -> dict[str, int]:
    """The letter by which a byte-level vocabulary writes each byte (Radford et al. 2019: printable ones by
    themselves)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + i): byte for i, byte in enumerate(rest)}


MODALITY = Corpus()
