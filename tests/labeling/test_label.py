"""Labels: kept at once, taken back one by one, asked for where they teach. The book survives kill -9, the simulation
tells gain from none."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engineroom.core.errors import BundleError, DataError, UserError
from engineroom.labeling.label_store import LabelStore, row_keys
from engineroom.labeling.session import LabelingSession
from engineroom.labeling.simulate import labels_to_reach, simulate


def flowers(n: int = 400, seed: int = 0) -> pl.DataFrame:
    """Two numbers and a class that nine rows in ten have: a thin band in the middle is the other."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": np.where(x.sum(1) > 1.8, "rare", "common")})


def test_a_book_keeps_takes_back_and_reads_again(tmp_path: Path) -> None:
    book = LabelStore(tmp_path / "b.jsonl", "kind")
    book.give("k1", "cat")
    book.give("k2", "dog")
    book.skip("k3")
    assert book.undo() == "k3" and book.undo() == "k2"
    book.give("k1", "dog")  # said anew: the last word counts
    book.close()
    again = LabelStore(tmp_path / "b.jsonl", "kind")
    assert again.said == {"k1": "dog"}
    assert again.undo() == "k1" and again.undo() is None
    assert again.said == {}


def test_a_word_cut_off_was_never_said_and_the_book_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    book = LabelStore(path, "kind")
    book.give("k1", "cat")
    book.close()
    with open(path, "ab") as file:
        file.write(b'{"key": "k2", "la')
    again = LabelStore(path, "kind")
    assert again.said == {"k1": "cat"}
    again.give("k2", "dog")
    again.close()
    assert LabelStore(path, "kind").said == {"k1": "cat", "k2": "dog"}


@pytest.mark.parametrize("line", [b"[]\n", b'{"undo": "x"}\n', b'{"label": "cat"}\n', b"\xff\xfe\n", b"cat\n"])
def test_a_damaged_book_names_the_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "b.jsonl"
    LabelStore(path, "kind").close()
    with open(path, "ab") as file:
        file.write(line)
    with pytest.raises(DataError, match="line 2"):
        LabelStore(path, "kind")


def test_a_book_of_another_target_or_in_use_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    book = LabelStore(tmp_path / "b.jsonl", "kind")
    with pytest.raises(BundleError, match="in use"):
        LabelStore(tmp_path / "b.jsonl", "kind")
    book.close()
    with pytest.raises(UserError, match="kind"):
        LabelStore(tmp_path / "b.jsonl", "colour")
    (tmp_path / "list.jsonl").write_text("[1]\n")
    with pytest.raises(DataError, match="no file of labels"):
        LabelStore(tmp_path / "list.jsonl", "kind")


def test_a_row_keeps_its_key_when_rows_move_and_files_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"photo": ["/a/cats/1.png", "/a/cats/2.png"], "n": [1.5, None]})
    moved = pl.DataFrame({"photo": ["/b/c/cats/2.png", "/b/c/cats/1.png"], "n": [None, 1.5]})
    assert row_keys(frame, frame.columns) == row_keys(moved, moved.columns)[::-1]


def test_a_desk_asks_every_row_once_and_twins_share_a_label(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": [f"a good thing number {i % 25}" for i in range(40)]})
    with LabelingSession(frame, target="mood", labels_file=tmp_path / "b.jsonl", classes=("good", "bad")) as desk:
        seen = []
        while (question := desk.ask()) is not None:
            seen.append(question.row)
            desk.give("good" if question.row % 2 else "bad")
        assert len(seen) == len(set(seen)) == 25
        assert desk.table().height == 40
        with pytest.raises(UserError, match="Every row"):
            desk.give("good")


def test_undo_asks_the_same_row_again_and_a_skipped_one_stays_away(tmp_path: Path) -> None:
    with LabelingSession(flowers().drop("label"), labels_file=tmp_path / "b.jsonl", classes=("common", "rare")) as desk:
        first = desk.ask().row
        desk.give("rare")
        second = desk.ask().row
        assert second != first
        assert desk.undo() == first and desk.ask().row == first
        desk.skip()
        asked = set()
        for _ in range(60):
            asked.add(desk.ask().row)
            desk.give("common")
        assert first not in asked and second in asked
        assert desk.table().height == 60


def test_work_goes_on_where_it_stopped_with_the_labels_that_came_along(tmp_path: Path) -> None:
    frame = flowers().with_columns(pl.when(pl.int_range(pl.len()) < 30).then(pl.col("label")).alias("label"))
    with LabelingSession(frame, labels_file=tmp_path / "b.jsonl") as desk:
        assert len(desk.labels) == 30 and desk.ask().row >= 30
        for _ in range(3):
            desk.give("common")
    with LabelingSession(frame.reverse(), labels_file=tmp_path / "b.jsonl") as desk:  # the rows have changed places
        assert len(desk.labels) == 33
        assert desk.table().columns == ["a", "b", "label"]


@pytest.mark.slow
def test_asking_finds_the_rare_class_with_fewer_labels(tmp_path: Path) -> None:
    result = simulate(flowers(900), target="label", labels=120, repeats=3, page=tmp_path / "p.html")
    assert result["metric"] == "f1_macro" or result["share"]["value"] < 1
    assert result["share"]["value"] < 0.6, result["sentence"]
    assert result["asked"]["value"][-1] > result["random"]["value"][-1]
    assert "asking pays" in result["sentence"]
    assert "rows the model asked for" in (tmp_path / "p.html").read_text()


@pytest.mark.slow
def test_where_labels_mean_nothing_asking_does_not_pay() -> None:
    frame = flowers(600).with_columns(pl.Series("label", np.random.default_rng(1).choice(["x", "y"], 600)))
    result = simulate(frame, target="label", labels=100, repeats=3)
    assert result["share"]["high"] > 0.5


def test_the_labels_needed_are_read_between_two_counts() -> None:
    assert labels_to_reach([10, 20, 30], np.array([0.1, 0.5, 0.9]), 0.7) == pytest.approx(25)
    assert labels_to_reach([10, 20, 30], np.array([0.8, 0.9, 0.9]), 0.7) == 10
    assert labels_to_reach([10, 20], np.array([0.1, 0.2]), 0.7) == pytest.approx(22)


def test_too_few_labels_to_simulate_and_wrong_settings_are_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few labels"):
        simulate(flowers(40), target="label")
    with pytest.raises(UserError, match="repeat"):
        simulate(flowers(), target="label", repeats=1)
    with pytest.raises(UserError, match="classical"):
        LabelingSession(flowers(), labels_file=tmp_path / "b", strategy="clasical")
    with pytest.raises(DataError, match="single words"):
        LabelingSession(pl.DataFrame({"a": [1.0, 2.0], "label": [["x"], ["y"]]}), labels_file=tmp_path / "b")


def test_the_deep_asker_takes_over_when_labels_are_enough(tmp_path: Path) -> None:
    from engineroom.labeling.query_strategy import Deep
    from engineroom.labeling.session import unlabelled

    frame = flowers(200)
    table, schema, given = unlabelled(frame, "label")
    asker = Deep(table.frame, schema, minutes=0.01)
    rows = np.arange(120)
    codes = np.array([["common", "rare"].index(given[row]) for row in rows.tolist()])
    said = asker.answer(rows, codes, np.arange(120, 200), ["common", "rare"])
    truth = np.array([["common", "rare"].index(given[row]) for row in range(120, 200)])
    assert said.shape == (80, 2) and (said.argmax(1) == truth).mean() > 0.85


def start(folder: Path, *more: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "engineroom",
        "label",
        "rows.csv",
        "--classes",
        "common,rare",
        "-o",
        "out.csv",
        *more,
    ]
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_command_line_labels_survives_kill_9_and_goes_on(tmp_path: Path) -> None:
    flowers(60).drop("label").write_csv(tmp_path / "rows.csv")
    process = start(tmp_path, "--json")
    asked = json.loads(process.stdout.readline())
    assert set(asked["cells"]) == {"a", "b"} and asked["classes"] == ["common", "rare"]
    rows = [asked["row"]]
    for _ in range(4):
        process.stdin.write("1\n")
        process.stdin.flush()
        rows.append(json.loads(process.stdout.readline())["row"])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out.csv").exists()
    out, err = start(tmp_path, "--json").communicate("rar\n-\n+odd\n.\n")
    lines = [json.loads(line) for line in out.splitlines()]
    refused = next(line for line in lines if line.get("event") == "refused")
    assert "rare" in refused["fix"], err
    assert {"undone": rows[3]} in lines
    assert lines[-1]["labels"] == 4
    labels = pl.read_csv(tmp_path / "out.csv")
    assert sorted(labels["label"].to_list()) == ["common", "common", "common", "odd"]


def test_people_see_the_row_the_classes_and_where_it_went(tmp_path: Path) -> None:
    flowers(60).drop("label").write_csv(tmp_path / "rows.csv")
    out, _ = start(tmp_path, "--show-prediction").communicate("1\n2\n?\n")
    assert "1=common" in out and "a:" in out and "2 labelled rows in out.csv" in out
