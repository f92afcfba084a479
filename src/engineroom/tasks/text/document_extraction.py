"""LOSS: what do the fields of a document say? From lines of text and their places on the page to company, date,
address, total.

Every word is labelled (as in `tagging`), and labels become values: a document is right where a value is, word for word,
as in the third task of SROIE (Huang et al. 2019).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from torch import Tensor

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Finding, Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...metrics import document_extraction as metrics
from ...metrics.token_classification import Span
from ...modalities.text._document_layout import SPACE
from ...modalities.text.document_fields import unpack
from ...modalities.text.document_page import cells
from ...preprocessing.text.document_labels import pages, same, values_of
from ...rendering.text import document_page as shown
from .._base import BaseTask
from .token_classification import Tagging

SURE = 0.95  # share of the training pages that have a field: from here on every page is taken to have it


@dataclass(frozen=True)
class Documents(BaseTask):
    """Answers: "probability", one array (T, labels) a page."""

    page: str = "page"  # the column of lines and their boxes
    names: tuple[str, ...] = field(default=(), metadata={"bound": True})
    always: tuple[bool, ...] = field(default=(), metadata={"bound": True})  # fields that every page has
    tagger: Tagging = field(default=Tagging(), metadata={"bound": True})  # who labels the words

    averaged: ClassVar[tuple[str, ...] | None] = ("probability",)
    output_type: ClassVar[str] = "fields"
    primary_metric: ClassVar[str] = "f1"
    higher_is_better: ClassVar[bool] = True
    higher: ClassVar[tuple[str, ...]] = ("f1", "precision", "recall", "exact", "word_accuracy")
    lower: ClassVar[tuple[str, ...]] = ("log_loss", "error")
    monitor: ClassVar[str] = "error"
    internal_metrics: ClassVar[tuple[str, ...]] = ("error",)
    target_modality: ClassVar[str] = "document_fields"
    head: ClassVar[str] = "token_classifier"
    backbones = {"words": ("rnn", "transformer")}
    training_defaults: ClassVar[str] = "document_extraction"
    baseline: ClassVar[str] = "document_trees"
    eval_batch_size: ClassVar[int] = 64
    has_render: ClassVar[bool] = True
    extensions: ClassVar[tuple[str, ...]] = (".jsonl",)

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "document_fields" else 0.0

    def for_target(self, target: Column) -> Documents:
        s = target.state
        tagger = Tagging(names=tuple(s["values"]), spans=True, strict=True)
        return replace(
            self, names=tuple(s["fields"]), always=tuple(share >= SURE for share in s["given"]), tagger=tagger
        )

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        return pages(table, target, page=self.page, inference=inference)

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        if any(cell and any(tag != "O" for tag in cell["tags"]) for cell in values.to_list()):
            return []
        return [
            Finding(
                "error",
                "No value of any field stands on its page.",
                "There is nothing to learn from.",
                "Are these the fields of these pages?",
            )
        ]

    def output_size(self, target: Column) -> int:
        return len(target.state["values"])

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """(N,) {"tags", "words", "fields"}."""
        return objects(unpack(codes))

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        return self.tagger.loss(output, batch)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        return self.tagger.postprocess(output, batch, target)

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        return self.tagger.score_outputs(output, whole, target)

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        return self.tagger.fit_calibration(answers, objects([row["tags"] for row in truth]))

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        return self.tagger.apply_calibration(answers, state)

    def read(self, answers: Predictions, words: list[list[str]]) -> list[list[tuple[str, float, list[Span]]]]:
        """For every page and field: its value or "", how sure, the runs of words it stands in. `words` are spelt as
        they are read out."""
        said = self.tagger.decoded(answers)
        labels = [[self.tagger.names[k] for k in row] for row in said]
        rows = zip(answers["probability"], labels, words, strict=True)
        return [values_of(p, own, spelt, self.names, self.always) for p, own, spelt in rows]

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """One record a page: the values, and which of them are right."""
        found = self.read(answers, [row["words"] for row in truth])
        said = [[text for text, _, _ in row] for row in found]
        true = [[row["fields"].get(name, "") for name in self.names] for row in truth]
        right = [[bool(b) and same(a, b) for a, b in zip(*pair, strict=True)] for pair in zip(said, true, strict=True)]
        tags = self.tagger.score_rows(answers, objects([row["tags"] for row in truth]))
        table = lambda rows: np.array(rows, float).reshape(len(truth), len(self.names))
        # fields nobody learnt are missed too
        strange = np.array([len(set(row["fields"]) - set(self.names)) for row in truth], float)
        records: RowResults = {
            "truth": objects(true),
            "said": objects(said),
            "places": objects([[runs(places) for _, _, places in row] for row in found]),
        }
        records |= {
            "right": table(right),
            "found": table([[bool(a) for a in row] for row in said]),
            "real": table([[bool(b) for b in row] for row in true]),
        }
        return records | {
            "sure": table([[sure for _, sure, _ in row] for row in found]),
            "strange": strange,
            "loss": tags["loss"],
            "correct": tags["correct"],
            "tokens": tags["tokens"],
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records, self.names)

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray]:
        found = records["found"].ravel() > 0
        return records["sure"].ravel()[found], records["right"].ravel()[found]

    def found(self, answers: Predictions, frame: pl.DataFrame) -> list[list[tuple[str, float, list[Span]]]]:
        spelt = [
            [f"{' ' if space else ''}{word}" for word, space in zip(words, facts[:, SPACE], strict=True)]
            for words, facts in cells(frame[self.page])
        ]
        return self.read(answers, spelt)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """A column for every field, then how sure each is; null where nothing was found."""
        rows = self.found(answers, frame)
        columns: dict[str, Any] = {
            name: pl.Series([row[k][0] or None for row in rows], dtype=pl.String) for k, name in enumerate(self.names)
        }
        return pl.DataFrame(
            columns | {f"{name}_probability": [row[k][1] for row in rows] for k, name in enumerate(self.names)}
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """One object a line: the fields that were found, and the name of the scan where there is one."""
        files = shown.file_names(frame, schema)
        lines = []
        for row, file in zip(self.found(answers, frame), files, strict=True):
            fields = {name: text for name, (text, _, _) in zip(self.names, row, strict=True) if text}
            lines.append(json.dumps(({"image": file} if file else {}) | fields, ensure_ascii=False))
        path.write_text("\n".join(lines) + "\n", "utf-8")

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        if "places" in answers:
            said, places, true = answers["said"][place], answers["places"][place], answers["truth"][place]
        else:
            found = self.found({name: values[[place]] for name, values in answers.items()}, frame[[row]])[0]
            said, places, true = [text for text, _, _ in found], [runs(spans) for _, _, spans in found], None
        return shown.drawing(frame, row, schema, self.page, self.names, said, places, true)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return shown.exhibits(records, baseline, self.names)

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        hits, real = int(records["right"][row].sum()), int(records["real"][row].sum() + records["strange"][row])
        wrong = [
            name
            for k, name in enumerate(self.names)
            if not records["right"][row, k] and (records["real"][row, k] or records["found"][row, k])
        ]
        return f"{hits} of {real} fields right", f"wrong: {', '.join(wrong)}" if wrong else "all of them"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        missed = np.maximum(records["real"], records["found"]).sum(1) + records["strange"] - records["right"].sum(1)
        rows = np.flatnonzero(missed > 0)
        return rows[np.lexsort((-records["loss"][rows], -missed[rows]))]


def runs(spans: list[Span]) -> list[list[int]]:
    """[[first word, one past the last], …]."""
    return [[a, b] for _, a, b in spans]


TASK = Documents()
