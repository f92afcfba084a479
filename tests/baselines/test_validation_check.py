"""Baselines get what a network gets, and are looked at on validation rows before they stand as opponents."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.baselines import _validation_check
from engineroom.baselines._estimator import load
from engineroom.baselines._scalar_features import scalar_features, wide_columns
from engineroom.baselines._select import choose
from engineroom.baselines._small_data import best_of
from engineroom.core import registry
from engineroom.core.config import LimitsConfig, make_config
from engineroom.core.table import Table
from engineroom.data.schema_inference import fit_schema, infer_schema

RNG = np.random.default_rng(0)


def fitted(frame: pl.DataFrame, kind: str, train: int, val: int):
    """(the baseline after its file, test rows, their truth)."""
    table = Table(frame)
    how = {"target": "y", "columns": {"y": {"modality": "number" if kind == "number" else "category"}}}
    schema = fit_schema(infer_schema(table, make_config(how)), table, np.arange(train), LimitsConfig())
    codes = registry.get("modalities", schema.target.modality).encode(frame["y"], schema.target.state, {})
    y = frame["y"].to_numpy().astype(float) if kind == "number" else np.asarray(codes, int) - 1
    judged = slice(train, train + val)
    settings = {"schema": schema, "kind": kind, "classes": len(schema.target.state.get("values", ())), "seed": 0}
    one = choose(schema)[1].fit(frame[:train], y[:train], val=(frame[judged], y[judged]), **settings)
    return load(one.dump()), frame[train + val :], y[train + val :]


@pytest.mark.parametrize("rows", [2_600, 900])
def test_many_levels_are_told_by_their_target_not_by_their_spelling(rows: int) -> None:
    shops = rows // 8
    shop, worth = RNG.integers(0, shops, rows), RNG.normal(size=shops) * 3
    frame = pl.DataFrame(
        {"shop": [f"shop {k}" for k in shop], "x": RNG.normal(size=rows), "y": worth[shop] + RNG.normal(size=rows)}
    )
    model, test, y = fitted(frame, "number", int(0.8 * rows), int(0.1 * rows))
    error = ((model.predict(test) - y) ** 2).mean()
    assert 1 - error / y.var() > 0.6, model.words
    gaps = test.with_columns(shop=pl.when(pl.int_range(test.height) % 2 == 0).then(pl.lit("never seen")))
    assert np.isfinite(model.predict(gaps)).all() and model.predict(test[:0]).shape == (0,)


def test_many_levels_of_classes_and_the_codes_are_no_order() -> None:
    shop, good = RNG.integers(0, 300, 2_400), RNG.random(300) < 0.5
    frame = pl.DataFrame(
        {"shop": [f"shop {k}" for k in shop], "y": np.where(good[shop] ^ (RNG.random(2_400) < 0.1), "good", "bad")}
    )
    model, test, y = fitted(frame, "classes", 2_100, 150)
    assert (model.predict(test).argmax(1) == y).mean() > 0.75
    assert wide_columns(model.schema) == ["shop"] and "target_encoder" in model.parts
    x, categorical = scalar_features(frame[:5], model.schema)
    assert categorical == [False] and np.allclose(np.expm1(x[:, 0]), np.round(np.expm1(x[:, 0]))), "how often it occurs"


def test_texts_beside_numbers_are_read_word_for_word() -> None:
    words = np.array([f"w{k}" for k in range(2_000)])
    good = RNG.integers(0, 2, 500)
    texts = [
        " ".join(RNG.choice(words, 12)) + (f" super{RNG.integers(30)}b" if one else f" awful{RNG.integers(30)}b")
        for one in good
    ]
    frame = pl.DataFrame({"t": texts, "x": RNG.normal(size=500), "y": np.where(good > 0, "p", "q")})
    model, test, y = fitted(frame, "classes", 350, 50)
    assert model.name == "multimodal" and (model.predict(test).argmax(1) == y).mean() > 0.95, model.words


def test_a_baseline_that_is_worse_than_the_constant_is_replaced_and_says_so(monkeypatch) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame = pl.DataFrame({"x": RNG.normal(size=2_600), "y": RNG.choice(["a", "b"], 2_600, p=[0.8, 0.2])})
    honest = HistGradientBoostingClassifier.predict_proba
    # as if it had diverged
    monkeypatch.setattr(HistGradientBoostingClassifier, "predict_proba", lambda self, x: honest(self, x)[:, ::-1])
    model, _, _ = fitted(frame, "classes", 2_200, 200)
    assert "instead of gradient-boosted trees: worse than the constant on validation rows (accuracy" in model.words
    assert type(model.parts["estimator"]).__name__ == "ExtraTreesClassifier"


def test_rare_classes_do_not_let_boosted_trees_diverge() -> None:
    counts = np.clip(np.round(RNG.gamma(9, 1.1, 2_600)), 1, 20).astype(int)
    frame = pl.DataFrame({f"x{k}": counts + RNG.normal(size=2_600) * 3 for k in range(3)} | {"y": counts.astype(str)})
    model, test, y = fitted(frame, "classes", 2_200, 200)
    known = y >= 0
    assert (model.predict(test).argmax(1) == y)[known].mean() > 1.1 * np.bincount(y[known]).max() / known.sum(), (
        model.words
    )


@pytest.mark.parametrize("positives", [1, 2, 3])
def test_one_to_three_of_four_hundred(positives: int) -> None:
    y = (np.arange(400) < positives).astype(int)
    words, _, estimator = best_of(RNG.normal(size=(400, 2)), y, categorical=[False, False], kind="classes", seed=0)
    assert words and estimator is not None


def test_a_column_of_two_values_in_four_hundred_rows() -> None:
    dose = [None] * 400
    dose[7], dose[250] = 0.5, 1.5
    x = RNG.normal(size=400)
    frame = pl.DataFrame({"x": x, "dose": dose, "y": np.where(x > 0, "a", "b")})
    model, test, y = fitted(frame, "classes", 300, 50)
    assert (model.predict(test).argmax(1) == y).mean() > 0.9
    assert np.isfinite(model.predict(test.with_columns(dose=pl.lit(9.0)))).all()


def test_losses_with_a_floor() -> None:
    assert (
        _validation_check.is_worse((2.0, 0.5), (1.0, 0.5))
        and not _validation_check.is_worse((2.0, 0.4), (1.0, 0.5))
        and not _validation_check.is_worse((0.9, 0.6), (1.0, 0.5))
    )


def test_rare_classes_among_many_levels() -> None:
    shop = RNG.integers(0, 300, 900)
    y = np.where(np.arange(900) == 5, "odd", np.array(["a", "b", "c"])[shop % 3])
    model, test, truth = fitted(pl.DataFrame({"shop": [f"shop {k}" for k in shop], "y": y}), "classes", 700, 100)
    assert (
        model.predict(test).shape == (100, len(model.schema.target.state["values"]))
        and (model.predict(test).argmax(1) == truth).mean() > 0.5
    )
