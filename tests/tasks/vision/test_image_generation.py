"""Pictures made: of the kind asked for, by each row's own chance; written as files; bad input named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import engineroom as er
from conftest import command, made_as_asked, squares
from engineroom.core.errors import DataError, UserError


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("generation") / "run"
    return er.train(
        squares(),
        target="picture",
        recipe="image_generation",
        steps=450,
        run=str(run),
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )


@pytest.mark.slow
def test_it_makes_what_is_asked_for(model, tmp_path: Path) -> None:
    made_as_asked(model)
    assert model.save(pl.DataFrame({"side": ["left", "right"]}), tmp_path / "made") == 2
    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == ["00000.png", "00001.png"]


@pytest.mark.slow
def test_what_was_examined_is_what_was_kept(model) -> None:
    """Pictures drawn for the report must not move the network's running statistics."""
    found = model.evaluate(squares())
    assert found["metrics"]["frechet"] < 2 * model.metrics["frechet"] + 1 and set(found["baseline"]) == set(
        found["metrics"]
    )


@pytest.mark.slow
def test_the_report_shows_what_it_makes_how_it_grew_and_the_baseline(model) -> None:
    page = (model.path / "report.html").read_text("utf-8")
    for words in (
        "Samples",
        "Samples during training",
        "Memorisation check: distance to the nearest training example",
        "Beside it",
        "image/gif",
    ):
        assert words in page, words
    assert set(model.metrics) == {"frechet", "as_asked", "precision", "recall", "copied"}
    assert len(list((model.path.parent / "sketches").glob("*.png"))) > 3


@pytest.mark.slow
def test_training_brings_pictures_nearer_to_real_ones(model, tmp_path: Path) -> None:
    fresh = er.train(
        squares(),
        target="picture",
        recipe="image_generation",
        steps=2,
        run=str(tmp_path / "run"),
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    assert model.metrics["frechet"] < 0.7 * fresh.metrics["frechet"]


def test_it_goes_by_the_command_line_and_without_kinds(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for i, one in enumerate(squares(60)["picture"].to_numpy()):
        Image.fromarray(one).save(tmp_path / "photos" / f"{i}.png")
    command("train", "photos", "--recipe", "image_generation", "--steps", 4, "--run", "r", "--quiet", cwd=tmp_path)
    (tmp_path / "wishes.csv").write_text("noise\n1\n2\n3\n")
    command("predict", "r", "wishes.csv", "-o", "made", cwd=tmp_path)
    assert len(list((tmp_path / "made").glob("*.png"))) == 3


def test_bad_input_is_named(tmp_path: Path) -> None:
    run = {"show": "quiet", "recipe": "image_generation", "steps": 2, "run": str(tmp_path / "r")}
    with pytest.raises(DataError, match="too few"):
        er.train(squares(20), target="picture", **run)
    with pytest.raises(DataError, match="No column holds pictures"):
        er.train(pl.DataFrame({"a": [1.0] * 80, "b": ["x"] * 80}), **run)
    with pytest.raises(UserError, match="50 pixels"):
        er.train(squares(), target="picture", options={"image_size": 50}, **run)
    with pytest.raises(DataError, match="no column 'colour'"):
        er.train(squares(), target="picture", options={"condition_on": "colour"}, **run)
