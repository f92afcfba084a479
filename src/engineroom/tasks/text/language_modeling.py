"""LOSS: what comes next in a text? At every place the token that follows, by what came before; then it can write."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.batch import Predictions, RowResults
from ...core.errors import UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding.sampling import respelt, write
from ...metrics import language as metrics
from ...modalities.text.text_corpus import CONTEXT, LONGEST_CONTEXT, MOST_TOKENS, VOCABULARY, token_bytes
from ...preprocessing.text.corpus_windows import TEXT, stretches
from ._causal_lm import Continuing, prose

KINDS = ("auto", "characters", "pieces")
SHOWN = 420  # tokens of a row in the report
SAMPLES = ((0.5, 1), (0.8, 2), (1.0, 3))  # temperature, seed
SAMPLE_TOKENS = 400
FRIGHT = 8.0  # nats from which a token is as red as can be


@dataclass(frozen=True)
class Language(Continuing):
    """Answers: see metrics.language.told. Headline: bits a byte, which models with other tokens can be compared by
    too."""

    text: str = ""  # the column of the corpus; "" = the one with most text
    context: int = CONTEXT  # tokens a window: what is learnt from at once, and how far a Transformer looks back
    tokenizer: str = "auto"  # characters, pieces (bytes, BPE), or auto: characters where the alphabet is small
    vocabulary: int = VOCABULARY  # pieces known
    window_chars: int = 0  # characters a row; 0 = by the context and the size of the corpus

    primary_metric = "bits_per_byte"
    lower = ("bits_per_byte", "log_loss", "perplexity")
    target_modality = "next_token"
    max_eval_rows = 8  # stretches

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if self.tokenizer not in KINDS:
            raise UserError(
                f"Option 'tokenizer' cannot be {self.tokenizer!r}.", "", nearest(self.tokenizer, KINDS, label="Kinds")
            )
        if not 8 <= self.context <= LONGEST_CONTEXT or not 256 <= self.vocabulary <= MOST_TOKENS:
            raise UserError(
                "Options out of bounds.",
                f"context: 8 to {LONGEST_CONTEXT:,} tokens; vocabulary: 256 to {MOST_TOKENS:,} pieces.",
                "Example: --set options.context=128",
            )
        facts = {"tokens": self.tokenizer, "most": self.vocabulary, "context": self.context}
        return stretches(
            table, self.text, context=self.context, length=self.window_chars, inference=inference, facts=facts
        )

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """How well each text was predicted, and the token that is likeliest to come next."""
        records = metrics.graded(answers, np.zeros(len(answers["next"])))
        tokens = np.maximum(1, records["tokens"])
        return pl.DataFrame(
            {
                "prediction": [self.names[code] for code in answers["next"]],
                "bits_per_byte": records["nats"] / np.log(2) / np.maximum(1, records["bytes"]),
                "perplexity": np.exp(records["nats"] / tokens),
                "tokens": records["tokens"],
            }
        )

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        return write(network, schema, prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed)

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        """What it writes by itself, from cautious to bold."""
        items = []
        for temperature, seed in SAMPLES:
            text = "".join(
                self.generate(
                    network, schema, "\n", tokens=SAMPLE_TOKENS, temperature=temperature, top_p=0.95, seed=seed
                )
            )
            items.append(
                {
                    "title": f"temperature {temperature:g}",
                    "subtitle": f"{len(text)} characters, seed {seed}",
                    "tone": "",
                    "html": prose(text.strip("\n")),
                }
            )
        words = (
            "Written after a line's end. The lower the temperature, the more it keeps to what is likeliest. More: "
            "engineroom generate RUN --prompt TEXT"
        )
        return [Panel("gallery", "Samples: what it writes", {"items": items, "wide": True}, words)]

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """The text, each token the redder the less it was expected."""
        state = schema[TEXT].state
        codes = registry.get("modalities", "text_corpus").encode(frame[TEXT][[row]], state, {}).flat[: SHOWN + 1]
        nats = (answers["each"] if "each" in answers else answers["nats"])[place]
        spelt = token_bytes(state)
        spans = [html.escape(respelt(codes[:1], spelt))]
        for code, value in zip(codes[1:], nats, strict=False):
            share = min(1.0, float(value) / FRIGHT)
            spans.append(
                f'<span style="background:rgba(214,69,65,{0.75 * share:.2f})" title="{value:.1f} '
                f'nats">{html.escape(respelt(np.array([code]), spelt))}</span>'
            )
        return prose("".join(spans), escaped=True)

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        bits = records["nats"][row] / np.log(2) / max(1, records["bytes"][row])
        return (
            f"{bits:.2f} bits a byte",
            f"{records['correct'][row] / max(1, records['tokens'][row]):.0%} of its tokens were the likeliest",
        )


TASK = Language()
