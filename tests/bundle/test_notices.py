"""What later rows hold that the model cannot use is counted column by column, in Python and on the command line; every
row has its answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import engineroom as er
import engineroom.cli.predict  # noqa: F401 - its verbs join the application
from engineroom.cli.app import app


@pytest.fixture
def model(here: Path):
    rng = np.random.default_rng(0)
    area = rng.integers(1_000, 9_000, 200)
    day = [f"{1 + k % 12:02d}/{1 + k % 28:02d}/2022" for k in range(200)]
    frame = pl.DataFrame(
        {"sqft": [f"{a:,}" for a in area], "city": rng.choice(["Bern", "Chur"], 200), "day": day, "price": area * 30.0}
    )
    frame.write_csv("train.csv")
    return er.train("train.csv", target="price", steps=5, show="quiet", run="r")


def test_cells_that_cannot_be_used_are_counted(model) -> None:
    pl.DataFrame(
        {
            "sqft": ["1,500", "huge", "-", "2,000"],
            "city": ["Bern", "Genf", "Rom", None],
            "day": ["03/04/2022", "soon", "05/06/2022", "07/08/2022"],
        }
    ).write_csv("new.csv")
    out = model.predict("new.csv")
    assert (
        out.height == 4
        and model.counts["unreadable"] == {"sqft": 1, "day": 1}
        and model.counts["unknown_categories"] == {"city": 2}
    )
    said = CliRunner().invoke(app, ["predict", "r", "new.csv", "-o", "out.csv", "--json"])
    line = json.loads(next(one for one in said.output.splitlines() if one.startswith("{")))
    assert (
        line["rows"] == 4 and line["unreadable"] == {"sqft": 1, "day": 1} and line["unknown_categories"] == {"city": 2}
    )


def test_a_row_is_answered_alone_as_in_a_batch(model) -> None:
    train = pl.read_csv("train.csv", infer_schema=False)
    together = model.predict(train)
    for row in (0, 3, 57):
        train[row : row + 1].write_csv("one.csv")
        assert model.predict("one.csv")["prediction"][0] == pytest.approx(together["prediction"][row], rel=1e-4)
    assert er.load("r").predict(train[:5])["prediction"].to_list() == pytest.approx(
        together["prediction"][:5].to_list(), rel=1e-4
    )
