"""A column of text: cut into tokens by a tokenizer that is trained on the training rows, embedded, one vector a token.

Byte-pair encoding: Sennrich et al. 2016. Where tokens begin: see `_words`.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout, Signal
from ...core.config import LimitsConfig
from ...core.protocols import Ragged, State
from .._base import SWAPPED, Base, words_a_cell
from ._word_vectors import keep_company

VOCABULARY = 8_000
MOST_TOKENS = 200_000  # a bundle that claims more is not believed
LONGEST = 256  # tokens; longer texts keep their start
SAMPLE = 200_000  # rows the tokenizer learns from
PAD, UNKNOWN = 0, 1
STD = 0.1  # of a token's numbers at the start


class Text(Base):
    layouts = ("sequence",)
    signal_type = "words"
    backbones = ("cnn", "mlp", "transformer", "rnn")

    def detect(self, values: pl.Series) -> float:
        if values.dtype != pl.String:
            return 0.0
        known = values.drop_nulls()
        if not len(known):
            return 0.0
        words = words_a_cell(known)
        distinct = known.n_unique() / len(known)
        if words >= 2.5 and distinct > 0.3:
            return 0.9
        return 0.5 if distinct > 0.5 and words > 1.2 else 0.1

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

        texts = clean(values.drop_nulls().head(SAMPLE), limits.characters)
        tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            min_frequency=2,
            special_tokens=["[PAD]", "[UNK]"],
            show_progress=False,
            limit_alphabet=4000,
        )
        tokenizer.train_from_iterator(texts, trainer)
        lengths = [len(e.ids) for e in tokenizer.encode_batch(texts[:20_000])] or [1]
        length = int(min(LONGEST, max(8, np.quantile(lengths, 0.99))))
        return {
            "tokenizer": tokenizer.to_str(),
            "vocabulary": tokenizer.get_vocab_size(),
            "length": length,
            "characters": limits.characters,
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> Ragged:
        """Token numbers, int32, at most state["length"] a row."""
        tokenizer = load_tokenizer(state["tokenizer"])
        ids = [e.ids[: state["length"]] for e in tokenizer.encode_batch_fast(clean(values, state["characters"]))]
        lengths = np.fromiter((len(i) for i in ids), np.int64, len(ids))
        return Ragged(np.fromiter((t for row in ids for t in row), np.int32, int(lengths.sum())), lengths)

    def augment_view(
        self, fields: dict[str, Tensor], states: Sequence[State], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Some words are missing."""
        x = fields[""]
        return {**fields, "": torch.where(torch.rand(x.shape, generator=generator) < SWAPPED, UNKNOWN, x)}

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """(B, T) unknown tokens: training drops tokens so, and the network knows what it means."""
        return torch.full_like(x, UNKNOWN)

    def token_names(self, row: Tensor, state: State) -> list[str]:
        tokenizer = load_tokenizer(state["tokenizer"])
        return [tokenizer.id_to_token(int(token)) or "?" for token in row]

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return TokenEmbedding(states[0]["vocabulary"], width)

    def initialise_stem(self, stems: Sequence[Any], rows: Callable[[], Any]) -> None:
        texts = rows()
        keep_company(stems, texts.flat, texts.lengths, std=STD, pad=PAD)

    def typical_length(self, state: State) -> int:
        return state["length"]

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return 0 < state["vocabulary"] <= MOST_TOKENS

    def to_html(self, value: Any, state: State) -> str:
        text = "" if value is None else str(value)
        return f"<p>{html.escape(text[:600])}{'…' if len(text) > 600 else ''}</p>"


class TokenEmbedding(nn.Module):
    """(B, T) tokens and mask (B, T) → sequence Signal (B, T, D). In training whole tokens are dropped, as words go
    missing."""

    def __init__(self, vocabulary: int, width: int, drop: float = 0.4) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, width, padding_idx=PAD)
        nn.init.normal_(self.table.weight, std=STD)
        self.drop = drop

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Signal:
        tokens = x.long()
        if self.training and self.drop:
            tokens = torch.where(torch.rand(tokens.shape, device=tokens.device) < self.drop, UNKNOWN, tokens)
        mask = torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask
        return Signal(self.table(tokens) * mask[..., None], "sequence", mask)


@lru_cache(4)
def load_tokenizer(text: str):
    from tokenizers import Tokenizer

    return Tokenizer.from_str(text)


def clean(values: pl.Series, characters: int) -> list[str]:
    """Nulls become empty, each text keeps its first `characters`."""
    return values.cast(pl.String).fill_null("").str.slice(0, characters).to_list()


MODALITY = Text()
