"""The verdict in words, and the tiles that must agree with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engineroom.evaluation.evaluate import EvaluationResult, examine
from engineroom.evaluation.verdict import judge
from engineroom.report.html_report import render_html, span
from engineroom.report.model_comparison import score_tiles
from engineroom.report.terminal import primary_metric
from engineroom.tasks.general.classification import TASK
from report.samples import SAMPLES

TRUTH = np.arange(200) % 2


def says(name: str, wrong: slice) -> EvaluationResult:
    """Right about all rows but `wrong`, in two classes."""
    p = np.eye(2)[TRUTH] * 0.8 + 0.1
    p[wrong] = p[wrong, ::-1]
    return replace(examine(name, f"the {name} one", {"probability": p}, TRUTH, TASK), seconds=2.0, megabytes=1.0)


def faced(deep: slice, baseline: slice, dummy: slice = slice(100)) -> tuple[list[EvaluationResult], dict]:
    entries = [says("deep", deep), says("baseline", baseline), says("dummy", dummy)]
    return entries, judge(*entries, TASK).to_json()


def test_no_difference_is_said_in_words() -> None:
    _, verdict = faced(slice(10), slice(10))
    assert (
        verdict["use"] == "either"
        and "accuracy 0.95 of both" in verdict["sentence"]
        and "against" not in verdict["sentence"]
    )
    assert verdict["why"][0] == "On the same 200 test rows both score alike, whichever of these rows are drawn."
    _, verdict = faced(slice(0, 10), slice(10, 20))
    assert "both score alike (95 % interval of the difference -0." in verdict["why"][0]
    assert "+0 " not in " ".join(verdict["why"]) and "chance" not in verdict["why"][-1]
    _, verdict = faced(slice(10), slice(60))
    assert "the difference is +0.25 (95 % interval +0." in verdict["why"][0]


@pytest.mark.parametrize(
    ("deep", "baseline", "use", "first", "other"),
    [
        (slice(10), slice(60), "deep", "deep model", "classical model"),
        (slice(60), slice(10), "baseline", "classical model", "deep model"),
        (slice(10), slice(12), "either", "deep model", "classical model"),
        (slice(120), slice(110), "dummy", "dummy baseline", "deep model"),
    ],
)
def test_the_large_number_is_that_of_the_model_to_use(
    deep: slice, baseline: slice, use: str, first: str, other: str
) -> None:
    entries, verdict = faced(deep, baseline)
    assert verdict["use"] == use
    if use == "baseline":
        assert (
            verdict["sentence"]
            == "Use the classical model: accuracy 0.95 (the baseline one) against 0.7 of the deep model."
        )
    found = score_tiles(entries, verdict, TASK)
    large = next((e for e in entries if e.name == use), entries[0])
    assert (
        found[0]["label"] == "accuracy"
        and found[0]["value"] == large.scores["accuracy"]
        and found[0]["hint"].startswith(first)
    )
    assert found[0]["others"][0]["who"] == other
    report = SAMPLES["binary"]() | {"verdict": verdict, "tiles": found}
    page, shown = render_html(report), span(found[0])
    assert f"{other} <b>{shown['others'][0][1]}</b>" in page and f"Large: {first} on the test split" in page
    assert f"; {other} {shown['others'][0][1]}" in primary_metric(report).plain


def test_what_stands_beside_has_the_decimals_of_the_large_one() -> None:
    tile = {
        "value": 0.9712,
        "low": 0.951,
        "high": 0.992,
        "others": [{"who": "a", "value": 0.5}, {"who": "b", "value": None}],
    }
    assert span(tile)["others"] == [("a", "0.500"), ("b", "–")]
    assert span(tile | {"low": None})["others"] == [("a", "0.5"), ("b", "–")]


def test_a_gain_over_the_constant_must_be_clear_of_chance() -> None:
    _, verdict = faced(slice(100, 192), slice(90, 190), slice(100))  # 8 of 200 more than the constant: chance does that
    assert verdict["use"] == "dummy" and verdict["sentence"].startswith(
        "Nothing was learnt that is clear of chance: accuracy 0.54"
    )
    assert (
        any("95 % interval (above 0 is better)" in line for line in verdict["why"])
        and "too few rows" in verdict["why"][-1]
    )
    _, verdict = faced(slice(60), slice(95), slice(100))
    assert verdict["use"] == "deep"


def test_where_accuracy_shows_no_gain_the_probabilities_are_asked() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(400) < 0.06).astype(int)
    risk = np.clip(0.06 + 0.3 * truth + 0.02 * rng.normal(size=400), 0.01, 0.49)
    entries = [
        examine(name, name, {"probability": np.stack([1 - p, p], 1)}, truth, TASK)
        for name, p in (
            ("deep", risk),
            ("baseline", np.full(400, 0.06) + 1e-4 * rng.normal(size=400)),
            ("dummy", np.full(400, 0.06)),
        )
    ]
    verdict = judge(*entries, TASK).to_json()
    assert entries[0].scores["accuracy"] == entries[2].scores["accuracy"] and verdict["use"] == "deep"
    assert (
        "neither model is clear of the dummy baseline" in verdict["sentence"]
        and "By log_loss, the deep model's gain" in verdict["why"][-1]
    )
    few = [
        examine(e.name, e.name, {"probability": e.records["probability"]}, (np.arange(400) == 7).astype(int), TASK)
        for e in entries
    ]
    assert judge(*few, TASK).use == "dummy", "one positive says nothing of the ranking"
