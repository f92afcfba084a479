"""LOSS: many yes-or-no questions about every row, of which only some were ever asked: twelve assays of a molecule, ten
findings of a scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import torch.nn.functional as F
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError, nearest
from ...core.panels import Finding, Panel
from ...core.schema import Column
from ...core.table import Table
from ...metrics import multitask as metrics
from ...modalities.tabular.binary_targets import NO, YES
from ...modalities.tabular.category import to_strings
from .._ensemble import mean_loss
from .multilabel import Multilabel

MOST_ODD = 0.2  # of the answers to a question: fewer that are neither yes nor no count as damaged cells
OTHERWISE = "Make it 1 or 0, or predict it by itself: --target COLUMN --set task=regression (or classification)"


class Screening(Multilabel):
    """`--target a,b,c` names the columns, each holding 1 or 0 (yes or no) or nothing; what was not asked teaches
    nothing and is not judged."""

    output_type = "questions"
    primary_metric = "roc_auc"
    higher = ("roc_auc", "average_precision", "accuracy")
    lower = ("log_loss",)
    target_modality = "binary_targets"
    baseline = "multitask_trees"

    def matches(self, target: Column) -> float:
        return 0.0

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """The named columns become one, called as they were named together."""
        if inference or target is None:
            return table
        names = (
            [target] if target in table.frame.columns else [name.strip() for name in target.split(",") if name.strip()]
        )
        if names == [target] and isinstance(table.frame[target].dtype, pl.Struct):
            return table
        for name in names:
            if name not in table.frame.columns:
                raise DataError(
                    f"There is no column {name!r} to predict.", "", nearest(name, table.frame.columns, label="Columns")
                )
        asked = pl.select(pl.any_horizontal([table.frame[name].is_not_null() for name in names])).to_series()
        packed = pl.select(
            pl.when(asked).then(pl.struct([table.frame[name] for name in names])).otherwise(None)
        ).to_series()
        hints = {name: hint for name, hint in table.hints.items() if name not in names}
        return replace(table, frame=table.frame.drop(names).with_columns(packed.alias(target)), hints=hints)

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        found = []
        for field in values.dtype.fields:  # type: ignore[attr-defined]
            column = values.struct.field(field.name)
            words = to_strings(column).drop_nulls().str.to_lowercase()
            others = words.filter((words != "") & ~words.is_in([*YES, *NO]))
            if len(others) > MOST_ODD * len(words):
                what = (
                    f"Question {field.name!r} holds {', '.join(others.unique(maintain_order=True).head(4))}, …, "
                    "which "
                    "is neither yes nor no."
                )
                return [
                    Finding(
                        "error",
                        what,
                        "A question is answered by 1 or 0, yes or no, true or false, or nothing.",
                        OTHERWISE,
                    )
                ]
            if column.n_unique() - (column.null_count() > 0) < 2:
                found.append(
                    Finding(
                        "warning",
                        f"Question {field.name!r} has one answer only in the training rows.",
                        "It cannot be learnt.",
                    )
                )
        if len(found) == len(values.dtype.fields):  # type: ignore[attr-defined]
            return [
                Finding(
                    "error",
                    "No question has two different answers.",
                    "There is nothing to tell apart.",
                    "Name other columns.",
                )
            ]
        return found

    def decode_targets(self, values: pl.Series, codes: np.ndarray, target: Column) -> np.ndarray:
        """(N, questions) 1 yes, 0 no, -1 never asked."""
        return self.to_targets(codes, target)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, Q) logits, batch["target"] (B, Q) 1, 0 or -1."""
        y = batch["target"][:, None].expand_as(output).to(output.dtype)
        asked = (y >= 0).to(output.dtype)
        each = F.binary_cross_entropy_with_logits(output, y.clamp_min(0), reduction="none") * asked
        share = asked.mean().clamp_min(1e-6)  # so that a batch with many gaps weighs as much as one with few
        return Losses(mean_loss(each.mean(-1) / share, batch))

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        return {}

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        p = np.clip(answers["probability"].astype(np.float64), 1e-7, 1 - 1e-7)
        asked = truth >= 0
        loss = -np.where(asked, np.where(truth == 1, np.log(p), np.log(1 - p)), 0).sum(1) / np.maximum(1, asked.sum(1))
        return {
            "truth": truth,
            "said": np.where(asked, p >= 0.5, truth).astype(np.int64),
            "probability": p,
            "loss": loss,
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["truth"], records["probability"])

    def metric_notes(self, records: RowResults, target: Column) -> list[str]:
        asked, yes = (records["truth"] >= 0).sum(0), (records["truth"] == 1).sum(0)
        each = ", ".join(
            f"{name} {a:,} ({y:,} yes)"
            for name, a, y in list(zip(target.state["values"], asked, yes, strict=True))[:12]
        )
        kept = int(((yes > 0) & (yes < asked)).sum())
        return [
            f"roc_auc and average_precision are means over {kept} of {len(asked)} questions, each over the rows where "
            f"it was asked: {each}."
        ]

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        names, truth = target.state["values"], records["truth"]
        ours, theirs = (metrics.each(r["truth"], r["probability"]) for r in (records, baseline))
        rows = []
        for i, name in enumerate(names):
            areas = [round(v, 3) for v in (ours[i][0], theirs[i][0], ours[i][1], theirs[i][1])]
            rows.append([name, int((truth[:, i] >= 0).sum()), int((truth[:, i] == 1).sum()), *areas])
        columns = ["question", "asked", "yes", "ROC AUC", "… of the baseline", "average precision", "… of the baseline"]
        series = [
            {"name": who, "values": [v[0] if np.isfinite(v[0]) else 0.0 for v in said]}
            for who, said in (("deep", ours), ("classical", theirs))
        ]
        return [
            Panel("bars", "ROC AUC by question", {"labels": list(names), "series": series, "y": "ROC AUC"}),
            Panel(
                "table",
                "Scores by question",
                {"columns": columns, "rows": rows, "best": None},
                "Each on the test rows where it was asked.",
            ),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        names = np.array(target.state["values"], dtype=object)
        wrong = records["said"][row] != records["truth"][row]
        triples = zip(names[wrong], records["probability"][row, wrong], records["truth"][row, wrong], strict=True)
        said = [f"{name} {p:.0%}, is {'yes' if t == 1 else 'no'}" for name, p, t in triples]
        return f"{int(wrong.sum())} wrong", "; ".join(said)


TASK = Screening()
