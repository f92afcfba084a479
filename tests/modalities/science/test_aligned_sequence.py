"""Aligned letters: places that differ become a table's columns, what training never saw is no letter, other lengths are
named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core.config import LimitsConfig
from engineroom.data.schema_inference import recognise
from engineroom.modalities.science.aligned_sequence import MODALITY

USUAL = "MKLVNGKTLKGETTEA"


def variants(rows: int = 300, seed: int = 0) -> pl.DataFrame:
    """Three places vary; what a letter is worth depends on its place, and the first two work together."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(0, 4, (rows, 3))
    names, worth = [], []
    for a, b, c in picked:
        text = list(USUAL)
        text[2], text[7], text[12] = "LADE"[a], "TADE"[b], "TADE"[c]
        names.append("".join(text))
        worth.append(1.0 * a - 0.7 * b + 0.4 * c + 1.5 * (a == b))
    return pl.DataFrame({"variant": names, "worth": np.array(worth) + rng.normal(0, 0.05, rows)})


def test_the_places_that_differ_are_found_and_others_say_nothing() -> None:
    values = variants()["variant"]
    state = MODALITY.fit(values, limits=LimitsConfig())
    assert state["sites"] == [2, 7, 12] and state["length"] == 16 and sorted(state["known"][0]) == sorted("LADE")
    damaged: dict[int, str] = {}
    odd = pl.Series(["MKXVNGKTLKGETTEA", "WKLVNGKTLKGETTEA", "MKLV", None])
    codes = MODALITY.encode(odd, state, damaged)
    assert codes[0, 0] == 0 and codes[1].min() > 0 and sorted(damaged) == [2, 3] and "4 letters" in damaged[2]
    assert MODALITY.token_names(torch.from_numpy(codes[1]), state)[0] == "L at 3"
    assert state["usual"][2] + "3X" in MODALITY.to_html(odd[0], state) and "usual" in MODALITY.to_html(
        USUAL, {**state, "usual": USUAL}
    )


@pytest.mark.parametrize(
    "values",
    [
        [f"AB{i:06d}" for i in range(50)],
        ["USA", "FRA", "DEU"] * 9,
        ["".join(np.random.default_rng(i).choice(list("ACGT"), 30)) for i in range(50)],
    ],
)
def test_codes_words_and_unrelated_stretches_are_not_taken_for_aligned(values: list[str]) -> None:
    assert recognise(pl.Series("x", values))[0] != "aligned"


def test_which_letter_stands_where_is_learnt(here: Path) -> None:
    model = er.train(
        variants(), target="worth", steps=250, run="r", show="quiet", train__threads=1, train__precision="fp32"
    )
    assert model.schema["variant"].modality == "aligned_sequence" and model.deep_metrics["r2"] > 0.9
    assert "which letter stands where" in model.manifest["baseline"]["words"], "one_hot_linear"
    assert model.deep_metrics["r2"] > model.manifest["baseline"]["metrics"]["r2"] > 0.5, "a line knows no working together"
