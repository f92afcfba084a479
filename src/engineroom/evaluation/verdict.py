"""The verdict: which model to use on these rows, by paired bootstrap intervals, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..core.panels import spoken
from .ensemble_selection import NAMES, Selection
from .evaluate import EvaluationResult, paired

WHO = {"deep": "deep", "baseline": "classical", "blend": "blended"}
FEW_CASES = 5  # test rows of a class below which resampling says nothing of how well they are ranked
NO_SKILL = {"spearman": 0.0}  # scores that a constant answer does not have, and what guessing gives
FEW_ROWS = 200  # test rows below which only large gains are clear of chance


@dataclass(frozen=True)
class Verdict:
    """Which one to use, in words."""

    use: str  # deep | baseline | blend | either | dummy
    sentence: str
    why: tuple[str, ...]
    difference: tuple[float, float, float, float]  # deep − baseline on the headline score: value, low, high, p

    def to_json(self) -> dict:
        value, low, high, p = self.difference
        return {
            "use": self.use,
            "sentence": self.sentence,
            "why": list(self.why),
            "difference": {"value": value, "low": low, "high": high, "p": p},
        }


def judge(
    deep: EvaluationResult,
    baseline: EvaluationResult,
    dummy: EvaluationResult,
    task,
    blend: EvaluationResult | None = None,
    selection: Selection | None = None,
) -> Verdict:
    """The verdict on the test rows, and what answers: validation rows alone have chosen that (`selection`)."""
    verdict = compare(deep, baseline, dummy, task)
    if selection is None:
        return verdict
    if blend is not None and gain(blend, dummy, task, task.primary_metric)[2]:
        verdict = judge_blend(deep, baseline, blend, verdict, task, selection)
    if task.averaged is None:
        return verdict
    chosen = f"predict answers with {NAMES[selection.use]}: {selection.reason} Another: --with deep or baseline."
    return replace(verdict, why=(*verdict.why, chosen))


def judge_blend(
    deep: EvaluationResult,
    baseline: EvaluationResult,
    blend: EvaluationResult,
    verdict: Verdict,
    task,
    selection: Selection,
) -> Verdict:
    """The blend against the one of the two that validation found better."""
    metric, sign = task.primary_metric, 1.0 if task.higher_is_better else -1.0
    other = min((deep, baseline), key=lambda one: selection.scores.get(one.name, np.inf))
    found = paired(blend, other, metric)
    scored = (
        f"{metric} {spoken(blend.scores[metric])} (deep {spoken(deep.scores[metric])}, "
        f"classical {spoken(baseline.scores[metric])})"
    )
    against = f"Against {NAMES[other.name]}: {difference(len(deep.records['truth']), *found[:3])}"
    low, high = sorted(sign * bound for bound in found[1:3])
    if high < 0:
        sentence = f"Use {NAMES[other.name]}: the blend of both, which validation chose, has {scored}."
        return Verdict(other.name, sentence, (against, *verdict.why[1:2]), found)
    clear = "larger than chance explains" if low > 0 else "within what chance explains"
    return Verdict(
        "blend",
        f"Use the blend: {scored}.",
        (against, f"The blend is {blend.words}; its gain is {clear}.", *verdict.why[1:2]),
        found,
    )


def compare(deep: EvaluationResult, baseline: EvaluationResult, dummy: EvaluationResult, task) -> Verdict:
    """Compare on the same rows: first with the dummy that always says the same, then with each other (paired
    bootstrap), then cost.

    Only a gain over the dummy that is clear of chance says that something was learnt. Where the primary metric does not
    show one (few positives leave accuracy as it is), the metric by which weights are chosen and the ranking are asked
    before nothing is said to have been learnt.
    """
    gained = {e.name: gain(e, dummy, task, task.primary_metric) for e in (deep, baseline)}
    found = paired(deep, baseline, task.primary_metric)
    words = [difference(len(deep.records["truth"]), *found[:3]), cost(deep, baseline)]
    if any(clear for _, _, clear in gained.values()):
        return choose(deep, baseline, task, found, gained, words)
    metric, nothing = task.primary_metric, dummy.scores[task.primary_metric]
    ours, theirs = deep.scores[metric], baseline.scores[metric]
    scored = (
        f"{metric} {spoken(ours)} of the deep model and {spoken(theirs)} of the classical model "
        f"({baseline.words}) "
        f"against {spoken(nothing)}"
    )
    for other in second_metrics(task, deep, baseline, dummy):
        better = [e for e in (deep, baseline) if gain(e, dummy, task, other)[2]]
        if better:
            said = " and ".join(f"the {WHO[e.name]} model's" for e in better)
            sentence = f"By {metric}, neither model is clear of the dummy baseline ({dummy.words}): {scored}."
            hint = (
                f"By {other}, {said} gain over it is clear of chance: something was learnt. Look at it and at the "
                "other scores."
            )
            return Verdict("either" if len(better) == 2 else better[0].name, sentence, (*words, hint), found)
    sentence = f"Nothing was learnt that is clear of chance: {scored} of the dummy baseline ({dummy.words})."
    return Verdict("dummy", sentence, (*words, *explain_verdict(deep, baseline, dummy, gained)), found)


def gain(one: EvaluationResult, dummy: EvaluationResult, task, metric: str) -> tuple[float, float, bool]:
    """(lower and upper bound of the gain over the dummy, above 0 = better; whether it is clear of chance). Without a
    dummy's score there is nothing to clear."""
    sign = 1.0 if metric in task.higher or (metric == task.primary_metric and task.higher_is_better) else -1.0
    if metric in NO_SKILL:
        low, high = (bound - NO_SKILL[metric] for bound in one.intervals[metric])
        return low, high, bool(low > 0)
    if not np.isfinite(dummy.scores.get(metric, float("nan"))):
        return float("nan"), float("nan"), bool(np.isfinite(one.scores[metric]))
    _, low, high, _ = paired(one, dummy, metric)
    low, high = (low, high) if sign > 0 else (-high, -low)
    return low, high, bool(low > 0)


def second_metrics(task, *entries: EvaluationResult) -> list[str]:
    """Scores that may show a gain where the primary one does not: that by which weights are chosen, and the ranking of
    the rows."""
    names = dict.fromkeys((task.monitor, "roc_auc", *NO_SKILL))
    truth = entries[0].records["truth"]
    few = (
        truth.ndim == 1
        and truth.dtype.kind == "i"
        and np.unique(truth, return_counts=True)[1].min(initial=len(truth)) < FEW_CASES
    )
    known = lambda name: (
        not (name == "roc_auc" and few)
        and all(np.isfinite(e.scores.get(name, np.nan)) for e in entries[: 2 if name in NO_SKILL else 3])
    )
    return [name for name in names if name != task.primary_metric and known(name)]


def choose(
    deep: EvaluationResult,
    baseline: EvaluationResult,
    task,
    found: tuple[float, float, float, float],
    gained: dict[str, tuple[float, float, bool]],
    words: list[str],
) -> Verdict:
    """Which of two models to use, at least one of which is clear of the dummy."""
    metric, (value, low, high, _) = task.primary_metric, found
    sign = 1.0 if task.higher_is_better else -1.0
    ahead, behind = (low > 0, high < 0) if sign > 0 else (high < 0, low > 0)
    ours, theirs = deep.scores[metric], baseline.scores[metric]
    shown = f"{metric} {spoken(ours)} against {spoken(theirs)} of the classical baseline ({baseline.words})"
    if value == 0:
        shown = f"{metric} {spoken(ours)} of both, the deep model and the classical baseline ({baseline.words})"
    if ahead and gained["deep"][2]:
        return Verdict(
            "deep", f"Use the deep model: {shown}.", (*words, "The gain is larger than chance explains."), found
        )
    if behind and gained["baseline"][2]:
        better = f"{metric} {spoken(theirs)} ({baseline.words}) against {spoken(ours)} of the deep model"
        return Verdict(
            "baseline", f"Use the classical model: {better}.", (*words, "Here deep learning does not pay."), found
        )
    cheaper = (
        "the classical one is cheaper to train"
        if deep.seconds > baseline.seconds
        else "the deep one is cheaper to train"
    )
    last = (
        "This score does not tell the two apart; look at the others."
        if value == 0
        else "The difference is within what chance explains."
    )
    for name, other in (("deep", "baseline"), ("baseline", "deep")):
        if not gained[name][2]:
            words = [*words, f"Only the {WHO[other]} model's gain over the dummy baseline is clear of chance."]
    return Verdict("either", f"No clear winner: {shown}; {cheaper}.", (*words, last), found)


def explain_verdict(
    deep: EvaluationResult,
    baseline: EvaluationResult,
    dummy: EvaluationResult,
    gained: dict[str, tuple[float, float, bool]],
) -> list[str]:
    """Likely reasons why nothing was learnt, and what to try."""
    rows = len(deep.records["truth"])
    spans = ", ".join(
        f"{WHO[name]} {spoken(low, sign=True)} to {spoken(high, sign=True)}" for name, (low, high, _) in gained.items()
    )
    out = [f"Gain over the dummy baseline, 95 % interval (above 0 is better): {spans}."]
    if all(high < 0 for _, high, _ in gained.values()):
        out.append(
            "Both are worse than the dummy baseline: the test rows may come from another time or place than the "
            "training rows, or training was too short."
        )
    if rows < FEW_ROWS:
        out.append(
            f"{rows} test rows can show only a large gain: more of them would tell (--set split.test=0.3, or more "
            "data)."
        )
    return [*out, "The inputs may say nothing about the target, there may be too few rows, or training was too short."]


def cost(deep: EvaluationResult, baseline: EvaluationResult) -> str:
    slower, size = deep.seconds / max(baseline.seconds, 1e-3), deep.megabytes / max(baseline.megabytes, 1e-6)
    time = f"Training took {deep.seconds:.0f} s, {slower:.1f}× the baseline's {baseline.seconds:.1f} s"
    return f"{time}; the model is {deep.megabytes:.2f} MB, {size:.1f}× the baseline's."


def difference(rows: int, value: float, low: float, high: float) -> str:
    """The difference of the headline score in words: nobody reads +0 (+0 to +0)."""
    interval = f"{spoken(low, sign=True)} to {spoken(high, sign=True)}"
    if value == low == high == 0:
        return f"On the same {rows} test rows both score alike, whichever of these rows are drawn."
    if value == 0:
        return f"On the same {rows} test rows both score alike (95 % interval of the difference {interval})."
    return f"On the same {rows} test rows the difference is {spoken(value, sign=True)} (95 % interval {interval})."
