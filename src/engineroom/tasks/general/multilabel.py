"""LOSS: which labels apply? Any number of them at once."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel
from ...core.schema import Column
from ...metrics import multilabel as metrics
from ...modalities.tabular.multilabel import to_sets
from .._base import BaseTask
from .._ensemble import honest_mean, mean_loss
from .classification import log_odds


class Multilabel(BaseTask):
    has_score = True
    averaged: ClassVar[tuple[str, ...] | None] = ("probability",)
    output_type = "labels"
    primary_metric = "f1_micro"
    higher_is_better = True
    higher: tuple[str, ...] = ("f1_micro", "f1_macro", "accuracy", "average_precision")  # scores that grow with quality
    lower: tuple[str, ...] = ("log_loss", "hamming_loss")
    monitor = "log_loss"
    target_modality = "multilabel"

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "multilabel" else 0.0

    def output_size(self, target: Column) -> int:
        return len(target.state["values"])

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """(N, labels) 0/1."""
        return codes.astype(np.int64)

    def decode_targets(self, values: pl.Series, codes: np.ndarray, target: Column) -> np.ndarray:
        """(N, labels + unknown) 0/1: labels that training never saw stand behind the known ones, one column each, so
        that they are missed."""
        known, sets = self.to_targets(codes, target), to_sets(values, target.state.get("separator"))
        place = {
            name: k
            for k, name in enumerate(sorted({label for row in sets for label in row} - set(target.state["values"])))
        }
        unknown = np.zeros((len(known), len(place)), known.dtype)
        for row, labels in enumerate(sets):
            unknown[row, [place[label] for label in labels if label in place]] = 1
        return np.concatenate([known, unknown], 1)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, L) logits, batch["target"] (B, L) 0/1."""
        y = batch["target"].to(output.dtype)[:, None].expand_as(output)
        return Losses(mean_loss(F.binary_cross_entropy_with_logits(output, y, reduction="none").mean(-1), batch))

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        return {"probability": honest_mean(torch.sigmoid(output), batch).numpy()}

    def from_baseline(self, values: np.ndarray) -> Predictions:
        """A baseline's (N, labels) probabilities as answers."""
        return {"probability": values}

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """The threshold with the best micro-F1 on the validation split."""
        grid = np.linspace(0.1, 0.9, 33)
        p = answers["probability"]
        truth = truth[:, : p.shape[1]]
        hits = [2 * ((p >= t) & (truth > 0)).sum() / max(1, (p >= t).sum() + (truth > 0).sum()) for t in grid]
        return {"threshold": round(float(grid[int(np.argmax(hits))]), 4)}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        return {**answers, "threshold": np.full(len(answers["probability"]), state.get("threshold", 0.5))}

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        """(N,) mean log odds of the labels as the `whole` row has them."""
        p, set_ = answers["probability"], whole["probability"] >= 0.5
        return log_odds(np.where(set_, p, 1 - p)).mean(1)

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) mean log odds of the labels as the whole row has them."""
        set_ = torch.sigmoid(whole).mean(1) >= 0.5
        p = torch.sigmoid(output).mean(1).double()
        return torch.logit(torch.where(set_, p, 1 - p), 1e-9).mean(1)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        p = np.clip(answers["probability"].astype(np.float64), 1e-7, 1 - 1e-7)
        # labels that training never saw cannot be said
        p = np.pad(p, ((0, 0), (0, truth.shape[1] - p.shape[1])), constant_values=1e-7)
        threshold = answers.get("threshold", np.full(len(p), 0.5))
        each = -(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean(1)
        return {"truth": truth, "said": (p >= threshold[:, None]).astype(np.int64), "probability": p, "loss": each}

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray]:
        return records["probability"].ravel(), records["truth"].ravel() > 0

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["truth"], records["said"], records["probability"])

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        p, values = answers["probability"], target.state["values"]
        chosen = p >= answers.get("threshold", np.full(len(p), 0.5))[:, None]
        joined = ["|".join(v for v, c in zip(values, row, strict=True) if c) for row in chosen]
        confidence = np.where(chosen, p, 1 - p).min(1)
        return pl.DataFrame(
            {"prediction": joined, "probability": confidence}
            | {f"probability_{v}": p[:, i] for i, v in enumerate(values)}
        )

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        names = target.state["values"]
        truth, said = records["truth"], records["said"]
        both = (truth & said).sum(0)
        rows = [
            [
                name,
                int(truth[:, i].sum()),
                round(both[i] / max(1, said[:, i].sum()), 3),
                round(both[i] / max(1, truth[:, i].sum()), 3),
            ]
            for i, name in enumerate(names)
        ]
        return [
            Panel(
                "table",
                "Label by label",
                {"columns": ["label", "rows", "precision", "recall"], "rows": rows, "best": None},
                "Precision: how many of the labels it set are right. Recall: how many of the true ones it found.",
            )
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        more = records["truth"].shape[1] - len(target.state["values"])
        names = np.array([*target.state["values"], *["a label unseen in training"] * more], dtype=object)
        said, true = (", ".join(names[records[k][row] > 0]) or "none" for k in ("said", "truth"))
        return f"said {said}", f"is {true}"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        wrong = np.flatnonzero((records["said"] != records["truth"]).any(1))
        return wrong[np.argsort(-records["loss"][wrong], kind="stable")]


TASK = Multilabel()
