"""LOSS: act or let pass? Two classes, one of them rare or costly: a calibrated risk, and an alarm where the expected
cost says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column
from ...metrics import cost_sensitive as metrics
from ...rendering import classification as classes
from .._ensemble import mean_loss
from .classification import Classification, log_odds

LOSSES = ("plain", "weighted", "focal")
GAMMA = 2.0  # Lin et al. 2017
ENOUGH = 30  # validation rows to calibrate by


@dataclass(frozen=True)
class Decision(Classification):
    """Costs are those of a case that is missed and of a false alarm; only their ratio decides where the alarm begins
    (Elkan 2001)."""

    # cost of a positive let pass; 0 = as many alarms as there are negatives to a positive
    false_negative_cost: float = 0.0
    false_positive_cost: float = 1.0  # cost of a negative held up
    review_rate: float = 0.05  # share of the rows that can be looked at by hand
    loss_name: str = "plain"  # plain, weighted (by rarity) or focal
    rarity: float = field(default=1.0, metadata={"bound": True})  # negatives to a positive in the training rows

    cv_folds = 5
    primary_metric = "cost"
    higher_is_better = False
    higher = ("average_precision", "roc_auc", "precision", "recall", "precision_at_review", "recall_at_review")
    lower = ("cost", "log_loss", "brier")

    def matches(self, target: Column) -> float:
        """Never by itself: the same column is an ordinary classification until somebody speaks of costs."""
        return 0.0

    def for_target(self, target: Column) -> Decision:
        values, counts = list(target.state["values"]), list(target.state["counts"])
        if len(values) != 2:
            raise UserError(
                f"A decision is between two classes; {target.name!r} has {len(values)}.",
                ", ".join(map(str, values[:8])),
                "Leave out --recipe cost_sensitive (or task=cost_sensitive), or make the target yes or no.",
            )
        if self.loss_name not in LOSSES:
            raise UserError(
                f"Option 'loss_name' cannot be {self.loss_name!r}.", "", nearest(self.loss_name, LOSSES, label="Losses")
            )
        if self.false_negative_cost < 0 or self.false_positive_cost <= 0 or not 0 < self.review_rate <= 1:
            raise UserError(
                "Costs must be above 0, and review a share of the rows.",
                "",
                "Example: --set options.false_negative_cost=5 --set options.false_positive_cost=1",
            )
        place = classes.positive_class(self.positive, target)
        rarity = round(counts[1 - place] / counts[place], 4)
        return replace(
            self,
            positive=values[place],
            place=place,
            rarity=rarity,
            false_negative_cost=self.false_negative_cost or rarity,
        )

    @property
    def threshold(self) -> float:
        """The risk from which an alarm costs less than silence."""
        return self.false_positive_cost / (self.false_positive_cost + self.false_negative_cost)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, 2) logits, batch["target"] (B,) category codes from 1 on."""
        y = (batch["target"].long() - 1 == self.place).to(output.dtype)[:, None].expand(output.shape[:2])
        logit = output[..., self.place] - output[..., 1 - self.place]
        each = F.binary_cross_entropy_with_logits(logit, y, reduction="none")
        if self.loss_name == "focal":
            each = each * (1 - (-each).exp()) ** GAMMA
        elif self.loss_name == "weighted":
            each = each * (1 + (self.rarity - 1) * y) * 2 / (1 + self.rarity)
        return Losses(mean_loss(each, batch))

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """Slope and shift of the log odds, fitted on the validation split (Platt 1999): undoes what weights or focus
        did to the risk."""
        known = (truth >= 0) & (truth < answers["probability"].shape[1])
        y = truth[known] == self.place
        if known.sum() < ENOUGH or min(y.sum(), (~y).sum()) < 3:
            return {"slope": 1.0, "shift": 0.0}
        from sklearn.linear_model import LogisticRegression

        odds = log_odds(answers["probability"][known, self.place])[:, None]
        fit = LogisticRegression(C=10.0).fit(odds, y)
        slope = float(fit.coef_[0, 0])
        return (
            {"slope": round(slope, 5), "shift": round(float(fit.intercept_[0]), 5)}
            if slope > 0
            else {"slope": 1.0, "shift": 0.0}
        )

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        odds = log_odds(answers["probability"][:, self.place])
        risk = 1 / (1 + np.exp(-(state.get("slope", 1.0) * odds + state.get("shift", 0.0))))
        pair = np.stack([1 - risk, risk], 1)
        return {"probability": pair if self.place == 1 else pair[:, ::-1]}

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        """(N,) log odds of the class to find, so that reasons speak for or against an alarm."""
        return log_odds(answers["probability"][:, self.place])

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        return torch.logit(output.softmax(-1).mean(1)[:, self.place].double(), 1e-9)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        risk = answers["probability"][:, self.place].astype(np.float64)
        alarm = risk >= self.threshold
        positive = truth == self.place
        cost = np.where(positive & ~alarm, self.false_negative_cost, 0.0) + np.where(
            ~positive & alarm, self.false_positive_cost, 0.0
        )
        own = np.where(positive, risk, 1 - risk)
        said = np.where(alarm, self.place, 1 - self.place)
        loss = -np.log(np.clip(own, 1e-15, 1))
        return {
            "truth": truth,
            "said": said,
            "probability": answers["probability"],
            "risk": risk,
            "cost": cost,
            "loss": loss,
        }

    def confidence(self, records: RowResults) -> tuple[np.ndarray, np.ndarray]:
        return records["risk"], records["truth"] == self.place

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        positive = records["truth"] == self.place
        return metrics.scores(
            positive, records["risk"], records["said"] == self.place, records["cost"], self.review_rate
        )

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """prediction by cost, the risk, and the usual probabilities."""
        p, values = answers["probability"], target.state["values"]
        risk = p[:, self.place]
        said = np.where(risk >= self.threshold, self.place, 1 - self.place)
        columns: dict[str, Any] = {
            "prediction": [values[k] for k in said],
            "probability": p[np.arange(len(p)), said],
            "risk": risk,
        }
        return pl.DataFrame(columns | {f"probability_{value}": p[:, i] for i, value in enumerate(values)})

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        names, pair = list(target.state["values"]), (("deep", records), ("classical", baseline))
        facts = [
            ["to find", self.positive, f"one in {1 + self.rarity:.3g} training rows"],
            ["a miss costs", f"{self.false_negative_cost:g}", f"a false alarm {self.false_positive_cost:g}"],
            ["alarm from a risk of", f"{self.threshold:.1%}", "alarm ÷ (alarm + miss)"],
            ["can be reviewed", f"{self.review_rate:.0%}", "of the rows"],
        ]
        return [
            Panel("facts", "The decision", {"items": facts}),
            Panel(
                "lines",
                "Expected cost by threshold",
                self._cost_curve(pair),
                "The mean cost a row, had the alarm begun elsewhere.",
            ),
            Panel(
                "lines",
                "Recall by share reviewed",
                self._gains(pair),
                "Look at the riskiest rows first: how many of the cases are among them?",
            ),
            *classes.confusion(records, names),
            Panel(
                "lines",
                "Calibration: stated risk against observed frequency",
                self._truth_of_risk(pair),
                "On the line: of a hundred rows with a risk of 20 %, twenty are such cases.",
            ),
            *classes.curves(records, baseline, names, self.place),
        ]

    def _cost_curve(self, pair: tuple[tuple[str, RowResults], ...]) -> dict[str, Any]:
        grid = np.geomspace(1e-3, 1, 60)
        series = []
        for name, r in pair:
            positive = r["truth"] == self.place
            cost = [
                float(
                    np.where(
                        positive,
                        self.false_negative_cost * (r["risk"] < t),
                        self.false_positive_cost * (r["risk"] >= t),
                    ).mean()
                )
                for t in grid
            ]
            series.append({"name": name, "x": grid.tolist(), "y": cost})
        marks = [{"x": self.threshold, "label": "chosen"}]
        return {"x": "alarm from a risk of", "y": "cost a row", "series": series, "marks": marks, "log_x": True}

    def _truth_of_risk(self, pair: tuple[tuple[str, RowResults], ...]) -> dict[str, Any]:
        series = [classes.reliability(name, r["risk"], r["truth"] == self.place) for name, r in pair]
        return {"x": "stated risk", "y": "share that are such cases", "series": series, "diagonal": True}

    def _gains(self, pair: tuple[tuple[str, RowResults], ...]) -> dict[str, Any]:
        series = []
        for name, r in pair:
            hits = (r["truth"] == self.place)[np.argsort(-r["risk"], kind="stable")]
            found = np.cumsum(hits) / max(1, hits.sum())
            series.append(
                {"name": name, "x": classes.thin(np.arange(1, len(hits) + 1) / len(hits)), "y": classes.thin(found)}
            )
        marks = [{"x": self.review_rate, "label": "can be reviewed"}]
        return {
            "x": "share of the rows reviewed",
            "y": "share of the cases found",
            "series": series,
            "marks": marks,
            "diagonal": True,
        }

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        missed = int(records["truth"][row]) == self.place
        return (
            "missed" if missed else "false alarm",
            f"risk {records['risk'][row]:.1%} · cost {records['cost'][row]:g}",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Row indices of mistakes, dearest and surest first."""
        wrong = np.flatnonzero(records["cost"] > 0)
        return wrong[np.lexsort((-records["loss"][wrong], -records["cost"][wrong]))]


TASK = Decision()
