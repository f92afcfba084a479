"""Two towers: words find things nobody has seen, through the model, its bundle and its gallery."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import engineroom as er
from engineroom.bundle.gallery import Gallery
from engineroom.core.errors import DataError, UserError


def pairs(rows: int = 500) -> pl.DataFrame:
    """A series of a pace and a height, and words for both."""
    rng = np.random.default_rng(0)
    pace, height = rng.integers(1, 6, rows), rng.integers(0, 5, rows)
    t = np.linspace(0, 6, 40)
    waves = [
        (np.sin(p * t + rng.uniform(0, 6)) + 3 * h + rng.normal(0, 0.1, 40)).tolist()
        for p, h in zip(pace, height, strict=True)
    ]
    said = [
        f"pace {'one two three four five six'.split()[p]} at height {'ground low middle high top'.split()[h]}"
        for p, h in zip(pace, height, strict=True)
    ]
    return pl.DataFrame({"wave": waves, "words": said})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = str(tmp_path_factory.mktemp("match") / "run")
    settings = {"columns": {"words": {"modality": "text"}}, "train__threads": 1, "train__precision": "fp32"}
    return er.train(pairs(), target="wave", task="cross_modal_retrieval", steps=250, run=run, show="quiet", **settings)


@pytest.mark.slow
def test_words_find_waves_never_seen(model) -> None:
    things = 100
    assert model.metrics["recall_at_10"] > 4 * 10 / things and model.manifest["baseline"]["metrics"]["mrr"] > 0.2
    assert "Recall" in str(model.report()) and "baseline" in er.load(str(model.path)).evaluate(pairs().head(60))


@pytest.mark.slow
def test_a_gallery_is_searched_from_the_other_side(model) -> None:
    table = pairs(540).tail(40)
    album = Gallery(er.load(str(model.path)))
    assert album.enrol(table.select("wave")) == 40  # without words
    found = album.search(table.select("words").head(5), top=10)
    assert found.height == 50 and found["similarity"].is_sorted(descending=True) is False
    assert model.predict(table.select("words").head(2)).height == 2


def test_what_cannot_be_matched_is_told(here) -> None:
    with pytest.raises(DataError, match="no column 'wav'"):
        er.train(pairs(), target="wav", task="cross_modal_retrieval", steps=2, show="quiet")
    with pytest.raises(UserError, match="two kinds"):
        er.train(
            pairs().with_columns(more=pairs()["words"]),
            target="wave",
            task="cross_modal_retrieval",
            steps=2,
            show="quiet",
            columns={"words": {"modality": "text"}, "more": {"modality": "text"}},
        )
