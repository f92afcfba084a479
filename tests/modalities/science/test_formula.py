"""Formulas: read with brackets and shares, refused in words, described by their elements."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rdkit")

import engineroom as er
from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.modalities.science.formula import describe, elements, parse, spelling

FORMULA = registry.get("modalities", "formula")


def test_known_formulas() -> None:
    assert parse("Fe2O3") == {"Fe": 2, "O": 3}
    assert parse("Ag(AuS)2") == {"Ag": 1, "Au": 2, "S": 2}
    assert parse("K4[Fe(CN)6]") == {"K": 4, "Fe": 1, "C": 6, "N": 6}
    assert parse("Fe0.62C0.000953") == {"Fe": 0.62, "C": 0.000953}
    assert spelling("OH2") == spelling("H2O") == spelling("H4O2")


@pytest.mark.parametrize("text", ["", "Xx2", "Fe)2", "(Fe", "2Fe", "Fe-O", "fe", "Fe0"])
def test_what_is_no_formula_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"is empty|element|bracket|number|no part|no atoms"):
        parse(text)


@given(st.lists(st.tuples(st.sampled_from(["H", "Fe", "O", "Si", "U"]), st.integers(1, 99)), min_size=1, max_size=8))
def test_atoms_are_counted_whatever_the_order(parts: list[tuple[str, int]]) -> None:
    text = "".join(f"{symbol}{count}" for symbol, count in parts)
    found = parse(text)
    assert sum(found.values()) == sum(count for _, count in parts)
    assert parse(f"({text})2") == {symbol: 2 * count for symbol, count in found.items()}


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert all(count > 0 for count in parse(text).values())
    except ValueError as error:
        assert str(error)


def test_periods_and_groups() -> None:
    assert [tuple(elements()[s][1:3]) for s in ("H", "He", "Na", "Cl", "Fe", "Br", "La", "U")] == [
        (1, 1), (1, 18), (3, 1), (3, 17), (4, 8), (4, 17), (6, 3), (7, 3),
    ]  # fmt: skip
    row = describe(pl.Series(["H2O"]), {})[0]
    assert row[0] == pytest.approx(2 / 3) and row[7] == pytest.approx(1 / 3)


def test_words_are_no_formulas() -> None:
    assert FORMULA.detect(pl.Series(["SI2", "VS1", "VVS2", "IF", "I1"] * 40)) == 0
    for words in (["He", "No", "In"], ["Bob", "Otto"], ["B12", "P53"], ["CCO", "CCN", "COC"]):
        assert FORMULA.detect(pl.Series(words * 5)) == 0 or words[0] == "CCO"
    damaged: dict[int, str] = {}
    FORMULA.encode(
        pl.Series(["Fe2O3", "nonsense", None]),
        FORMULA.fit(pl.Series(["Fe2O3", "FeO", "SiO2"]), limits=LimitsConfig()),
        damaged,
    )
    assert list(damaged) == [1]


@pytest.mark.slow
def test_a_property_of_the_elements_is_learnt(here) -> None:
    rng = np.random.default_rng(0)
    symbols = rng.choice(["Fe", "Ni", "Cu", "Al", "Si", "O", "S"], (400, 3))
    counts = rng.integers(1, 9, (400, 3))
    text = ["".join(f"{s}{c}" for s, c in zip(a, b, strict=True)) for a, b in zip(symbols, counts, strict=True)]
    mass = [sum(elements()[s][3] * n for s, n in parse(t).items()) / sum(parse(t).values()) for t in text]
    model = er.train(
        pl.DataFrame({"formula": text, "mass": mass}),
        target="mass",
        steps=300,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
    )
    assert (
        model.schema["formula"].modality == "formula"
        and model.deep_metrics["r2"] > 0.95
        and model.deep_metrics["spearman"] > 0.95
    )
    assert (
        er.load(str(model.path)).predict(pl.DataFrame({"formula": ["Fe2O3", "rubbish"]}))["prediction"].null_count()
        == 1
    )
