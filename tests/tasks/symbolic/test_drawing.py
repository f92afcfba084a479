"""Drawings: spelt and read back, learnt and drawn, kept as SVG and PNG; what is broken is refused in words."""

from __future__ import annotations

import json

import numpy as np
import pytest

import engineroom as er
from engineroom.core.errors import DataError, UserError
from engineroom.data.loading import open_table
from engineroom.modalities.symbolic._stroke_encoding import (
    SPAN,
    fitted,
    from_offsets,
    parse,
    readable,
    spell,
    strokes_of,
)
from engineroom.recipes._data.house_sketches import houses
from engineroom.rendering.symbolic.stroke_svg import as_svg
from engineroom.tasks.symbolic import drawing
from engineroom.tasks.symbolic.drawing import whole


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("drawing") / "run"
    short = {"model": {"size": "small", "dropout": 0.0}, "options": {"context": 96}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "EACH", 2)
        return er.train(
            houses(160),
            recipe="drawing",
            steps=50,
            train__lr=4e-3,
            run=str(run),
            show="quiet",
            train__threads=1,
            train__precision="fp32",
            **short,
        ), run


@pytest.mark.slow
def test_it_is_judged_by_points_and_draws(model, tmp_path) -> None:
    network, run = model
    assert 0 < network.metrics["nats_per_point"] < 8.0  # two of 127 ways each would cost 9.7
    said = network.predict(houses(3))
    assert (said["points"] > 6).all() and (said["nats_per_point"] > 0).all()
    for name in ("house.svg", "house.png"):
        er.generate(str(run), prompt="0,63 63,0 |", tokens=60, seed=2, output=str(tmp_path / name))
        assert (tmp_path / name).stat().st_size > 100
    assert (tmp_path / "house.svg").read_text("utf-8").startswith("<svg")
    with pytest.raises(UserError, match="not written as"):
        er.generate(str(run), tokens=5, output=str(tmp_path / "house.xyz"))
    assert "Samples: what it draws" in (network.path / "report.html").read_text("utf-8")


def test_a_drawing_is_spelt_and_read_back() -> None:
    strokes = fitted([[(0, 0), (10, 0), (10.01, 0), (10, 20)], [(5, 5)]])
    assert strokes == [[(0, 0), (32, 0), (32, 63)], [(16, 16)]]
    assert strokes_of("\n" + spell(strokes) + "\n") == strokes
    assert parse(readable(spell(strokes))) == spell(strokes)
    assert strokes_of(spell(strokes)[:-2]) == strokes[:1], "a stroke that has not ended is left out"


def test_halves_of_points_that_a_network_wrote_are_left_out() -> None:
    assert whole("1,2 3 4,|5,6,7 -8,9 | 1,") == "1,2 | -8,9 |"


def test_offsets_give_strokes_where_the_pen_is_lifted() -> None:
    strokes = from_offsets(np.array([[5, 5, 0], [63, 0, 1], [0, 63, 0], [-63, 0, 1]]))
    assert strokes == [[(0, 0), (63, 0)], [(63, 63), (0, 63)]]
    assert max(abs(one) for stroke in strokes for place in stroke for one in place) <= SPAN
    assert as_svg(strokes).count("<polyline") == 2


def test_words_that_are_no_points_are_named() -> None:
    with pytest.raises(UserError, match="'5;3' is no point"):
        parse("1,2 5;3 |")
    with pytest.raises(UserError, match="'99,0' is no point"):
        parse("99,0")


def test_both_formats_are_read_and_broken_rows_named(tmp_path) -> None:
    points = np.array([[0, 0, 0], [9, 0, 1], [0, 9, 0], [-9, 0, 1]] * 2, np.int16)
    np.savez(
        tmp_path / "pen.npz",
        train_points=points,
        train_lengths=np.array([4, 4]),
        test_points=points[:4],
        test_lengths=np.array([4]),
    )
    table = open_table(str(tmp_path / "pen.npz"))
    assert (
        table.frame["split"].to_list() == ["train", "train", "test"] and len(strokes_of(table.frame["drawing"][0])) == 2
    )
    lines = [
        json.dumps({"word": "line", "drawing": [[[0, 9], [0, 9]]]}),
        json.dumps({"word": "bad", "drawing": [[[0, 9], [0]]]}),
    ]
    (tmp_path / "quick.ndjson").write_text("\n".join(lines))
    table = open_table(str(tmp_path / "quick.ndjson"))
    assert table.frame["word"].to_list() == ["line"] and "line 2" in table.skipped[0][1]
    np.savez(tmp_path / "wrong.npz", train_points=points, train_lengths=np.array([4, 1]))
    with pytest.raises(DataError, match="no stroke-3"):
        open_table(str(tmp_path / "wrong.npz"))


def test_too_few_drawings_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        er.train(houses(5), recipe="drawing", show="quiet")
