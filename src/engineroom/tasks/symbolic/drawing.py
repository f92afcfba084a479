"""LOSS: where does the pen go next? Strokes as tokens, point by point, so that a drawing is learnt as it is made; then
it can draw, and go on with yours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.batch import Predictions, RowResults
from ...core.errors import DataError, UserError
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding.sampling import write
from ...metrics import language as metrics
from ...modalities.symbolic._stroke_encoding import BEGIN, UP, parse, readable, strokes_of
from ...modalities.text.text_corpus import LONGEST_CONTEXT
from ...preprocessing.text.corpus_windows import TEXT, as_asked, documents, notation, text_column
from ...rendering.symbolic.stroke_svg import as_svg, keep_drawing
from ..text._causal_lm import Continuing

CONTEXT = 192  # tokens: some ninety points
LEAST = 20  # drawings
EACH, SAMPLES = 8, (0.5, 0.8, 1.0)  # drawings in the report for each temperature
SAMPLE_TOKENS = 300
POINT = re.compile(r"-?\d+,-?\d+")
FRIGHT = 3.0  # nats a point above an ordinary stroke's from which a stroke is as red as can be


@dataclass(frozen=True)
class Drawing(Continuing):
    """Answers: see metrics.language.told, a "byte" being a point. Headline: nats a point."""

    drawing: str = ""  # the column of drawings; "" = the one with most text
    context: int = CONTEXT  # tokens a window, two a point

    primary_metric = "nats_per_point"
    lower = ("nats_per_point", "log_loss", "perplexity")
    target_modality = "next_stroke"
    written_as = ".svg"
    max_eval_rows = 128  # drawings
    eval_batch_size = 32
    training_defaults = "drawing"

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not 8 <= self.context <= LONGEST_CONTEXT:
            raise UserError(
                "Options out of bounds.",
                f"context: 8 to {LONGEST_CONTEXT:,} tokens.",
                "Example: --set options.context=256",
            )
        name = text_column(table, self.drawing)
        if inference:
            return as_asked(table, name)
        made = [one for one in documents(table, name) if strokes_of(one[0])]
        if len(made) < LEAST:
            raise DataError(
                f"{len(made)} drawing(s) are too few to learn from, to validate and to test.",
                "",
                f"Bring at least {LEAST}; thousands are better.",
            )
        return notation(
            table,
            made,
            context=self.context,
            apart=True,
            modality=self.target_modality,
            why="the drawing itself, one token on",
        )

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.in_nats(records, "point")

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        records = metrics.graded(answers, np.zeros(len(answers["next"])))
        last = [readable(self.names[code]).strip() for code in answers["next"]]
        return pl.DataFrame(
            {
                "prediction": last,
                "nats_per_point": records["nats"] / np.maximum(1, records["bytes"]),
                "points": records["bytes"],
            }
        )

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """Points as right,down from the one before, | where the pen is lifted; it ends where the network ends the
        drawing."""
        for text in write(
            network, schema, BEGIN + parse(prompt), tokens=tokens, temperature=temperature, top_p=top_p, seed=seed
        ):
            if BEGIN in text:
                return
            yield readable(text)

    def save_generated(self, network: Any, schema: Schema, prompt: str, written: str, path: Path) -> None:
        keep_drawing(strokes_of(parse(prompt + " " + whole(written)) + UP), path)

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        items = []
        for temperature in SAMPLES:
            drawn = ["".join(self.strokes(network, schema, temperature, seed)) for seed in range(1, EACH + 1)]
            pictures = "".join(as_svg(strokes_of(text)) for text in drawn)
            items.append(
                {
                    "title": f"temperature {temperature:g}",
                    "subtitle": "nothing chosen by hand",
                    "tone": "",
                    "html": pictures,
                }
            )
        words = (
            "The lower the temperature, the more it keeps to what is likeliest. More: engineroom generate RUN "
            "--seed "
            "7 -o drawing.svg"
        )
        return [Panel("gallery", "Samples: what it draws", {"items": items, "wide": True}, words)]

    def strokes(self, network: Any, schema: Schema, temperature: float, seed: int) -> Iterator[str]:
        for text in write(network, schema, BEGIN, tokens=SAMPLE_TOKENS, temperature=temperature, top_p=0.95, seed=seed):
            if BEGIN in text:
                return
            yield text

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """The drawing, strokes the redder the less they were expected."""
        text = frame[TEXT][row]
        nats = np.asarray((answers["each"] if "each" in answers else answers["nats"])[place])
        read = text[1 : len(nats) + 1]
        ends = np.cumsum([0, *(one == UP for one in read)])[:-1]
        points = dict(zip(self.names, self.widths, strict=True))
        counts = np.bincount(ends, weights=[points.get(one, 0) for one in read])
        each = np.bincount(ends, weights=nats) / np.maximum(1, counts)
        return as_svg(strokes_of(text), np.clip((each - np.median(each)) / FRIGHT, 0, 1).tolist())

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        points = max(1, records["bytes"][row])
        return f"{records['nats'][row] / points:.2f} nats a point", f"{points} points"


def whole(written: str) -> str:
    """Bars and whole points: a network that knows little writes halves of some."""
    return " ".join(word for word in written.replace(UP, f" {UP} ").split() if word == UP or POINT.fullmatch(word))


TASK = Drawing()
