"""Reasons find the column that was planted as the cause, and say in which direction it pulls."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import engineroom as er
from conftest import command, shape_pictures
from engineroom.core.errors import UserError
from engineroom.explanation.feature_attribution import column_effects, ordinary, reasons

RNG = np.random.default_rng(0)
N = 800


def planted() -> pl.DataFrame:
    """Only `cause` and `town` matter; two columns are noise."""
    cause, town = RNG.normal(size=N), RNG.choice(["north", "south"], N, p=[0.8, 0.2])
    y = np.where(cause + 3.0 * (town == "south") + 0.1 * RNG.normal(size=N) > 1, "alarm", "quiet")
    return pl.DataFrame(
        {"noise": RNG.normal(size=N), "cause": cause, "town": town, "other": RNG.choice(list("abc"), N), "y": y}
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("reasons") / "r"
    return er.train(
        planted(),
        target="y",
        recipe="cost_sensitive",
        options={"positive": "alarm"},
        steps=250,
        run=str(run),
        show="quiet",
    )


@pytest.mark.slow
def test_the_planted_columns_come_first(model) -> None:
    table = planted()
    far = table.filter((pl.col("y") == "alarm") & ((pl.col("cause") > 1.3) | (pl.col("town") == "south")))
    pull, kept = column_effects(model, far)
    names = [c.name for c in model.schema.inputs]
    first = np.array(names)[np.abs(pull).argmax(1)]
    assert np.isin(first, ["cause", "town"]).mean() >= 0.95 and len(kept) == far.height
    south = (far["town"] == "south").to_numpy()
    assert (pull[south, names.index("town")] > 0).mean() > 0.95, "the south speaks for an alarm"
    assert np.abs(pull[~south, names.index("town")]).max() < 1e-6, "the ordinary value gives no reason"


@pytest.mark.slow
def test_reasons_are_words_a_row(model) -> None:
    table = planted().head(5)
    result = reasons(model, table, top=2)
    assert result.shape == (5, 2) and result["reason_1"].str.contains(r"^\w+ = .+ \([+-]?[\d.e-]+\)$").all()
    with pytest.raises(UserError):
        reasons(model, table, top=0)


@pytest.mark.slow
def test_predict_gives_reasons_at_the_command_line(model, tmp_path) -> None:
    planted().head(4).write_csv(tmp_path / "new.csv")
    command("predict", model.path, "new.csv", "-o", "out.csv", "--top-features", 2, cwd=tmp_path)
    assert pl.read_csv(tmp_path / "out.csv").columns[-2:] == ["reason_1", "reason_2"]


def test_a_single_column_is_all_the_reason_there_is(here) -> None:
    one = planted().select("cause", "y")
    model = er.train(one, target="y", steps=20, run="one", show="quiet")
    with pytest.raises(UserError, match="alone"):
        reasons(model, one)


@pytest.mark.slow
def test_an_ordinary_column_is_what_encoding_it_anew_would_give(model) -> None:
    """Columns are encoded once; that must not be told from encoding the whole table again with one column exchanged."""
    table = planted().head(50)
    pull, _ = column_effects(model, table)
    whole, _ = model.answers(table, "deep")
    for place, column in enumerate(model.schema.inputs):
        anew, _ = model.answers(table.with_columns(ordinary(column, table[column.name])), "deep")
        assert np.array_equal(
            pull[:, place], model.task.score_predictions(whole, whole) - model.task.score_predictions(anew, whole)
        )


def test_a_row_that_cannot_be_read_is_named_and_has_no_reasons(tmp_path) -> None:
    shape_pictures(tmp_path / "pictures")
    files = sorted(str(p) for p in (tmp_path / "pictures").rglob("*.png"))
    table = pl.DataFrame(
        {"picture": files, "size": RNG.normal(size=len(files)), "side": [p.split("/")[-2] for p in files]}
    )
    run = er.train(table, target="side", steps=10, run=str(tmp_path / "r"), show="quiet")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    table.head(3).with_columns(picture=pl.Series([files[0], str(tmp_path / "broken.png"), files[1]])).write_csv(
        tmp_path / "new.csv"
    )
    done = command("predict", run.path, "new.csv", "-o", "out.csv", "--top-features", 1, cwd=tmp_path)
    assert "row 1 (broken.png) cannot be read" in done.stderr
    out = pl.read_csv(tmp_path / "out.csv")
    assert out["reason_1"].is_null().to_list() == [False, True, False]
