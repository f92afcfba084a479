"""LOSS: what comes next in a text? At every place the token that follows, by what came before; then it can write."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ..core import registry
from ..core.columns import Column, Schema
from ..core.errors import UserError, nearest
from ..core.exhibits import Exhibit
from ..core.signals import Answers, Batch, Losses, Records
from ..core.table import Table
from ..metrics import language as metrics
from ..modalities.corpus import CONTEXT, LONGEST_CONTEXT, MOST_TOKENS, UNKNOWN, UNKNOWN_NATS, VOCABULARY, token_bytes
from ..modalities.following import NOTHING
from ._corpus import TEXT, stretches
from ._leaning import stays
from ._options import Plain
from ._writing import respelt, write

KINDS = ("auto", "characters", "pieces")
SHOWN = 420  # tokens of a row in the report
WORST = 6
SAMPLES = ((0.5, 1), (0.8, 2), (1.0, 3))  # temperature, seed
SAMPLE_TOKENS = 400
FRIGHT = 8.0  # nats from which a token is as red as can be


@dataclass(frozen=True)
class Language(Plain):
    """Answers: see metrics.language.told. Headline: bits a byte, which models with other tokens can be compared by too."""

    text: str = ""  # the column of the corpus; "" = the one with most text
    context: int = CONTEXT  # tokens a window: what is learnt from at once, and how far a Transformer looks back
    tokens: str = "auto"  # characters, pieces (bytes, BPE), or auto: characters where the alphabet is small
    vocabulary: int = VOCABULARY  # pieces known
    stretch: int = 0  # characters a row; 0 = by the context and the size of the corpus
    names: tuple[str, ...] = field(default=(), metadata={"bound": True})
    widths: tuple[int, ...] = field(default=(), metadata={"bound": True})  # bytes a token
    unknown: bool = field(default=False, metadata={"bound": True})  # does token 0 stand for what was never met?

    kind = "continuation"
    headline = "bits_per_byte"
    higher_is_better = False
    higher = ("accuracy",)
    lower = ("bits_per_byte", "log_loss", "perplexity")
    selects = "log_loss"
    target_modality = "following"
    head = "autoregress"
    ties = True
    prefers = {"words": ("gpt", "lstm")}
    pace = "language"
    rival = "ngram"
    trivial = "unigram"
    ask_rows = 4
    monitored = 8  # stretches
    draws = True

    def fits(self, target: Column) -> float:
        return 1.0 if target.modality == "following" else 0.0

    def bind(self, target: Column) -> Language:
        s = target.state
        return replace(self, names=tuple(s["names"]), widths=tuple(s["widths"]), unknown=bool(s["open"]))

    def reframe(self, table: Table, target: str | None, *, asking: bool) -> Table:
        if self.tokens not in KINDS:
            raise UserError(f"Option 'tokens' cannot be {self.tokens!r}.", "", nearest(self.tokens, KINDS, label="Kinds"))
        if not 8 <= self.context <= LONGEST_CONTEXT or not 256 <= self.vocabulary <= MOST_TOKENS:
            raise UserError(
                "Options out of bounds.", f"context: 8 to {LONGEST_CONTEXT:,} tokens; vocabulary: 256 to {MOST_TOKENS:,} pieces.", "Example: --set options.context=128"
            )
        facts = {"tokens": self.tokens, "most": self.vocabulary, "context": self.context}
        return stretches(table, self.text, context=self.context, length=self.stretch, asking=asking, facts=facts)

    def outputs(self, target: Column) -> int:
        return len(target.state["widths"])

    def truth(self, codes: Any, target: Column) -> np.ndarray:
        """(N,) zeros: the text itself is the truth, and predictor and examiner both have it."""
        return np.zeros(len(codes), np.int64)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, T, V) logits; batch["target"] (B, T) what follows each place, or where no windows were drawn (B,) nothing."""
        y = batch["target"].long()
        if y.ndim == 1:
            y = follows(batch)
        each = F.cross_entropy(output.flatten(0, 2), y[:, None].expand(-1, output.shape[1], -1).flatten(), ignore_index=NOTHING)
        return Losses(each)

    def respond(self, output: Tensor, batch: Batch, target: Column) -> Answers:
        """(B, K, T, V) logits → what each token of the text cost, given those before it."""
        y = follows(batch)
        logp = output.softmax(-1).mean(1).clamp_min(1e-30).log() if output.shape[1] > 1 else output[:, 0].log_softmax(-1)
        likeliest = logp.argmax(-1)
        nats = -logp.gather(2, y.clamp_min(0)[..., None])[..., 0]
        if self.unknown:
            nats = nats + UNKNOWN_NATS * (y == UNKNOWN)
        ends = (y != NOTHING).sum(1)
        last = likeliest[torch.arange(len(y)), ends]
        codes = batch[f"column:{TEXT}"].cpu().numpy()
        rows = list(enumerate(ends.tolist()))
        hits, texts = (likeliest == y).numpy(), [codes[i, : n + 1] for i, n in rows]
        return metrics.told([nats[i, :n].double().numpy() for i, n in rows], [hits[i, :n] for i, n in rows], texts, self.widths, last.numpy())

    def lean(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of the token that is likeliest to come next after the text."""
        return stays(output[:, :, -1], whole[:, :, -1])

    def grade(self, answers: Answers, truth: np.ndarray) -> Records:
        return metrics.graded(answers, truth)

    def score(self, records: Records) -> dict[str, float]:
        return metrics.scores(records)

    def table(self, answers: Answers, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """How well each text was foretold, and the token that is likeliest to come next."""
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

    def generate(self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int) -> Iterator[str]:
        return write(network, schema, prompt, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed)

    def made(self, network: Any, schema: Schema) -> list[Exhibit]:
        """What it writes by itself, from cautious to bold."""
        items = []
        for temperature, seed in SAMPLES:
            text = "".join(self.generate(network, schema, "\n", tokens=SAMPLE_TOKENS, temperature=temperature, top_p=0.95, seed=seed))
            items.append({"title": f"temperature {temperature:g}", "subtitle": f"{len(text)} characters, seed {seed}", "tone": "", "html": prose(text.strip("\n"))})
        words = "Written after a line's end. The lower the temperature, the more it keeps to what is likeliest. More: engineroom generate RUN --prompt TEXT"
        return [Exhibit("gallery", "What it writes", {"items": items, "wide": True}, words)]

    def draw(self, frame: pl.DataFrame, row: int, schema: Schema, answers: Records, place: int) -> str:
        """The text, each token the redder the less it was expected."""
        state = schema[TEXT].state
        codes = registry.get("modalities", "corpus").encode(frame[TEXT][[row]], state, {}).flat[: SHOWN + 1]
        nats = (answers["each"] if "each" in answers else answers["nats"])[place]
        spelt = token_bytes(state)
        spans = [html.escape(respelt(codes[:1], spelt))]
        for code, value in zip(codes[1:], nats, strict=False):
            share = min(1.0, float(value) / FRIGHT)
            spans.append(f'<span style="background:rgba(214,69,65,{0.75 * share:.2f})" title="{value:.1f} nats">{html.escape(respelt(np.array([code]), spelt))}</span>')
        return prose("".join(spans), escaped=True)

    def exhibits(self, records: Records, rival: Records, target: Column) -> list[Exhibit]:
        longest = max((len(row) for row in records["each"]), default=1)
        edges = np.unique([int(2 ** (k / 2)) for k in range(40) if 2 ** (k / 2) <= longest] + [longest + 1])
        middles = [float((a + b - 1) / 2) for a, b in pairwise(edges)]
        series = [{"name": name, "x": middles, "y": metrics.by_place(list(r["each"]), edges)} for name, r in (("deep", records), ("classical", rival))]
        return [
            Exhibit(
                "lines",
                "How much it helps to know more of the text",
                {"x": "tokens seen before", "y": "nats a token", "series": series, "log_x": True},
                f"Where a curve stops falling, what lies further back no longer helps. The window is {target.state['context']} tokens.",
            )
        ]

    def mistake(self, records: Records, row: int, target: Column) -> tuple[str, str]:
        bits = records["nats"][row] / np.log(2) / max(1, records["bytes"][row])
        return f"{bits:.2f} bits a byte", f"{records['correct'][row] / max(1, records['tokens'][row]):.0%} of its tokens were the likeliest"

    def wrong(self, records: Records) -> np.ndarray:
        """The stretches that surprised it most."""
        return np.argsort(-records["nats"] / np.maximum(1, records["bytes"]), kind="stable")[:WORST]


def follows(batch: Batch) -> Tensor:
    """(B, T) the token that follows each place of the text, NOTHING where the text ends."""
    codes, mask = batch[f"column:{TEXT}"].long(), batch.get(f"column:{TEXT}_mask")
    shifted = F.pad(codes[:, 1:], (0, 1), value=NOTHING)
    return shifted if mask is None else shifted.masked_fill(~F.pad(mask[:, 1:], (0, 1)), NOTHING)


def prose(text: str, *, escaped: bool = False) -> str:
    return f'<p style="white-space:pre-wrap;font-family:ui-monospace,monospace;font-size:.85em;line-height:1.45">{text if escaped else html.escape(text)}</p>'


TASK = Language()
