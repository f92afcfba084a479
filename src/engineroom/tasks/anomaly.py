"""LOSS: is this row out of the ordinary? Learnt from ordinary rows alone; labels, where there are any, only judge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl

from ..core.columns import Column
from ..core.errors import DataError, UserError, nearest
from ..core.exhibits import Exhibit
from ..core.signals import Answers, Records
from ..core.table import Table
from ..metrics import anomaly as metrics
from . import _classes as classes
from ._made_up import made_up, moving
from .classification import Classification, log_odds

ORDINARY = ("normal", "ok", "good", "benign", "ordinary", "none", "no", "false", "0", "0.0", "-")  # names of the normal class, as people write it
NORMAL, ANOMALY = "normal", "anomaly"
TARGET = "anomaly"  # the target's name where no column holds labels
MOST_MADE, TIMES = 60_000, 2  # made-up rows; to an ordinary one, in training
JUDGED = 0.2  # made-up rows to an ordinary one where there is no real anomaly to judge by
LEAST = 20  # ordinary rows of the validation by which the alarm is set


@dataclass(frozen=True)
class Anomaly(Classification):
    """A network learns to tell the ordinary rows from made-up ones, whose columns do not belong together; what it takes for made up is
    out of the ordinary. The alarm begins where a wanted share of ordinary validation rows lies above."""

    normal: str = ""  # the class of ordinary rows; "" = as people usually call it, else the commonest
    alarms: float = 0.01  # share of ordinary rows that may raise an alarm
    window: int = 0  # rows of the past that are read with each row; 0 = each row by itself
    series: str = ""  # with a window: the column that tells series apart
    place: int = field(default=0, metadata={"bound": True})  # of the anomalies among the target's values
    events: bool = field(default=False, metadata={"bound": True})

    headline = "roc_auc"
    higher_is_better = True
    higher = ("roc_auc", "average_precision", "f1", "precision", "recall", "events")
    lower = ("alarm_rate", "log_loss")
    selects = "log_loss"
    rival: ClassVar[str] = "outliers"

    def fits(self, target: Column) -> float:
        return 0.0

    def check(self) -> None:
        if not 0 < self.alarms < 0.5:
            raise UserError("options.alarms is a share of the ordinary rows.", "It lies between 0 and 0.5.", "Example: --set options.alarms=0.01")
        if self.window < 0 or self.window == 1:
            raise UserError("options.window counts rows of the past.", "It is 0 (none) or at least 2.", "Example: --set options.window=60")

    def bind(self, target: Column) -> Anomaly:
        return replace(self, place=list(target.state["values"]).index(ANOMALY), events=self.window > 0)

    def reframe(self, table: Table, target: str | None, *, asking: bool) -> Table:
        """Ordinary rows and made-up ones to learn and validate by; the test holds ordinary rows and what is really odd."""
        self.check()
        frame = self.with_past(table.frame, {target, *(n for n, h in table.hints.items() if h.get("role") == "split")})
        if asking:
            return replace(table, frame=frame)
        if target and target not in frame.columns:
            raise DataError(f"There is no column {target!r} of labels.", "", nearest(target, frame.columns, label="Columns"))
        split = next((name for name, hint in table.hints.items() if hint.get("role") == "split"), "")
        odd, words = self.odd(frame[target]) if target else (np.zeros(frame.height, bool), "No labels are known: every row counts as ordinary.")
        parts = given(frame[split], odd) if split else self.drawn(odd)
        inputs = frame.drop([name for name in (target, split) if name])
        name, rng = target or TARGET, np.random.default_rng(0)
        labels = np.where(odd, ANOMALY, NORMAL)
        pieces = [inputs.with_columns(pl.Series(name, labels), pl.Series("split", parts))]
        pieces[0] = pieces[0].filter(pl.Series(parts != ""))
        ordinary = {part: inputs.filter(pl.Series((parts == part) & ~odd)) for part in ("train", "val", "test")}
        if ordinary["train"].height < LEAST or ordinary["val"].height < LEAST or not ordinary["test"].height:
            raise DataError("There are too few ordinary rows to learn from.", words, "Name the class of ordinary rows: --set options.normal=CLASS")
        if inputs.width < 2:
            raise DataError("One column alone has no order to break.", "What is odd shows in how columns go together.", "Bring more columns, or --set options.window=20 for a series.")
        fresh = {part: min(MOST_MADE, TIMES * ordinary[part].height) for part in ("train", "val")}
        if not (odd & (parts == "test")).any():
            fresh["test"] = max(1, int(JUDGED * ordinary["test"].height))
            words += " No real anomaly stands in the test: it is judged by made-up rows, and the scores say no more than that."
        for part, count in fresh.items():
            rows = made_up(ordinary[part], count, rng)
            pieces.append(rows.with_columns(pl.lit(ANOMALY).alias(name), pl.lit(part).alias("split")))
        left = int((parts == "").sum())
        words += f" {left:,} anomalies stood among the rows to learn from and were left out." if left else ""
        words += f" {fresh['train']:,} made-up rows stand beside {ordinary['train'].height:,} ordinary ones to learn from."
        hints = {one: hint for one, hint in table.hints.items() if one != split}
        hints |= {name: {"role": "target", "modality": "category", "why": "ordinary or not"}, "split": {"role": "split", "why": "only ordinary rows teach"}}
        return Table(pl.concat(pieces), table.name, hints, (*table.notes, words), table.skipped)

    def with_past(self, frame: pl.DataFrame, beside: set[str | None]) -> pl.DataFrame:
        if not self.window:
            return frame
        if self.series and self.series not in frame.columns:
            raise DataError(f"There is no column {self.series!r}.", "", nearest(self.series, frame.columns, label="Columns"))
        numbers = [name for name in frame.columns if frame[name].dtype.is_float() and name not in beside and name != self.series]
        out = moving(frame, numbers, self.window, self.series)
        return out.drop(self.series) if self.series else out

    def odd(self, labels: pl.Series) -> tuple[np.ndarray, str]:
        """((N,) which rows are no ordinary ones, in words)."""
        from ..modalities.category import to_strings

        words = to_strings(labels).fill_null("")
        counts = dict(words.value_counts(sort=True).iter_rows())
        known = {value.lower(): value for value in counts}
        usual = next((known[one] for one in ORDINARY if one in known), max(counts, key=lambda value: counts[value]))
        if self.normal and self.normal not in counts:
            raise UserError(f"{labels.name!r} has no class {self.normal!r}.", "", nearest(self.normal, counts, label="Classes"))
        normal = self.normal or usual
        return (words != normal).to_numpy(), f"Ordinary rows are those whose {labels.name} is {normal!r}: {counts[normal]:,} of {len(words):,}."

    def drawn(self, odd: np.ndarray) -> np.ndarray:
        """(N,) parts: ordinary rows at random, or by time where the past is read; what is odd only tests."""
        place = np.arange(len(odd)) / max(1, len(odd)) if self.window else np.random.default_rng(0).random(len(odd))
        if self.window and (~odd).any():  # shares of the ordinary rows, wherever the odd ones stand
            place = np.cumsum(~odd) / (~odd).sum()
        return np.where(odd | (place > 0.8), "test", np.where(place > 0.7, "val", "train"))

    def calibrate(self, answers: Answers, truth: np.ndarray) -> dict[str, float]:
        """The log odds above which the wanted share of ordinary validation rows lies."""
        odds = log_odds(answers["probability"][:, self.place])[truth == 1 - self.place]
        return {"alarm_from": float(np.quantile(odds, 1 - self.alarms, method="higher"))} if len(odds) >= LEAST else {"alarm_from": 0.0}

    def calibrated(self, answers: Answers, state: dict[str, float]) -> Answers:
        """Log odds counted from the alarm on: a probability above one half raises it."""
        odds = np.clip(log_odds(answers["probability"][:, self.place]) - state.get("alarm_from", 0.0), -30, 30)
        score = 1 / (1 + np.exp(-odds))
        pair = np.stack([1 - score, score], 1)
        return {"probability": pair if self.place == 1 else pair[:, ::-1]}

    def weigh(self, answers: Answers, whole: Answers) -> np.ndarray:
        return log_odds(answers["probability"][:, self.place])

    def grade(self, answers: Answers, truth: np.ndarray) -> Records:
        score = answers["probability"][:, self.place].astype(np.float64)
        odd, alarm = truth == self.place, score > 0.5
        loss = np.where(odd == alarm, 0.0, np.abs(log_odds(score)))
        said = np.where(alarm, self.place, 1 - self.place)
        return {"truth": truth, "said": said, "probability": answers["probability"], "score": score, "loss": loss, "event": metrics.event_numbers(odd)}

    def score(self, records: Records) -> dict[str, float]:
        odd, alarm = records["truth"] == self.place, records["said"] == self.place
        scores = metrics.scores(odd, records["score"], alarm)
        return {**scores, "events": metrics.events_found(records["event"], alarm)} if self.events else scores

    def table(self, answers: Answers, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """prediction (normal or anomaly), score 0..1 (above one half an alarm is raised), alarm."""
        score = answers["probability"][:, self.place]
        alarm = score > 0.5
        return pl.DataFrame({"prediction": np.where(alarm, ANOMALY, NORMAL), "score": score, "alarm": alarm})

    def exhibits(self, records: Records, rival: Records, target: Column) -> list[Exhibit]:
        names, odd = list(target.state["values"]), records["truth"] == self.place
        scores, theirs = self.score(records), self.score(rival)
        facts: list[list[Any]] = [
            ["false alarms wanted", f"{self.alarms:.1%}", "of the ordinary rows"],
            ["false alarms, deep", f"{scores['alarm_rate']:.1%}", f"classical {theirs['alarm_rate']:.1%}"],
            ["anomalies found, deep", f"{scores['recall']:.1%}", f"classical {theirs['recall']:.1%}"],
        ]
        if self.events:
            facts.append(["events found, deep", f"{scores['events']:.1%}", f"classical {theirs['events']:.1%}"])
        odds = np.clip(log_odds(records["score"]), -12, 12)
        edges = np.linspace(odds.min(), odds.max() + 1e-6, 41)
        series = [{"name": word, "counts": np.histogram(odds[rows], edges)[0].tolist()} for word, rows in ((NORMAL, ~odd), (ANOMALY, odd))]
        return [
            Exhibit("facts", "The alarm", {"items": facts}),
            Exhibit("histogram", "Scores of the test rows", {"x": "score (an alarm from 0 on)", "edges": edges.tolist(), "series": series}),
            *classes.confusion(records, names),
            *classes.curves(records, rival, names, self.place),
        ]

    def mistake(self, records: Records, row: int, target: Column) -> tuple[str, str]:
        missed = int(records["truth"][row]) == self.place
        return ("missed" if missed else "false alarm", f"score {records['score'][row]:.3f}, an alarm from 0.5 on")


def given(values: pl.Series, odd: np.ndarray) -> np.ndarray:
    """(N,) the parts that the source gives; anomalies that do not test are left out (""). A validation of ordinary rows is set aside if there is none."""
    parts = values.cast(pl.String).fill_null("").to_numpy().astype(object).copy()
    parts[odd & (parts != "test")] = ""
    if not (parts == "val").any():
        train = np.flatnonzero(parts == "train")
        parts[train[np.random.default_rng(0).random(len(train)) < 0.15]] = "val"
    return parts


TASK = Anomaly()
