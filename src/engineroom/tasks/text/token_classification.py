"""LOSS: which label has every token? Spans of words (names, slots), classes of steps (residues), and where wanted one
label for the whole row."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch.nn.functional as F
from torch import Tensor

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Finding, Panel
from ...core.schema import Column, Schema
from ...core.span_labels import Span, spans
from ...core.table import Table
from ...decoding.bio_viterbi import decode, eagerness
from ...heads.token_classifier import PADDED
from ...metrics import token_classification as metrics
from ...modalities.text.token_labels import unpack
from ...modalities.text.tokens import to_tokens
from ...preprocessing.text.token_labels import tagged
from ...rendering.text import entity_spans as shown
from .._base import BaseTask
from .._ensemble import honest_mean, label_loss, mean_loss
from .._explained_score import things_stay
from ..general.classification import Classification

PLAIN = Classification()  # whose temperature is taken
ENOUGH = 20_000  # labels to calibrate by


@dataclass(frozen=True)
class Tagging(BaseTask):
    """Answers: "probability", one array (T, labels) a row; with `whole`, "whole" (N, wholes).

    Ground truth: the labels of the table, token by token; labels that training never saw count as wrong, in spans too.
    """

    sequence_label: str = ""  # a column with one label for the whole row, learnt by the same network
    loss_mask: str = ""  # a column that says which labels are scored: 1 or 0 for each
    names: tuple[str, ...] = field(default=(), metadata={"bound": True})
    wholes: tuple[str, ...] = field(default=(), metadata={"bound": True})
    spans: bool = field(default=True, metadata={"bound": True})  # do labels mark spans (IOB)?
    strict: bool = field(default=False, metadata={"bound": True})

    averaged = ("probability", "whole")
    output_type = "tags"
    higher_is_better = True
    higher = ("f1", "precision", "recall", "accuracy", "whole_accuracy", "exact")
    lower = ("log_loss", "error")
    monitor = "error"  # 1 − headline, and where rows have a label, the mean of both errors
    target_modality = "token_labels"
    backbones = {"words": ("rnn", "transformer")}
    training_defaults = "token_classification"
    baseline = "memm_tagger"
    eval_batch_size = 64
    has_render = True
    extensions = (".jsonl",)

    @property
    def primary_metric(self) -> str:
        return "f1" if self.spans else "accuracy"

    @property
    def head(self) -> str:  # type: ignore[override]
        return "token_and_sequence_classifier" if self.wholes else "token_classifier"

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "token_labels" else 0.0

    def for_target(self, target: Column) -> Tagging:
        s = target.state
        return replace(
            self, names=tuple(s["values"]), wholes=tuple(s["wholes"]), spans=bool(s["spans"]), strict=bool(s["strict"])
        )

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        return table if inference else tagged(table, target, whole=self.sequence_label, mask=self.loss_mask)

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        rows, wholes = unpack(values)
        for what, found in (
            ("labels", {label for row in rows for label in row} - {None}),
            (f"labels of {self.sequence_label}", set(wholes or ()) - {None}),
        ):
            if len(found) < 2 and (what == "labels" or self.sequence_label):
                said = f"The training rows hold fewer than two {what}: {sorted(map(str, found))}."
                return [Finding("error", said, "There is nothing to tell apart.", "Is it the right column?")]
        return []

    def output_size(self, target: Column) -> int:
        return len(target.state["values"]) + len(target.state["wholes"])

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged codes → (N,) object array of (T,) label numbers: -1 = not scored, from `labels` on = never seen in
        training. A whole row's is first."""
        out = np.empty(len(codes.lengths), object)
        ends = np.cumsum(codes.lengths)
        for row, (begin, end) in enumerate(zip(ends - codes.lengths, ends, strict=True)):
            out[row] = codes.flat[begin:end].astype(np.int64) - 1
        return out

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, [1 +] T, labels + wholes) logits, batch["target"] (B, [1 +] T) codes from 1 on; labels nobody
        learnt do not count."""
        y, labels, first = batch["target"].long() - 1, len(self.names), len(self.wholes) > 0
        each = label_loss(output[:, :, first:, :labels], y[:, int(first) :])
        parts = {"tags": each.mean()}
        if first:
            own = y[:, 0].where((y[:, 0] >= 0) & (y[:, 0] < len(self.wholes)), -1)
            logits = output[:, :, 0, labels:]
            whole = F.cross_entropy(
                logits.transpose(1, 2), own[:, None].expand(-1, output.shape[1]), ignore_index=-1, reduction="none"
            )
            each, parts = each + whole, parts | {"whole": whole.mean()}
        return Losses(mean_loss(each, batch), parts)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, [1 +] T, …) logits → one (T, labels) array of probabilities a row."""
        labels, first = len(self.names), int(len(self.wholes) > 0)
        lengths = (output[:, 0, first:, 0] > PADDED / 2).sum(1).tolist()
        p = honest_mean(output[:, :, first:, :labels].softmax(-1), batch).numpy()
        answers: Predictions = {
            "probability": objects([row[:length].copy() for row, length in zip(p, lengths, strict=True)])
        }
        if first:
            answers["whole"] = honest_mean(output[:, :, 0, labels:].softmax(-1), batch).numpy()
        return answers

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) how far the spans found in the whole row, or where it has none all its labels, are still said."""
        first, labels = int(len(self.wholes) > 0), len(self.names)
        return things_stay(
            output[:, :, first:, :labels], whole[:, :, first:, :labels], whole[:, 0, first:, 0] > PADDED / 2
        )

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """One temperature for the labels, one for those of whole rows (Guo et al. 2017); how eagerly spans are said
        rather than O."""
        first = int(len(self.wholes) > 0)
        if not len(truth):
            return {}
        flat, y = np.concatenate(list(answers["probability"])), np.concatenate([row[first:] for row in truth])
        every = max(1, len(y) // ENOUGH)
        state = PLAIN.fit_calibration({"probability": flat[::every]}, np.where(y < len(self.names), y, -1)[::every])
        if self.strict and "O" in self.names:
            state["eager"] = eagerness(flat, y, self.names.index("O"))
        if first:
            own = np.array([row[0] for row in truth])
            state["whole"] = PLAIN.fit_calibration(
                {"probability": answers["whole"]}, np.where(own < len(self.wholes), own, -1)
            )["temperature"]
        return state

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        rows = answers["probability"]
        if not len(rows):
            return answers
        ends = np.cumsum([len(row) for row in rows])[:-1]
        out: Predictions = {
            "probability": objects(
                np.split(
                    PLAIN.apply_calibration({"probability": np.concatenate(list(rows))}, state)["probability"], ends
                )
            )
        }
        if state.get("eager"):
            out["eager"] = np.full(len(rows), state["eager"])
        if "whole" in answers:
            out["whole"] = PLAIN.apply_calibration(
                {"probability": answers["whole"]}, {"temperature": state.get("whole", 1.0)}
            )["probability"]
        return out

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """One record a row: labels, and how many tokens and spans of it are right."""
        first, names = int(len(self.wholes) > 0), self.names
        said = self.decoded(answers)
        rows = []
        for p, own, true in zip(answers["probability"], said, (row[first:] for row in truth), strict=True):
            scored = true >= 0
            learnt = scored & (true < len(names))
            nats = -np.log(np.clip(np.where(learnt, p[np.arange(len(p)), np.where(learnt, true, 0)], 0.0), 1e-15, 1))
            found = (
                metrics.counts(self.spans_of(true), self.spans_of(np.where(scored, own, -1)))
                if self.spans
                else (0, 0, 0)
            )
            rows.append(
                (
                    float(nats[scored].sum()),
                    int((own == true)[scored].sum()),
                    int(scored.sum()),
                    *found,
                    bool((own == true)[scored].all()),
                )
            )
        columns = dict(
            zip(
                ("loss", "correct", "tokens", "hits", "found", "real", "exact"),
                zip(*rows, strict=True) if rows else [()] * 7,
                strict=True,
            )
        )
        records: RowResults = {"truth": objects([row[first:] for row in truth]), "said": said}
        records |= {name: np.array(values, bool if name == "exact" else float) for name, values in columns.items()}
        if first:
            whole = answers["whole"].argmax(1)
            records |= {"whole_truth": np.array([row[0] for row in truth], np.int64), "whole_said": whole}
            records["exact"] &= (records["whole_truth"] == whole) | (records["whole_truth"] < 0)
        return records

    def decoded(self, answers: Predictions) -> np.ndarray:
        """(N,) one array of label numbers a row."""
        shift = np.array([float(name == "O") for name in self.names])
        eager = answers["eager"] if "eager" in answers else np.zeros(len(answers["probability"]))
        shifted = objects(
            [p * np.exp(-one * shift) if one else p for p, one in zip(answers["probability"], eager, strict=True)]
        )
        return decode(shifted, self.names, strict=self.strict)

    def spans_of(self, codes: np.ndarray) -> list[Span]:
        return spans(shown.words_of(codes, self.names))

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records, by_spans=self.spans, whole=bool(self.wholes))

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """The labels joined by spaces, the mean probability of them; with `whole`, that label and its probability."""
        said = self.decoded(answers)
        joined = [" ".join(self.names[k] for k in row) for row in said]
        sure = [
            float(p[np.arange(len(row)), row].mean()) if len(row) else 1.0
            for p, row in zip(answers["probability"], said, strict=True)
        ]
        columns: dict[str, Any] = {"prediction": joined, "probability": sure}
        if self.wholes:
            name = self.sequence_label or "whole"
            columns |= {
                name: [self.wholes[k] for k in answers["whole"].argmax(1)],
                f"{name}_probability": answers["whole"].max(1),
            }
        return pl.DataFrame(columns)

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """One object a line: {"tokens", "spans": [{"start", "end", "label", "text"}]}, tokens counted from 0, the end
        not included."""
        column = shown.token_column(schema)
        letters = bool(column.state["letters"])
        rows = to_tokens(frame[column.name], letters)
        said = self.decoded(answers)
        lines = []
        for i, (tokens, codes) in enumerate(zip(rows, said, strict=True)):
            glue = "" if letters else " "
            runs = self.spans_of(codes) if self.spans else shown.runs(codes, self.names)
            spans = [{"start": a, "end": b, "label": kind, "text": glue.join(tokens[a:b])} for kind, a, b in runs]
            whole = (
                {self.sequence_label or "whole": self.wholes[int(answers["whole"][i].argmax())]} if self.wholes else {}
            )
            lines.append(json.dumps({"tokens": tokens, "spans": spans} | whole, ensure_ascii=False))
        path.write_text("\n".join(lines) + "\n", "utf-8")

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        column = shown.token_column(schema)
        tokens = to_tokens(frame[column.name][[row]], bool(column.state["letters"]))[0]
        said = (
            answers["said"][place]
            if "said" in answers
            else self.decoded({name: values[[place]] for name, values in answers.items()})[0]
        )
        true = answers["truth"][place] if "truth" in answers else None
        return shown.drawn(tokens, said, true, self.names, spans=self.spans, letters=bool(column.state["letters"]))

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return shown.exhibits(records, baseline, self.names, self.wholes, spans=self.spans)

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        wrong = int(records["tokens"][row] - records["correct"][row])
        title = (
            f"{wrong} of {int(records['tokens'][row])} labels wrong"
            if wrong
            else f"all {int(records['tokens'][row])} labels right"
        )
        if self.wholes and records["whole_truth"][row] >= 0:
            said, true = int(records["whole_said"][row]), int(records["whole_truth"][row])
            name = self.wholes[true] if true < len(self.wholes) else "a label unseen in training"
            title += f" · {self.wholes[said]}" + ("" if said == true else f", is {name}")
        if not self.spans:
            return title, f"{1 - wrong / max(1, records['tokens'][row]):.0%} right"
        hits, real = int(records["hits"][row]), int(records["real"][row])
        return title, f"{hits} of {real} spans found" if real else "no span is there"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        wrong = np.flatnonzero(~records["exact"].astype(bool))
        return wrong[np.argsort(-(records["loss"] / np.maximum(1, records["tokens"]))[wrong], kind="stable")]


TASK = Tagging()
