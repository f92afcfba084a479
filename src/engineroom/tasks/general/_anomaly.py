"""LOSS: an alarm, whatever raises it: which rows are ordinary, from where on it is raised, how it is graded and
shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column
from ...core.table import Table
from ...metrics import anomaly as metrics
from ...metrics.classification import roc_auc
from ...modalities.tabular.anomaly_label import ANOMALY, NORMAL
from ...modalities.tabular.category import to_strings
from ...preprocessing.tabular.anomaly_labels import FEW, NAMES, ORDINARY, Judged, given, marked
from ...rendering import classification as classes
from .._ensemble import mean_loss
from .classification import Classification, cross_entropy, log_odds


@dataclass(frozen=True)
class Alarm(Classification):
    """Class 0 is ordinary, class 1 out of the ordinary. The alarm begins where a wanted share of ordinary validation
    rows lies above."""

    normal: str = ""  # the class of ordinary rows; "" = as people usually call it, else the commonest
    false_alarm_rate: float = 0.01  # share of ordinary rows that may raise an alarm
    # known anomalies of the training rows that teach too; 0 = none, ordinary rows teach alone
    n_labelled_anomalies: int = 0
    window: int = 0  # rows of the past that are read with each row; 0 = each row by itself
    series: str = ""  # with a window: the column that tells series apart
    # with a window: the column of moments; "" = a column of dates, else rows follow each other as they stand
    time: str = ""
    # with a window: how much of each series' beginning is taken for ordinary and teaches: a share, or rows from 2 on
    probation: float = 0.0
    # with settle: rows are measured by those before them, as many as settle, so that a new level becomes ordinary
    rolling_baseline: bool = False
    positive: str = field(default="", metadata={"bound": True})  # what is odd is to be found: no option
    kinds: tuple[str, ...] = field(default=(), metadata={"bound": True})  # of anomalies that only test
    ordinary: str = field(default="", metadata={"bound": True})  # the class of ordinary rows in training
    events: bool = field(default=False, metadata={"bound": True})

    averaged = None  # validation rows are ordinary ones: they cannot tell which of two finds the others
    primary_metric = "roc_auc"
    higher_is_better = True
    higher = ("roc_auc", "average_precision", "f1", "precision", "recall", "accuracy", "events")
    lower = ("alarm_rate", "log_loss")
    monitor = "log_loss"
    baseline: ClassVar[str] = "outlier_detection"
    target_modality = "anomaly_label"

    def matches(self, target: Column) -> float:
        return 0.0

    def check(self) -> None:
        if not 0 < self.false_alarm_rate < 0.5:
            raise UserError(
                "options.false_alarm_rate is a share of the ordinary rows.",
                "It lies between 0 and 0.5.",
                "Example: --set options.false_alarm_rate=0.01",
            )
        if self.window < 0 or self.window == 1:
            raise UserError(
                "options.window counts rows of the past.",
                "It is 0 (none) or at least 2.",
                "Example: --set options.window=60",
            )
        if (
            self.probation < 0
            or 1 <= self.probation < 2
            or (self.probation and not self.window)
            or (self.rolling_baseline and not self.probation)
        ):
            raise UserError(
                "options.probation says how much of each series' beginning is ordinary.",
                "It is a share below 1 or a number of rows, and needs a window; options.rolling_baseline needs it.",
                "Example: --set options.window=30 --set options.probation=0.15",
            )
        if self.n_labelled_anomalies < 0:
            raise UserError(
                "options.n_labelled_anomalies counts known anomalies that teach.",
                "It is 0 or more.",
                "Example: --set options.n_labelled_anomalies=50",
            )

    def for_target(self, target: Column) -> Alarm:
        return replace(
            self,
            kinds=tuple(target.state["values"][len(NAMES) :]),
            events=self.window > 0,
            ordinary=target.state.get("normal", ""),
        )

    def build_labelled_samples(self, table: Table, target: str | None) -> Table:
        """Every row as it stands: nothing is set aside, left out or made up. What is ordinary was settled in training.
        (Rows in time keep their parts.)"""
        split, name = marked(table, target, inference=False)
        if self.window or not name or not self.ordinary:
            return self.build_samples(table, target, inference=False)
        words = to_strings(table.frame[name])
        odd = pl.when(words.is_in(list(self.kinds))).then(words).otherwise(pl.lit(ANOMALY))
        labels = pl.select(
            pl.when(words.is_null()).then(None).when(words == self.ordinary).then(pl.lit(NORMAL)).otherwise(odd)
        ).to_series()
        kept = {one: hint for one, hint in table.hints.items() if one == split}
        hinted = {"role": "target", "modality": self.target_modality, "why": "ordinary or not"}
        return replace(table, frame=table.frame.with_columns(labels.alias(name)), hints={**kept, name: hinted})

    def output_size(self, target: Column) -> int:
        return len(NAMES)

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """(N,) codes as they are: 0 ordinary, 1 odd, from 2 on odd and of a kind that only tests."""
        return codes.astype(np.int64)

    def decode_targets(self, values: pl.Series, codes: np.ndarray, target: Column) -> np.ndarray:
        """The labels' own kinds: the code of a kind is exact."""
        return self.to_targets(codes, target)

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        return Losses(mean_loss(cross_entropy(output, (batch["target"] > 0).long()), batch))

    def judged(self, frame: pl.DataFrame, target: str | None, split: str) -> Judged:
        """Which rows of the source are odd, and what each part of it is for."""
        if target:
            odd, kinds, words = self.odd(frame[target])
        else:
            odd, kinds = np.zeros(frame.height, bool), np.full(frame.height, ANOMALY, object)
            words = "No labels are known: every row counts as ordinary."
        rng = np.random.default_rng(0)
        parts = given(frame[split], odd) if split else self.drawn(odd)
        taught = np.zeros(0, np.int64)
        if self.n_labelled_anomalies and odd.any():
            pool = np.flatnonzero(odd & (parts == "")) if (parts == "").any() else np.flatnonzero(odd)
            taught = np.sort(rng.permutation(pool)[: self.n_labelled_anomalies])
            parts[taught] = ""
            words += f" {len(taught)} known anomalies teach too."
        left = int((parts == "").sum()) - len(taught)
        words += f" {left:,} anomalies stood among the rows to learn from and were left out." if left else ""
        return Judged(odd, kinds, parts, taught, words, str(kinds[~odd][0]) if target and not odd.all() else "")

    def odd(self, labels: pl.Series) -> tuple[np.ndarray, np.ndarray, str]:
        """((N,) which rows are no ordinary ones, (N,) their classes, in words)."""
        words = to_strings(labels).fill_null("")
        counts = dict(words.value_counts(sort=True).iter_rows())
        known = {value.lower(): value for value in counts}
        usual = next((known[one] for one in ORDINARY if one in known), max(counts, key=lambda value: counts[value]))
        if self.normal and self.normal not in counts:
            raise UserError(
                f"{labels.name!r} has no class {self.normal!r}.", "", nearest(self.normal, counts, label="Classes")
            )
        normal = self.normal or usual
        kinds = words.to_numpy().astype(object)
        return (
            kinds != normal,
            kinds,
            f"Ordinary rows are those whose {labels.name} is {normal!r}: {counts[normal]:,} of {len(words):,}.",
        )

    def drawn(self, odd: np.ndarray) -> np.ndarray:
        """(N,) parts: ordinary rows at random, or by time where the past is read; what is odd only tests."""
        place = np.arange(len(odd)) / max(1, len(odd)) if self.window else np.random.default_rng(0).random(len(odd))
        if self.window and (~odd).any():  # shares of the ordinary rows, wherever the odd ones stand
            place = np.cumsum(~odd) / (~odd).sum()
        return np.where(odd | (place > 0.8), "test", np.where(place > 0.7, "val", "train")).astype(object)

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """The log odds above which the wanted share of ordinary validation rows lies."""
        odds = log_odds(answers["probability"][:, 1])[truth == 0]
        return (
            {"alarm_from": float(np.quantile(odds, 1 - self.false_alarm_rate, method="higher"))}
            if len(odds) >= FEW
            else {"alarm_from": 0.0}
        )

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        """Log odds counted from the alarm on: a probability above one half raises it."""
        odds = np.clip(log_odds(answers["probability"][:, 1]) - state.get("alarm_from", 0.0), -30, 30)
        score = 1 / (1 + np.exp(-odds))
        return {**answers, "probability": np.stack([1 - score, score], 1)}

    def score_predictions(self, answers: Predictions, whole: Predictions) -> np.ndarray:
        return log_odds(answers["probability"][:, 1])

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of being odd, before calibration."""
        return torch.logit(output.softmax(-1).mean(1)[:, 1].double(), 1e-9)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        score = answers["probability"][:, 1].astype(np.float64)
        odd, alarm = truth > 0, score > 0.5
        loss = np.where(odd == alarm, 0.0, np.abs(log_odds(score)))
        return {
            "truth": odd.astype(np.int64),
            "said": alarm.astype(np.int64),
            "probability": answers["probability"],
            "score": score,
            "loss": loss,
            "kind": truth,
            "event": metrics.event_numbers(odd),
        }

    def metric_notes(self, records: RowResults, target: Column) -> list[str]:
        return [
            f"f1, average_precision, precision and recall are those of what is odd: {int(records['truth'].sum()):,} "
            f"of {len(records['truth']):,} rows."
        ]

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        odd, alarm = records["truth"] > 0, records["said"] > 0
        scores = metrics.scores(odd, records["score"], alarm)
        return {**scores, "events": metrics.events_found(records["event"], alarm)} if self.events else scores

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """prediction (normal or anomaly), score 0..1 (above one half an alarm is raised), alarm."""
        score = answers["probability"][:, 1]
        alarm = score > 0.5
        return pl.DataFrame({"prediction": np.where(alarm, ANOMALY, NORMAL), "score": score, "alarm": alarm})

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        odd, scores, theirs = records["truth"] > 0, self.compute_metrics(records), self.compute_metrics(baseline)
        facts: list[list[Any]] = [
            ["false alarms wanted", f"{self.false_alarm_rate:.1%}", "of the ordinary rows"],
            ["false alarms, deep", f"{scores['alarm_rate']:.1%}", f"classical {theirs['alarm_rate']:.1%}"],
            ["anomalies found, deep", f"{scores['recall']:.1%}", f"classical {theirs['recall']:.1%}"],
        ]
        if self.events:
            facts.append(["events found, deep", f"{scores['events']:.1%}", f"classical {theirs['events']:.1%}"])
        odds = np.clip(log_odds(records["score"]), -12, 12)
        edges = np.linspace(odds.min(), odds.max() + 1e-6, 41)
        series = [
            {"name": word, "counts": np.histogram(odds[rows], edges)[0].tolist()}
            for word, rows in ((NORMAL, ~odd), (ANOMALY, odd))
        ]
        return [
            Panel("facts", "The alarm", {"items": facts}),
            *by_kind(records, baseline, self.kinds),
            Panel(
                "histogram",
                "Anomaly scores of the test rows",
                {"x": "score (an alarm from 0 on)", "edges": edges.tolist(), "series": series},
            ),
            *classes.confusion(records, NAMES),
            *classes.curves(records, baseline, NAMES, 1),
        ]

    def called(self, records: RowResults, row: int) -> str:
        """A row's true kind in words."""
        code = int(records["kind"][row])
        return (
            self.kinds[code - len(NAMES)]
            if code >= len(NAMES) and code - len(NAMES) < len(self.kinds)
            else NAMES[min(code, 1)]
        )

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        odd, alarm = bool(records["truth"][row]), bool(records["said"][row])
        title = {
            (True, True): "found",
            (True, False): "missed",
            (False, True): "false alarm",
            (False, False): "no alarm",
        }[odd, alarm]
        return title, f"{self.called(records, row)} · score {records['score'][row]:.3f}, an alarm from 0.5 on"


def by_kind(records: RowResults, baseline: RowResults, kinds: tuple[str, ...]) -> list[Panel]:
    """Of every kind of anomaly in the test: how many rows, how many raise the alarm, how well they rank above ordinary
    rows."""
    rows = []
    for code, kind in enumerate(kinds, len(NAMES)):
        there, normal_rows = records["kind"] == code, records["truth"] == 0
        if there.any():
            judged = there | normal_rows
            ranks = [
                round(roc_auc(there[judged], one["score"][judged]), 3) if normal_rows.any() else None
                for one in (records, baseline)
            ]
            rows.append(
                [
                    kind,
                    int(there.sum()),
                    *(f"{(one['said'][there] > 0).mean():.1%}" for one in (records, baseline)),
                    *ranks,
                ]
            )
    columns = ["kind of anomaly", "test rows", "found, deep", "found, classical", "roc_auc, deep", "roc_auc, classical"]
    words = (
        "Found: an alarm is raised, at the threshold that ordinary validation rows have set. roc_auc: this kind "
        "against the ordinary rows."
    )
    return [Panel("table", "Scores by kind", {"columns": columns, "rows": rows, "best": None}, words)] if rows else []
