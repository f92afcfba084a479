"""Is asking worth it here? On rows whose labels are known: the strategy against random choice, from several beginnings,
on the same test rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import DataError, UserError
from ..core.files import write_atomic
from ..core.panels import Panel, Section, spoken
from ..core.seeds import numpy_generator
from ..metrics.bootstrap import mean_interval
from ..metrics.classification import scores
from ..report.html_report import a_page, render_html, strict
from .query_strategy import STRATEGIES, QueryStrategy, choose
from .session import BATCH, unlabelled

MOST_TEST, TESTED = 2_000, 0.3  # rows that test: at most so many, at most this share
LOPSIDED = 0.7  # share of the commonest class from which accuracy says too little
DRAWS = 2_000
ARMS = ("asked", "random")


def simulate(
    data: Any, *, target: str, labels: int = 300, batch: int = BATCH, repeats: int = 5,
    strategy: str = "classical", page: str | Path | None = None,
    seed: int = 0, say: Callable[[str], None] = lambda text: None, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """{"metric", "labels", "asked", "random", "share", "sentence", …}: quality by labels given, and the share of labels
    that asking needs."""
    if repeats < 2:
        raise UserError("One repeat has no interval.", "", "Use at least two: --repeats 5")
    table, schema, given = unlabelled(data, target)
    rows = np.array(sorted(given), int)
    classes = sorted(set(given.values()))
    if len(classes) < 2 or len(rows) < 10 * batch:
        raise DataError(
            f"{target!r} has too few labels to simulate with: {len(rows)} of {len(classes)} class(es).",
            "What is asked for must be known here.",
            f"Give at least {10 * batch} labelled rows of two classes.",
        )
    codes = np.zeros(len(table), int)
    codes[rows] = [classes.index(given[row]) for row in rows.tolist()]
    metric = "f1_macro" if np.bincount(codes[rows]).max() / len(rows) > LOPSIDED else "accuracy"
    labels = min(labels, len(rows) - int(TESTED * len(rows)))
    counts = list(range(batch, labels + 1, batch))
    curves = {arm: np.zeros((repeats, len(counts))) for arm in ARMS}
    who = STRATEGIES[strategy](table.frame, schema, seed, **settings)
    for k in range(repeats):
        order = numpy_generator(seed, "simulate", k).permutation(rows)
        test = order[: min(MOST_TEST, int(TESTED * len(rows)))]
        for arm in ARMS:
            curves[arm][k] = play(
                who, codes, classes, order[len(test) :], test, counts, metric, arm == "asked", seed + k
            )
        say(
            f"{k + 1} of {repeats}: after {labels} labels {metric} {curves['asked'][k, -1]:.3f} asked, "
            f"{curves['random'][k, -1]:.3f} at random"
        )
    result = measure(metric, counts, curves, seed) | {
        "strategy": strategy,
        "rows": len(rows),
        "page": None if page is None else str(page),
    }
    if page is not None:
        write_atomic(Path(page), render_html(report(result, table.name, target)))
    return strict(result)


def play(
    who: QueryStrategy,
    codes: np.ndarray,
    classes: list[str],
    pool: np.ndarray,
    test: np.ndarray,
    counts: list[int],
    metric: str,
    asked: bool,
    seed: int,
) -> np.ndarray:
    """(len(counts),) the score on `test` after so many labels."""
    rng = numpy_generator(seed, "play", int(asked))
    known: dict[int, int] = {}
    out = []
    for count in counts:
        left = pool[~np.isin(pool, list(known))]
        more = count - len(known)
        rows = (
            choose(who, known, left, classes, more, rng)[0]
            if asked
            else rng.choice(left, min(more, len(left)), replace=False)
        )
        known |= {int(row): int(codes[row]) for row in rows}
        said = who.answer(np.fromiter(known, int), np.fromiter(known.values(), int), test, classes)
        out.append(scores(codes[test], said)[metric])
    return np.array(out)


def measure(metric: str, counts: list[int], curves: dict[str, np.ndarray], seed: int) -> dict[str, Any]:
    """Means with intervals over the repeats; the share of random's labels with which asking is as good as random is in
    the end."""
    share = np.array(
        [
            labels_to_reach(counts, mine, theirs[-1]) / counts[-1]
            for mine, theirs in zip(curves["asked"], curves["random"], strict=True)
        ]
    )
    rng = numpy_generator(seed, "share")
    low, high = map(float, mean_interval(share, rng, DRAWS))
    lines = {}
    for arm, values in curves.items():
        ends = mean_interval(values, rng, DRAWS)
        lines[arm] = {"value": values.mean(0).tolist(), "low": ends[0].tolist(), "high": ends[1].tolist()}
    mean = float(share.mean())
    words = (
        f"With {mean:.0%} of the labels ({low:.0%} to {high:.0%}) the rows that were asked for teach as much as "
        f"{counts[-1]} drawn at random"
    )
    worth = (
        "asking pays"
        if high < 0.9
        else "asking does not pay here"
        if mean > 1
        else "what asking saves is within what chance explains"
    )
    return {
        "metric": metric,
        "labels": counts,
        **lines,
        "share": {"value": mean, "low": low, "high": high},
        "sentence": f"{words}: {worth}.",
    }


def labels_to_reach(counts: list[int], curve: np.ndarray, goal: float) -> float:
    """The labels at which the curve first stands at the goal, on the line between two counts; a tenth more than all
    where it never does."""
    above = np.flatnonzero(curve >= goal)
    if not len(above):
        return 1.1 * counts[-1]
    k = int(above[0])
    if not k:
        return float(counts[0])
    part = (goal - curve[k - 1]) / max(curve[k] - curve[k - 1], 1e-12)
    return counts[k - 1] + part * (counts[k] - counts[k - 1])


def report(result: dict[str, Any], name: str, target: str) -> dict[str, Any]:
    """What the renderer of reports takes."""
    words = {"asked": "rows the model asked for", "random": "rows at random"}
    metric, counts = result["metric"], result["labels"]
    series = [
        {
            "name": words[arm],
            "x": counts,
            "y": result[arm]["value"],
            "low": result[arm]["low"],
            "high": result[arm]["high"],
        }
        for arm in ARMS
    ]
    table_rows = [[n, result["asked"]["value"][k], result["random"]["value"][k]] for k, n in enumerate(counts)]
    exhibits = (
        Panel(
            "lines",
            f"{metric} by labels given",
            {"x": "labels", "y": metric, "series": series},
            "On test rows that neither saw; the bands are 95 % intervals over beginnings.",
        ),
        Panel(
            "table",
            "Summary statistics",
            {"columns": ["labels", words["asked"], words["random"]], "rows": table_rows, "best": None},
        ),
    )
    why = [
        f"After {counts[-1]} labels: {spoken(result['asked']['value'][-1])} asked, "
        f"{spoken(result['random']['value'][-1])} at random ({metric})."
    ]
    verdict = {
        "use": "asked" if result["share"]["high"] < 0.9 else "either",
        "sentence": result["sentence"],
        "why": why,
    }
    return a_page(
        f"{name}: is asking worth it?",
        task="labelling, simulated",
        target=target,
        verdict=verdict,
        sections=[
            Section(
                "Learning curve of the labels",
                exhibits,
                f"The {result['strategy']} model learns from both; {result['rows']:,} rows have a label.",
            )
        ],
    )
