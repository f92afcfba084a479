"""LOSS: what sounds next? Notes as tokens, high to low, frame by frame, so that chords are learnt as chords; then it
can go on with a tune."""

from __future__ import annotations

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
from ...modalities.symbolic._midi import ENDINGS, read_midi
from ...modalities.symbolic._note_encoding import BEGIN, END, Frame, frames_of, parse, readable, spell
from ...modalities.text.text_corpus import LONGEST, LONGEST_CONTEXT
from ...preprocessing.text.corpus_windows import TEXT, as_asked, documents, notation, text_column
from ...rendering.symbolic.piano_roll import heard, keep_music, piano_roll, player
from ...rendering.vision.image_features import html_picture
from ..text._causal_lm import Continuing

CONTEXT = 256  # tokens: some fifty chords
FEW, PART = 20, 64  # so few pieces are cut into parts of so many frames
LEAST = 10  # parts
SAMPLES = ((0.8, 1), (1.0, 2), (1.0, 3))  # temperature, seed
SAMPLE_FRAMES = 64
SAMPLE_TOKENS = 420
FRIGHT = 4.0  # nats above an ordinary frame's from which a frame is as red as can be


@dataclass(frozen=True)
class Music(Continuing):
    """Answers: see metrics.language.told, a "byte" being a frame. Headline: nats a frame, as in the literature
    (Boulanger-Lewandowski et al. 2012)."""

    music: str = ""  # the column of pieces; "" = the one with most text
    context: int = CONTEXT  # tokens a window
    beat: int = 4  # frames a quarter note
    tempo: float = 90.0  # quarter notes a minute, where it is played

    primary_metric = "nats_per_frame"
    lower = ("nats_per_frame", "log_loss", "perplexity")
    target_modality = "next_note"
    written_as = ".mid"
    max_eval_rows = 64  # pieces
    training_defaults = "music"
    extensions = ()

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not 8 <= self.context <= LONGEST_CONTEXT or not 1 <= self.beat <= 48 or not 10 <= self.tempo <= 600:
            raise UserError(
                "Options out of bounds.",
                f"context: 8 to {LONGEST_CONTEXT:,} tokens; beat: 1 to 48 frames; tempo: 10 to 600.",
                "Example: --set options.context=256",
            )
        name = text_column(table, self.music)
        if inference:
            return as_asked(table, name)
        pieces = [one for one in documents(table, name) if END in one[0]]
        whole = len(pieces) >= FEW
        made = [(one[:LONGEST], k, part) for piece, k, part in pieces for one in ([piece] if whole else cut(piece))]
        if len(made) < LEAST:
            frames = sum(piece.count(END) for piece, _, _ in pieces)
            raise DataError(
                f"{len(pieces)} piece(s) with {frames} frames are too little music to learn from, to validate and to "
                "test.",
                "",
                f"Bring at least {LEAST * PART} frames; hundreds of pieces are better.",
            )
        return notation(
            table,
            made,
            context=self.context,
            apart=whole,
            modality=self.target_modality,
            why="the music itself, one token on",
        )

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.in_nats(records, "frame")

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        records = metrics.graded(answers, np.zeros(len(answers["next"])))
        return pl.DataFrame(
            {
                "prediction": [readable(self.names[code]).strip() for code in answers["next"]],
                "nats_per_frame": records["nats"] / np.maximum(1, records["bytes"]),
                "frames": records["bytes"],
            }
        )

    def generate(
        self, network: Any, schema: Schema, prompt: str, *, tokens: int, temperature: float, top_p: float, seed: int
    ) -> Iterator[str]:
        """`prompt`: a MIDI file, or C5 G4 E4 C3 | …; what is written reads the same way."""
        begin = BEGIN + spell(self.asked(prompt))
        for text in write(network, schema, begin, tokens=tokens, temperature=temperature, top_p=top_p, seed=seed):
            yield readable(text)

    def asked(self, prompt: str) -> list[Frame]:
        if Path(prompt.strip()).suffix.lower() in ENDINGS:
            return read_midi(prompt.strip(), beat=self.beat)
        return parse(prompt)

    def save_generated(self, network: Any, schema: Schema, prompt: str, written: str, path: Path) -> None:
        keep_music([*self.asked(prompt), *parse(written)], path, beat=self.beat, tempo=self.tempo)

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        items = []
        for temperature, seed in SAMPLES:
            text = "".join(
                write(network, schema, BEGIN, tokens=SAMPLE_TOKENS, temperature=temperature, top_p=0.95, seed=seed)
            )
            items.append(
                self.shown(
                    frames_of(text)[:SAMPLE_FRAMES], f"temperature {temperature:g}", f"from nothing, seed {seed}"
                )
            )
        words = (
            "Time from left to right, high notes above; dark where a note is struck. More: engineroom generate "
            "RUN "
            "--prompt tune.mid -o longer.mid"
        )
        return [Panel("gallery", "Samples: what it plays", {"items": items, "wide": True}, words)]

    def shown(self, frames: list[Frame], title: str, subtitle: str) -> dict[str, str]:
        sound = player(heard(frames, beat=self.beat, tempo=self.tempo))
        return {
            "title": title,
            "subtitle": f"{subtitle}; {len(frames)} frames",
            "tone": "",
            "html": html_picture(piano_roll(frames), "piano roll") + sound,
        }

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """A piece as a piano roll, frames the redder the less they were expected."""
        text = frame[TEXT][row]
        frames = frames_of(text)[:SAMPLE_FRAMES]
        nats = np.asarray((answers["each"] if "each" in answers else answers["nats"])[place])
        ends = np.cumsum(np.array([c == END for c in text[1 : len(nats) + 1]]))
        each = np.bincount(np.concatenate([[0], ends[:-1]]), weights=nats, minlength=len(frames))[: len(frames)]
        strength = np.clip((each - np.median(each)) / FRIGHT, 0, 1)
        return html_picture(piano_roll(frames, strength), "piano roll, surprising chords red")

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        found = super().panels(records, baseline, target)
        sides = [
            (name, one["nats"] / np.maximum(1, one["bytes"]))
            for name, one in (("deep", records), ("classical", baseline))
        ]
        both = np.concatenate([values for _, values in sides])
        edges = np.linspace(float(both.min()), float(both.max()) + 1e-6, 31)
        series = [{"name": name, "counts": np.histogram(values, edges)[0].tolist()} for name, values in sides]
        return [
            *found,
            Panel(
                "histogram", "Loss by piece of text", {"x": "nats a frame", "edges": edges.tolist(), "series": series}
            ),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        frames = max(1, records["bytes"][row])
        return (
            f"{records['nats'][row] / frames:.2f} nats a frame",
            f"{frames} frames; {records['correct'][row] / max(1, records['tokens'][row]):.0%} of its notes were the "
            "likeliest",
        )


def cut(piece: str) -> list[str]:
    """Parts of PART frames; only the first begins the piece."""
    bars = piece.split(END)[:-1]
    return [END.join(bars[k : k + PART]) + END for k in range(0, len(bars), PART)]


TASK = Music()
