"""Anomalies: only ordinary rows teach, the alarm keeps its share, what does not belong together is found, and reasons
name it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import engineroom as er
from engineroom.core.errors import DataError, UserError
from engineroom.core.schema import Column
from engineroom.core.table import Table
from engineroom.metrics.anomaly import event_numbers, events_found, scores
from engineroom.preprocessing.tabular.pseudo_anomalies import made_up, moving
from engineroom.tasks._base import make_task
from engineroom.tasks.general._anomaly import by_kind

TARGET = Column("state", "anomaly_label", "target", {"values": ["normal", "anomaly"]})


def pumps(rows: int = 600, seed: int = 0) -> pl.DataFrame:
    """b follows a; where it does not, the row is odd. Each column by itself looks the same."""
    rng = np.random.default_rng(seed)
    a, odd = rng.normal(0, 1, rows), rng.random(rows) < 0.1
    b = np.where(odd, rng.permutation(2 * a), 2 * a) + rng.normal(0, 0.1, rows)
    far = odd & (np.abs(b - 2 * a) > 1)
    return pl.DataFrame({"a": a, "b": b, "kind": rng.choice(["x", "y"], rows), "state": np.where(far, "leak", "ok")})


def reframed(frame: pl.DataFrame, target: str | None = "state", hints: dict | None = None, **options) -> Table:
    return make_task("anomaly_detection", options).build_samples(
        Table(frame, hints=hints or {}), target, inference=False
    )


def test_only_ordinary_and_made_up_rows_teach() -> None:
    frame, table = pumps(), reframed(pumps())
    test = table.frame.filter(split="test")
    assert (test["state"] == "anomaly").sum() == (frame["state"] == "leak").sum()
    taught = table.frame.filter(split="train")
    known = set(frame.filter(state="ok").select("a", "b").iter_rows())
    assert all(row in known for row in taught.filter(state="normal").select("a", "b").iter_rows())
    assert taught.filter(state="anomaly").height == 2 * taught.filter(state="normal").height


def test_a_given_split_is_kept_and_odd_rows_to_learn_from_are_left_out() -> None:
    frame = pumps().with_columns(part=pl.Series(["train"] * 400 + ["test"] * 200))
    table = reframed(frame, hints={"part": {"role": "split"}})
    assert table.frame.filter(split="test").height == 200
    odd = (frame[:400]["state"] == "leak").sum()
    assert f"{odd} anomalies stood among the rows to learn from" in table.notes[-1]


def test_without_labels_made_up_rows_judge_and_that_is_said() -> None:
    table = reframed(pumps().drop("state"), None)
    assert "judged by made-up rows" in table.notes[-1] and set(table.frame["anomaly"]) == {"normal", "anomaly"}


@pytest.mark.parametrize(
    ("frame", "options", "word"),
    [
        (pumps(), {"false_alarm_rate": 0}, "share"),
        (pumps(), {"window": 1}, "at least 2"),
        (pumps(), {"normal": "fine"}, "no class"),
        (pumps(30), {}, "too few"),
        (pumps().select("a", "state"), {}, "One column"),
        (pumps(), {"window": 5, "series": "pump"}, "no column"),
    ],
)
def test_what_cannot_be_is_told(frame: pl.DataFrame, options: dict, word: str) -> None:
    with pytest.raises(UserError, match=word):
        reframed(frame, **options)
    with pytest.raises(DataError, match="no column"):
        reframed(frame.drop("state"), "state")


def test_made_up_rows_keep_their_types_and_break_what_belongs_together() -> None:
    frame = pumps().select("a", "b", "kind").with_columns(n=pl.Series(np.arange(600)), tags=pl.Series([["x"]] * 600))
    rows = made_up(frame, 2_000, np.random.default_rng(0))
    assert rows.schema == frame.schema and rows.height == 2_000
    assert abs(np.corrcoef(rows["a"], rows["b"])[0, 1]) < 0.8 < np.corrcoef(frame["a"], frame["b"])[0, 1]
    assert rows["n"].min() >= 0 and rows["a"].max() > frame["a"].max()
    assert made_up(frame, 50, np.random.default_rng(1)).equals(made_up(frame, 50, np.random.default_rng(1)))


def test_texts_that_never_were_hold_other_words() -> None:
    lines = pl.DataFrame(
        {"line": [f"disk {i % 7} of node n{i % 5} is fine today" for i in range(200)], "level": ["INFO", "WARN"] * 100}
    )
    rows = made_up(lines, 400, np.random.default_rng(0))
    strange = ~rows["line"].is_in(lines["line"].unique().implode())
    assert 0.2 < strange.mean() < 0.9 and rows["line"].null_count() == 0
    assert {len(text.split()) for text in rows["line"]} == {8}


def test_kinds_of_anomaly_are_told_apart_in_the_test_alone() -> None:
    frame = pumps().with_columns(
        state=pl.when(pl.col("state") == "ok")
        .then(pl.lit("ok"))
        .when(pl.col("a") > 0)
        .then(pl.lit("leak"))
        .otherwise(pl.lit("clog"))
    )
    table = reframed(frame)
    facts = table.hints["state"]["facts"]
    assert set(facts["values"]) == {"normal", "anomaly", "leak", "clog"} and facts["values"][:2] == [
        "normal",
        "anomaly",
    ]
    assert set(table.frame.filter(pl.col("split") != "test")["state"]) == {"normal", "anomaly"}
    task = make_task("anomaly_detection", {}).for_target(Column("state", "anomaly_label", "target", facts))
    truth, p = np.array([0, 0, 2, 2, 3]), np.array([0.1, 0.6, 0.9, 0.3, 0.8])
    records = task.score_rows({"probability": np.stack([1 - p, p], 1)}, truth)
    shown = by_kind(records, records, task.kinds)[0].data["rows"]
    assert [row[:3] for row in shown] == [[task.kinds[0], 2, "50.0%"], [task.kinds[1], 1, "100.0%"]] and shown[0][
        4
    ] == 0.75
    assert task.compute_metrics(records)["accuracy"] == 0.6


def test_a_few_known_anomalies_teach() -> None:
    frame = pumps(900)
    table = reframed(frame, n_labelled_anomalies=10)
    known = set(frame.filter(state="leak").select("a", "b").iter_rows())
    taught = [row in known for row in table.frame.filter(split="train", state="anomaly").select("a", "b").iter_rows()]
    tested = table.frame.filter(split="test", state="anomaly").height
    assert sum(taught) > 10 and tested == len(known) - 10 and "10 known anomalies teach too" in table.notes[-1]


def test_the_past_of_a_series_is_read_and_never_its_future() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 10.0], "s": ["p", "p", "p", "q"]})
    out = moving(frame, ["x"], 2, "s")
    assert out["x mean"].to_list() == [1.0, 1.5, 2.5, 10.0] and out["x jump"].to_list() == [0.0, 0.5, 0.5, 0.0]


def test_the_alarm_keeps_its_share() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 1, 2_000)
    answers, truth = {"probability": np.stack([1 - p, p], 1)}, np.zeros(2_000, np.int64)
    for share in (0.01, 0.1):
        task = make_task("anomaly_detection", {"false_alarm_rate": share}).for_target(TARGET)
        records = task.score_rows(task.apply_calibration(answers, task.fit_calibration(answers, truth)), truth)
        assert task.compute_metrics(records)["alarm_rate"] == pytest.approx(share, abs=0.002)


def test_scores_by_hand() -> None:
    odd = np.array([0, 1, 1, 0, 0, 1, 0], bool)
    alarm = np.array([0, 0, 1, 0, 1, 0, 0], bool)
    found = scores(odd, np.array([0.1, 0.2, 0.9, 0.1, 0.8, 0.3, 0.1]), alarm)
    assert found["precision"] == 0.5 and found["recall"] == pytest.approx(1 / 3) and found["alarm_rate"] == 0.25
    assert found["f1"] == pytest.approx(0.4) and found["roc_auc"] == pytest.approx(10 / 12)
    event = event_numbers(odd)
    assert event.tolist() == [-1, 0, 0, -1, -1, 1, -1] and events_found(event, alarm) == 0.5
    assert np.isnan(events_found(event[:1], alarm[:1]))


def test_what_does_not_belong_together_is_found_and_named(here) -> None:
    frame = pumps(900)
    model = er.train(
        frame,
        target="state",
        recipe="anomaly_detection",
        steps=250,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        model__size="small",
        model__ensemble_size=4,
    )
    assert model.deep_metrics["roc_auc"] > 0.97 and model.deep_metrics["alarm_rate"] < 0.08
    assert model.manifest["baseline"]["metrics"]["roc_auc"] < model.deep_metrics["roc_auc"]
    again = er.load(str(model.path))
    asked = pl.DataFrame({"a": [1.0, 1.0], "b": [2.0, -2.0], "kind": ["x", "x"]})
    out = again.predict(asked)
    assert out.columns == ["prediction", "score", "alarm"] and out["alarm"].to_list() == [False, True]
    assert again.evaluate(frame)["metrics"]["roc_auc"] == pytest.approx(model.metrics["roc_auc"], abs=0.02)
