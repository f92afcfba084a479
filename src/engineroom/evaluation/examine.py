"""The examiner: grades any predictor's answers by the same code, with bootstrap intervals over rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..core.exhibits import spoken
from ..core.signals import Answers, Records
from ..metrics.bootstrap import intervals, paired_difference


@dataclass(frozen=True)
class Examination:
    """What one predictor achieved on one set of rows."""

    name: str
    words: str
    records: Records
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    seconds: float = 0.0  # to train
    rate: float = 0.0  # rows answered a second
    megabytes: float = 0.0
    calibration: dict[str, float] = field(default_factory=dict)


def examine(name: str, words: str, answers: Answers, truth: np.ndarray, task, *, seed: int = 0, **facts) -> Examination:
    """Grade `answers` against `truth`; scores and their 95 % intervals."""
    records = task.grade(answers, truth)
    return Examination(name, words, records, task.score(records), intervals(task.score, records, seed=seed), **facts)


@dataclass(frozen=True)
class Verdict:
    """Which one to use, in words."""

    use: str  # deep | rival | either | trivial
    sentence: str
    why: tuple[str, ...]
    difference: tuple[float, float, float, float]  # deep − rival on the headline score: value, low, high, p

    def to_json(self) -> dict:
        value, low, high, p = self.difference
        return {
            "use": self.use,
            "sentence": self.sentence,
            "why": list(self.why),
            "difference": {"value": value, "low": low, "high": high, "p": p},
        }


def judge(deep: Examination, rival: Examination, trivial: Examination, task, *, seed: int = 0) -> Verdict:
    """Compare on the same rows: quality first (paired bootstrap), then cost."""
    metric = task.headline
    sign = 1.0 if task.higher_is_better else -1.0
    value, low, high, p = paired_difference(task.score, deep.records, rival.records, metric, seed=seed)
    ahead, behind = (low > 0, high < 0) if sign > 0 else (high < 0, low > 0)
    ours, theirs, nothing = (e.scores[metric] for e in (deep, rival, trivial))
    if value == 0:
        shown = f"{metric} {spoken(ours)} of both, the deep model and the classical rival ({rival.words})"
    else:
        shown = f"{metric} {spoken(ours)} against {spoken(theirs)} of the classical rival ({rival.words})"
    slower = deep.seconds / max(rival.seconds, 1e-3)
    size = deep.megabytes / max(rival.megabytes, 1e-6)
    words = [
        difference(len(deep.records["truth"]), value, low, high),
        f"Training took {deep.seconds:.0f} s, {slower:.1f}× the rival's {rival.seconds:.1f} s; the model is {deep.megabytes:.2f} MB, {size:.1f}× the rival's.",
    ]
    if sign * (max(ours * sign, theirs * sign) * sign - nothing) <= 0:
        return Verdict(
            "trivial",
            f"Neither beats answering always the same: {metric} {spoken(nothing)}. {shown}.",
            (*words, "The inputs may say nothing about the target, or there are too few rows."),
            (value, low, high, p),
        )
    if ahead:
        return Verdict("deep", f"Use the deep model: {shown}.", (*words, "The gain is larger than chance explains."), (value, low, high, p))
    if behind:
        better = f"{metric} {spoken(theirs)} ({rival.words}) against {spoken(ours)} of the deep model"
        return Verdict("rival", f"Use the classical model: {better}.", (*words, "Here deep learning does not pay."), (value, low, high, p))
    cheaper = "the classical one is cheaper to train" if slower > 1 else "the deep one is cheaper to train"
    last = "This score does not tell the two apart; look at the others." if value == 0 else "The difference is within what chance explains."
    return Verdict("either", f"No clear winner: {shown}; {cheaper}.", (*words, last), (value, low, high, p))


def difference(rows: int, value: float, low: float, high: float) -> str:
    """The difference of the headline score in words: nobody reads +0 (+0 to +0)."""
    interval = f"{spoken(low, sign=True)} to {spoken(high, sign=True)}"
    if value == low == high == 0:
        return f"On the same {rows} test rows both score alike, whichever of these rows are drawn."
    if value == 0:
        return f"On the same {rows} test rows both score alike (95 % interval of the difference {interval})."
    return f"On the same {rows} test rows the difference is {spoken(value, sign=True)} (95 % interval {interval})."
