"""LOSS: which class is it? One of two, one of many."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Panel
from ...core.schema import Column
from ...metrics import classification as metrics
from ...rendering import classification as classes
from .._base import BaseTask
from .._ensemble import honest_mean, mean_loss

TEMPERATURES = (-3.0, 3.0)  # logarithms, between which the temperature of the softmax is looked for
SMOOTHING = 0.1  # Szegedy et al. 2016; scaled down for two classes, where it only blurs


@dataclass(frozen=True)
class Classification(BaseTask):
    """Cross entropy. Ground truth: the label of the row; a label that no training row has counts as wrong in every
    score.

    Of two classes, `f1` and `average_precision` are those of the positive class: the rarer one in training, or the one
    that is named.
    """

    positive: str = ""  # of two classes, the one to find; the rarer one if nothing is said
    place: int = field(default=1, metadata={"bound": True})  # of the positive class among the target's values

    has_score = True
    averaged: ClassVar[tuple[str, ...] | None] = ("probability",)
    output_type = "classes"
    primary_metric = "accuracy"
    higher_is_better = True
    # scores that grow with quality
    higher: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "balanced_accuracy",
        "f1",
        "f1_macro",
        "roc_auc",
        "average_precision",
    )
    lower: ClassVar[tuple[str, ...]] = ("log_loss", "brier", "ece")
    monitor = "log_loss"  # the best weights are those with the lowest validation log loss …
    target_modality = "category"

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "category" else 0.0

    def for_target(self, target: Column) -> Any:
        return replace(self, place=classes.positive_class(self.positive, target))

    def output_size(self, target: Column) -> int:
        return len(target.state["values"])

    def decode_targets(self, values: pl.Series, codes: np.ndarray, target: Column) -> np.ndarray:
        """Class numbers (N,); classes that training never saw have numbers of their own behind the known ones, -1 = no
        label."""
        return classes.class_numbers(values, target.state["values"])

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """Category codes (N,) → class numbers, -1 where the class was not in the training rows."""
        return codes.astype(np.int64) - 1

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, C) logits, batch["target"] (B,) category codes from 1 on; a mixed row answers for its partner
        too."""
        y = batch["target"].long() - 1
        each = cross_entropy(output, y)
        partner, share = batch.get("_partner"), batch.get("_share")
        if partner is not None and share is not None:
            each = share[:, None] * each + (1 - share[:, None]) * cross_entropy(output, y[partner])
        return Losses(mean_loss(each, batch))

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, C) logits → {"probability": (B, C)}."""
        return {"probability": honest_mean(output.softmax(-1), batch).numpy()}

    def from_baseline(self, values: np.ndarray) -> Predictions:
        """A baseline's (N, C) probabilities as answers."""
        return {"probability": values}

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """One temperature, fitted on the validation split (Guo et al. 2017)."""
        from scipy.optimize import minimize_scalar

        known = (truth >= 0) & (truth < answers["probability"].shape[1])
        if known.sum() < 20:
            return {"temperature": 1.0}
        rows = np.flatnonzero(known)[:: max(1, int(known.sum()) // 4000)]
        logits = torch.from_numpy(np.log(np.clip(answers["probability"][rows], 1e-9, 1))).float()
        y = torch.from_numpy(truth[rows])
        doubt = 1 / (len(rows) + 2)  # rows without a mistake do not prove that there are none (Laplace's rule)
        loss = lambda log_t: float(F.cross_entropy(logits / np.exp(log_t), y, label_smoothing=doubt))
        found = minimize_scalar(loss, bounds=TEMPERATURES, method="bounded", options={"xatol": 1e-4})
        return {"temperature": round(float(np.exp(found.x)), 4)}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        logits = np.log(np.clip(answers["probability"].astype(np.float64), 1e-9, 1)) / state.get("temperature", 1.0)
        logits -= logits.max(1, keepdims=True)
        p = np.exp(logits)
        return {"probability": p / p.sum(1, keepdims=True)}

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        """(N,) log odds of the class that the `whole` row is taken for."""
        said = whole["probability"].argmax(1)
        return log_odds(answers["probability"][np.arange(len(said)), said])

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of the class that the whole row is taken for, before calibration."""
        return torch.logit(output.softmax(-1).mean(1)[:, int(whole.softmax(-1).mean(1).argmax())].double(), 1e-9)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """One record a row: what was said, what was true, how wrong (nats)."""
        p = answers["probability"]
        known = (truth >= 0) & (truth < p.shape[1])
        own = np.where(known, p[np.arange(len(p)), np.where(known, truth, 0)], 0.0)
        return {"truth": truth, "said": p.argmax(1), "probability": p, "loss": -np.log(np.clip(own, metrics.LEAST, 1))}

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray]:
        return records["probability"].max(1), records["said"] == records["truth"]

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["truth"], records["probability"], self.place)

    def metric_notes(self, records: RowResults, target: Column) -> list[str]:
        return classes.metric_notes(records, target, self.place)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """What `predict` writes: prediction, probability, one probability a class."""
        p, values = answers["probability"], target.state["values"]
        names = np.array(values, dtype=object)[p.argmax(1)]
        columns = {"prediction": list(names), "probability": p.max(1)}
        return pl.DataFrame(columns | {f"probability_{value}": p[:, i] for i, value in enumerate(values)})

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        names = list(target.state["values"])
        return [
            *classes.confusion(records, names),
            classes.per_class(records, names),
            classes.calibration(records, baseline),
            *classes.curves(records, baseline, names, self.place),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        """(title, subtitle) of one wrong answer."""
        names = target.state["values"]
        said, true = int(records["said"][row]), int(records["truth"][row])
        sure = float(records["probability"][row, said])
        return (
            f"said {names[said]}",
            f"is {names[true] if 0 <= true < len(names) else 'a class unseen in training'} · {sure:.0%} sure",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Row indices of mistakes, worst first."""
        wrong = np.flatnonzero(records["said"] != records["truth"])
        return wrong[np.argsort(-records["loss"][wrong], kind="stable")]


def log_odds(p: np.ndarray) -> np.ndarray:
    p = np.clip(p.astype(np.float64), 1e-9, 1 - 1e-9)
    return np.log(p) - np.log1p(-p)


def cross_entropy(output: Tensor, y: Tensor) -> Tensor:
    """(B, K, C) logits and (B,) classes → (B, K)."""
    B, K, C = output.shape
    smoothing = SMOOTHING if C > 2 else 0.0
    return F.cross_entropy(
        output.flatten(0, 1), y.repeat_interleave(K), reduction="none", label_smoothing=smoothing
    ).view(B, K)


TASK = Classification()
