"""Tagging: tokens and labels find each other, what is broken is named, spans obey IOB, words never seen are known by
their pieces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from conftest import command
from engineroom.baselines.text import memm_tagger
from engineroom.collect import pick_task
from engineroom.core.arrays import objects
from engineroom.core.batch import Batch
from engineroom.core.config import make_config
from engineroom.core.errors import DataError, UserError
from engineroom.core.schema import Column
from engineroom.core.table import Table
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import infer_schema
from engineroom.decoding.bio_viterbi import allowed, best_path, decode, eagerness
from engineroom.heads.token_classifier import PADDED
from engineroom.tasks._base import make_task

NAMES = ["O", "B-city", "I-city", "B-n"]
STATE = {"values": NAMES, "counts": [9, 3, 2, 1], "wholes": [], "spans": True, "strict": True}


def bound(**state):
    return make_task("token_classification", {}).for_target(Column("tags", "token_labels", "target", STATE | state))


def reframed(frame: pl.DataFrame, target: str = "y", **options) -> Table:
    return make_task("token_classification", options).build_samples(Table(frame), target, inference=False)


def trips(rows: int = 240, seed: int = 0) -> pl.DataFrame:
    """Cities end in "ville", names of people in "son": pieces tell what a word never seen is."""
    rng = np.random.default_rng(seed)
    letters = list("abdegiklmnoprstu")
    made = []
    for _ in range(rows):
        city, person = ("".join(rng.choice(letters, 5)) + end for end in ("ville", "son"))
        going = bool(rng.integers(2))
        tokens = ["take", person, "to", "new", city] if going else ["fetch", person, "soon"]
        tags = ["O", "B-who", "O", "B-where", "I-where"] if going else ["O", "B-who", "O"]
        made.append({"words": tokens, "tags": tags, "wish": "bring" if going else "fetch"})
    return pl.DataFrame(made)


def test_text_is_cut_as_its_labels_are() -> None:
    spaced = reframed(pl.DataFrame({"t": ["fly to Bern", "hi"], "y": ["O O B-city", "O"]}))
    assert spaced.frame["t"].to_list() == [["fly", "to", "Bern"], ["hi"]] and spaced.hints["t"]["modality"] == "tokens"
    residues = reframed(pl.DataFrame({"s": ["MTPA", "AV"], "y": ["CCHE", "CC"]}))
    assert residues.frame["s"].to_list() == [list("MTPA"), list("AV")] and residues.frame["y"].to_list() == [
        list("CCHE"),
        list("CC"),
    ]


def test_another_number_of_labels_names_the_row() -> None:
    frame = pl.DataFrame({"t": ["a b c"] * 40 + ["a b"], "y": ["O O O"] * 41})
    table = reframed(frame)
    assert table.frame["y"].null_count() == 1 and "row 40: 2 tokens, 3 labels" in table.notes[0]
    with pytest.raises(DataError, match="row 3: 2 tokens, 3 labels"):
        reframed(frame[37:])
    with pytest.raises(DataError, match="No column has as many entries"):
        reframed(pl.DataFrame({"t": ["a b c d"], "y": ["O O"]}))


def test_options_name_columns_that_exist() -> None:
    frame = pl.DataFrame({"t": ["a b"], "y": ["O O"], "m": ["10"], "kind": ["x"]})
    with pytest.raises(UserError, match="kind"):
        reframed(frame, sequence_label="knd")
    with pytest.raises(DataError, match="3 marks for 2 labels"):
        reframed(frame.with_columns(m=pl.lit("101")), loss_mask="m")


def test_a_mask_and_a_whole_label_are_packed_into_the_target_and_come_back_the_same() -> None:
    frame = pl.DataFrame({"t": ["MT", "AV"], "y": ["CH", "HH"], "m": ["10", "11"], "kind": ["x", "z"]})
    table = reframed(frame, loss_mask="m", sequence_label="kind")
    assert table.frame.columns == ["t", "y"] and table.frame["y"].to_list()[0] == {"tags": ["C", None], "whole": "x"}
    again = make_task("token_classification", {"loss_mask": "m", "sequence_label": "kind"}).build_samples(
        table, "y", inference=False
    )
    assert again.frame.equals(table.frame)


def test_no_span_goes_on_that_has_not_begun() -> None:
    p = np.array([[0.4, 0.1, 0.5, 0], [0.3, 0.1, 0.5, 0.1]])
    assert decode(objects([p]), NAMES, strict=False)[0].tolist() == [2, 2]
    assert decode(objects([p]), NAMES, strict=True)[0].tolist() == [0, 0]
    p[0] = [0.3, 0.29, 0.41, 0]
    assert decode(objects([p]), NAMES, strict=True)[0].tolist() == [1, 2]
    assert decode(objects([p[:0]]), NAMES, strict=True)[0].tolist() == []


def test_the_best_path_is_the_best_of_all_paths() -> None:
    from itertools import product

    rng, before = np.random.default_rng(0), allowed(NAMES)
    for _ in range(20):
        score = rng.normal(size=(4, 4))
        legal = [
            path
            for path in product(range(4), repeat=4)
            if all(before[a, b] for a, b in zip((4, *path), path, strict=False))
        ]
        best = max(legal, key=lambda path: sum(score[t, k] for t, k in enumerate(path)))
        assert best_path(score, before).tolist() == list(best)


def test_loss_is_the_mean_over_labels_and_padding_says_nothing() -> None:
    task = bound()
    output = torch.randn(2, 1, 3, 4)
    output[1, :, 1:] = PADDED
    batch = Batch({"target": torch.tensor([[1, 2, 6], [4, 0, 0]])}, np.arange(2))  # 6: an I- never seen; 0: nothing
    loss = task.loss(output, batch).total
    logs = output.log_softmax(-1)
    assert float(loss) == pytest.approx(float(-(logs[0, 0, 0, 0] + logs[0, 0, 1, 1] + logs[1, 0, 0, 3]) / 3), rel=1e-5)
    answers = task.postprocess(output, batch, Column("tags", "token_labels", "target", STATE))
    assert [p.shape for p in answers["probability"]] == [(3, 4), (1, 4)]


def test_labels_never_seen_in_training_count_as_missed() -> None:
    task = bound()
    sure = np.eye(4)[[0, 0, 0]] * 0.96 + 0.01
    records = task.score_rows({"probability": objects([sure])}, objects([np.array([0, 4, 5])]))  # B-? I-?
    assert records["real"][0] == 1 and records["hits"][0] == 0 and records["correct"][0] == 1


def test_the_headline_follows_the_labels() -> None:
    assert bound().primary_metric == "f1" and bound(values=["H", "E"], spans=False).primary_metric == "accuracy"
    assert bound().head == "token_classifier" and bound(wholes=["a", "b"]).head == "token_and_sequence_classifier"


def test_words_never_seen_are_known_by_their_pieces_and_all_comes_back(here: Path) -> None:
    model = er.train(
        trips(),
        target="tags",
        task="token_classification",
        options={"sequence_label": "wish"},
        steps=130,
        show="quiet",
        run="r",
        train__threads=1,
        train__precision="fp32",
        model__ensemble_size=1,
    )
    assert model.deep_metrics["f1"] > 0.9 and model.deep_metrics["whole_accuracy"] > 0.95
    assert model.manifest["baseline"]["metrics"]["f1"] > 0.9
    assert pl.read_ipc("r/data.arrow").columns == ["words", "tags", "wish"], (
        "a resumed run begins with the rows as they came"
    )
    fresh = trips(30, seed=9)
    assert er.load("r").predict(fresh).equals(model.predict(fresh))
    graded = model.evaluate(fresh)
    assert graded["rows"] == 30 and graded["deep"]["f1"] > 0.9 and graded["baseline"]["f1"] > 0.9
    said = model.predict(pl.DataFrame({"words": ["take Ronson to new Newville", "fetch Lamson soon", "", None]}))
    assert (
        said["prediction"][:2].to_list() == ["O B-who O B-where I-where", "O B-who O"]
        and said["prediction"][2:].null_count() == 2
    )
    assert said["wish"].to_list() == ["bring", "fetch", None, None]
    model.save(pl.DataFrame({"words": ["take Ronson to new Newville"]}), "out.jsonl")
    line = json.loads(Path("out.jsonl").read_text())
    assert (
        line["spans"][1] == {"start": 3, "end": 5, "label": "where", "text": "new Newville"} and line["wish"] == "bring"
    )
    with pytest.raises(DataError, match="None of the rows"):
        model.predict(pl.DataFrame({"words": [""]}))
    html = Path("r/bundle/report.html").read_text()
    assert "Scores by kind" in html and "mark style" in html


def test_conll_files_are_read_and_their_damage_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text("-DOCSTART- O\n\nBern NNP B-loc\nis VB O\n\t\nnice JJ O\n\n\n")
    (tmp_path / "dev.conll").write_text("Chur NNP B-loc\n")
    (tmp_path / "test.conll").write_text("Genf NNP B-loc")
    table = open_table(tmp_path)
    assert table.frame["tokens"].to_list() == [["Bern", "is"], ["nice"], ["Chur"], ["Genf"]]
    assert table.frame["tags"][0].to_list() == ["B-loc", "O"] and table.frame["split"].to_list() == [
        "train",
        "train",
        "val",
        "test",
    ]
    schema = infer_schema(table, make_config({}))
    assert pick_task(schema, make_config({})) == "token_classification" and [c.modality for c in schema] == [
        "tokens",
        "token_labels",
        "category",
    ]
    (tmp_path / "bad.conll").write_text("a O\nb\n\nc O\n")
    with pytest.raises(DataError, match="line 2 has 1 columns instead of 2"):
        open_table(tmp_path / "bad.conll")
    (tmp_path / "empty.conll").write_text("\n\n")
    with pytest.raises(DataError, match="no sentence"):
        open_table(tmp_path / "empty.conll")
    (tmp_path / "bare.conll").write_text("Bern\nis\n\nnice\n")
    assert open_table(tmp_path / "bare.conll").frame.columns == ["tokens"]


def test_from_the_command_line(tmp_path: Path) -> None:
    rows = trips(120)
    text = "\n\n".join(
        "\n".join(f"{a}\t{b}" for a, b in zip(r["words"], r["tags"], strict=True)) for r in rows.to_dicts()
    )
    (tmp_path / "trips.conll").write_text(text)
    command(
        "train",
        "trips.conll",
        "--recipe",
        "token_classification",
        "--steps",
        20,
        "--run",
        "r",
        "--quiet",
        "--set",
        "train.threads=1",
        "--set",
        "train.precision=fp32",
        cwd=tmp_path,
    )
    command("predict", "r", "trips.conll", "-o", "out.jsonl", cwd=tmp_path)
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 120
    command("predict", "r", "trips.conll", "-o", "out.csv", cwd=tmp_path)
    assert pl.read_csv(tmp_path / "out.csv").height == 120


def test_spans_are_said_as_eagerly_as_validation_found_best() -> None:
    task = bound()
    p = np.array([[0.6, 0.4, 0, 0]] * 30 + [[0.9, 0.1, 0, 0]] * 30)
    y = np.array([1] * 30 + [0] * 30)
    shift = eagerness(p, y, 0)
    assert np.log(0.6 / 0.4) < shift < np.log(0.9 / 0.1) and eagerness(p, np.array([0] * 60), 0) == 0
    answers = {"probability": objects([p[:1], p[-1:]])}
    assert [row.tolist() for row in task.decoded(answers)] == [[0], [0]]
    lower = task.apply_calibration(answers, {"eager": shift})
    assert [row.tolist() for row in task.decoded(lower)] == [[1], [0]] and task.to_frame(lower, None, pl.DataFrame())[
        "prediction"
    ].to_list() == ["B-city", "O"]


def test_spans_are_drawn_in_one_colour_a_kind_and_wrong_ones_are_marked() -> None:
    from engineroom.rendering.text.entity_spans import drawn

    names = ["O", "B-a", "B-b"]
    right = drawn(["<x>", "y"], np.array([2, 0]), np.array([2, 0]), names, spans=True, letters=False)
    assert "&lt;x&gt;" in right and "--series-2" in right and "✗" not in right
    wrong = drawn(["x", "y"], np.array([2, 0]), np.array([0, 1]), names, spans=True, letters=False)
    assert "✗ b" in wrong and "true: <b>y</b> a" in wrong
    steps = drawn(list("MT"), np.array([0, 1]), np.array([0, -1]), ["H", "E"], spans=False, letters=True)
    assert "inset" not in steps.split("<p>")[0] and "inset" in drawn(
        list("MT"), np.array([0, 1]), np.array([1, 1]), ["H", "E"], spans=False, letters=True
    )


def test_a_single_label_is_nothing_to_learn() -> None:
    task = make_task("token_classification", {"sequence_label": "wish"})
    column = Column("tags", "token_labels", "target")
    packed = pl.Series([{"tags": ["O", "B-x"], "whole": "one"}] * 3)
    assert "labels of wish" in task.check_target(packed, column)[0].what and not make_task(
        "token_classification", {}
    ).check_target(pl.Series([["O", "B-x"]]), column)
    assert (
        "['O']" in make_task("token_classification", {}).check_target(pl.Series([["O"], ["O", None]]), column)[0].what
    )


def test_the_baseline_reads_letters_without_the_labels_before_them() -> None:
    labels = np.zeros(3, np.int64)
    assert not any(name.startswith("y") for one in memm_tagger.features(list("MTA"), labels, True) for name in one)
    assert all(
        any(name.startswith("yy=") for name in one) for one in memm_tagger.features(["a", "b", "c"], labels, False)
    )
    rng = np.random.default_rng(0)
    rows = [list(rng.choice(list("MTAG"), 60)) for _ in range(60)]
    true = [np.array([int(letter in "MT") for letter in row]) for row in rows]
    model = memm_tagger.slim(
        memm_tagger.linear(1e-5, 0, 4).fit(
            memm_tagger.hashed(
                [one for row, own in zip(rows, true, strict=True) for one in memm_tagger.features(row, own, True)]
            ),
            np.concatenate(true),
        )
    )
    said = np.concatenate([p.argmax(1) for p in memm_tagger.walk(model, rows, True, 2)])
    assert (said == np.concatenate(true)).mean() > 0.95
