"""A target that is a text to be written: its pieces, an end, and beside each what had been said so far (`said`): the
decoder sees no more than that (teacher forcing)."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import Base
from .source_text import SAMPLE, VOCABULARY, usual_words
from .text import load_tokenizer
from .text_corpus import encode_texts, learn_pieces

END = 0  # ends a text, and stands before its first piece; piece p is code p + 1
NOTHING = -1  # where a text has ended
LONGEST = 512  # pieces: a longer answer would be learnt without its end
MOST_CHARACTERS = 20_000
BRIEF = 0.05  # so many of the texts that were learnt from are shorter than any summary that is sought
ROOM = 1.3  # answers may become longer than any that was learnt from, but not without end
SHORTER, LONG = 0.5, 40  # a summary has at most this share of the words of texts of so many words and more


class Wording(Base):
    paired_with = "words"

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        return self.fit_with_hints(values, limits=limits, facts={})

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: Mapping[str, Any]) -> dict[str, Any]:
        """`facts`: "most" (pieces known), "shared" (the pieces of the text that is read), "source" (its column)."""
        texts = [text.strip() for text in values.cast(pl.String).drop_nulls().to_list() if len(text) <= MOST_CHARACTERS]
        tokenizer = learn_pieces(texts, int(facts.get("most", VOCABULARY)))
        state = {
            "tokens": "pieces",
            "tokenizer": tokenizer.to_str(),
            "vocabulary": tokenizer.get_vocab_size(),
            "source": facts.get("source", ""),
        }
        return state | {
            "shared": bool(facts.get("shared", False)),
            "words": usual_words(texts),
            **bounds(texts, state),
            "goal": "translation",
        }

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """Shared pieces are those of the text that is read. Much shorter than long texts: then it is their summary."""
        if "words" not in other:
            return state
        if state["shared"]:
            factor = state["vocabulary"] / max(1, other["vocabulary"])  # fewer of the pieces are made for these texts
            state = {
                **state,
                "tokenizer": other["tokenizer"],
                "vocabulary": other["vocabulary"],
                "longest": min(LONGEST, round(state["longest"] * max(1.5, factor))),
            }
        summary = other["words"] >= LONG and state["words"] <= SHORTER * other["words"]
        return {**state, "goal": "summary" if summary else "translation"}

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Codes (1 + piece), int32, without the end."""
        texts = [text.strip() for text in values.cast(pl.String).fill_null("").to_list()]
        rows = encode_texts([text if len(text) <= MOST_CHARACTERS else "" for text in texts], state)
        for index, (text, row) in enumerate(zip(texts, rows, strict=True)):
            if not text:
                damaged[index] = "is empty: there is nothing to say"
            elif len(text) > MOST_CHARACTERS:
                damaged[index], rows[index] = f"has {len(text):,} characters, more than {MOST_CHARACTERS:,}", row[:0]
            elif len(row) > LONGEST:
                damaged[index], rows[index] = f"has {len(row):,} pieces, more than {LONGEST}", row[:0]
        lengths = np.array([len(row) for row in rows], np.int64)
        return Ragged((np.concatenate(rows) if rows else np.zeros(0, np.int32)) + np.int32(1), lengths)

    def collate(self, arrays: Ragged, state: State) -> dict[str, Tensor]:
        """{"": (B, U) int64 what is to be said, END last, then NOTHING; "_said": (B, U) int64 what was said before each
        place}."""
        longest = int(arrays.lengths.max(initial=0)) + 1
        place = np.arange(longest)[None]
        codes = np.full((len(arrays.lengths), longest), NOTHING, np.int64)
        codes[place == arrays.lengths[:, None]] = END
        codes[place < arrays.lengths[:, None]] = arrays.flat
        said = np.concatenate([np.full((len(codes), 1), END), codes[:, :-1]], 1)
        return {"": torch.from_numpy(codes), "_said": torch.from_numpy(np.where(said == NOTHING, END, said))}

    def to_html(self, value: Any, state: State) -> str:
        return f"<p>{html.escape('' if value is None else str(value)[:600])}</p>"


def bounds(texts: Sequence[str], state: State) -> dict[str, int]:
    """{"longest", "shortest"}: pieces an answer may have."""
    lengths = [len(row) for row in encode_texts(list(texts[:: max(1, len(texts) // SAMPLE)]), state)] or [8]
    return {"longest": int(min(LONGEST, 4 + ROOM * max(lengths))), "shortest": int(np.quantile(lengths, BRIEF))}


def spelt(codes: Sequence[Sequence[int]], state: State) -> list[str]:
    """Codes, END or not, as the texts they spell."""
    tokenizer = load_tokenizer(state["tokenizer"])
    return tokenizer.decode_batch([[int(code) - 1 for code in row if code > END] for row in codes])


MODALITY = Wording()
