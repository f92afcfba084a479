"""Curves of known shape: their law and their crossing are found; the advice follows; and the whole verb runs on real
trainings."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from conftest import command, house_table
from engineroom.core import registry
from engineroom.core.errors import DataError
from engineroom.learning_curves.power_law import advise, crossing, fit, nice
from engineroom.learning_curves.report import measure
from engineroom.learning_curves.train_sizes import SizePoint, steps

ROWS = np.array([100, 200, 400, 800, 1600])
RNG = np.random.default_rng(0)


def test_a_power_law_is_found() -> None:
    law = fit(ROWS, 0.05 + 3 * ROWS**-0.6)
    assert (
        law is not None
        and law.power == pytest.approx(0.6, abs=0.05)
        and law.at(6400) == pytest.approx(0.05 + 3 * 6400**-0.6, rel=0.02)
    )
    rising = fit(ROWS, np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    assert rising is not None and rising.scale == 0, "a curve that gets worse promises nothing"
    assert fit(ROWS[:2], np.array([1.0, 0.5])) is None


def test_crossings_inside_before_beyond_and_never() -> None:
    assert crossing(ROWS, np.array([-1, -1, -1, 1, 1])) == pytest.approx(math.sqrt(400 * 800))
    assert crossing(ROWS, np.ones(5)) == 0
    assert crossing(ROWS, np.array([1, 1, 1, -1, 1.0])) == pytest.approx(math.sqrt(800 * 1600)), (
        "from there on it stays ahead"
    )
    assert crossing(ROWS, np.array([-5.0, -4, -3, -2, -1])) == pytest.approx(3200, rel=0.01)
    assert (
        crossing(ROWS, -np.ones(5)) == math.inf and crossing(ROWS, np.array([-9.5, -9.4, -9.3, -9.2, -9.1])) == math.inf
    )


def test_advice_follows_from_lead_and_crossing() -> None:
    behind, level, ahead = ({"value": v, "low": v - 0.1, "high": v + 0.1} for v in (-0.5, 0.0, 0.5))
    assert advise(1600, ahead, {"value": 0.0, "low": 0.0, "high": 100.0})["use"] == "deep"
    collect = advise(1600, behind, {"value": 3200.0, "low": 2400.0, "high": math.inf})
    assert collect["sentence"].startswith("Collect about 1,600 more rows") and "beyond reach" in collect["sentence"]
    assert "classical" in advise(1600, behind, {"value": math.inf, "low": 9000.0, "high": math.inf})["sentence"]
    assert advise(1600, level, {"value": 900.0, "low": 0.0, "high": math.inf})["use"] == "either"
    assert nice(1234) == "1,200" and nice(0) == "0"


def test_the_crossing_has_an_interval_that_holds_the_truth() -> None:
    """Two predictors with known chances to be right: the deep one is worse below 400 rows and better above."""
    task, truth = registry.get("tasks", "classification"), RNG.integers(0, 2, 1500)

    def graded(right: float) -> dict:
        said = np.where(RNG.random(len(truth)) < right, truth, 1 - truth)
        p = np.stack([1 - said, said], 1) * 0.8 + 0.1
        return task.score_rows({"probability": p}, truth)

    points = [SizePoint(int(n), graded(0.7 + 0.1 * k / 2), graded(0.8), 1.0, task) for k, n in enumerate(ROWS)]
    found = measure(points)
    assert (
        found["crossing"]["low"] <= 400 <= (found["crossing"]["high"] or math.inf) and found["advice"]["use"] == "deep"
    )


def test_sizes_grow_by_a_ratio_to_all_rows() -> None:
    found = steps(2000, 4)
    assert found[0] == 40 and found[-1] == 2000 and len(found) == 4
    with pytest.raises(DataError, match="too few"):
        steps(50, 3)


@pytest.mark.slow
def test_the_command_line_on_real_trainings(here) -> None:
    house_table(260).drop("sold").write_csv(here / "houses.csv")
    done = command(
        "scale",
        "houses.csv",
        "--target",
        "price",
        "--sizes",
        2,
        "--minutes",
        0.1,
        "--set",
        "train.threads=1",
        "--set",
        "train.precision=fp32",
        "--json",
        cwd=here,
    )
    result = json.loads(done.stdout)
    assert result["metric"] == "rmse" and result["rows"][-1] <= 210 and len(result["deep"]["value"]) == 2
    assert result["advice"]["use"] in ("deep", "baseline", "either") and "The curves" in (
        here / "scale.html"
    ).read_text("utf-8")


def test_no_curve_promises_an_error_below_nothing() -> None:
    """400 noisy curves over four sizes: the floor is never below 0, and tenfold rows are foretold as well as by scipy's
    bounded fit."""
    from scipy.optimize import curve_fit

    from engineroom.learning_curves.power_law import fit

    rng = np.random.default_rng(0)
    rows = np.array([100.0, 300, 1000, 3000])
    ours, theirs = [], []
    for _ in range(100):
        floor, scale, power = rng.uniform(0, 0.1), rng.uniform(0.5, 3), rng.uniform(0.2, 0.8)
        errors = (floor + scale * rows**-power) * (1 + rng.normal(0, 0.03, 4))
        law = fit(rows, errors)
        assert law.floor >= 0 and law.scale >= 0
        far = floor + scale * 30_000**-power
        ours.append(abs(law.at(30_000) - far))
        try:
            best, _ = curve_fit(
                lambda n, a, b, c: a + b * n**-c, rows, errors, p0=(0.05, 1, 0.5), bounds=([0, 0, 0.05], [1, 100, 2])
            )
        except RuntimeError:
            continue
        theirs.append(abs(best[0] + best[1] * 30_000 ** -best[2] - far))
    assert np.mean(ours) <= 1.05 * np.mean(theirs)
