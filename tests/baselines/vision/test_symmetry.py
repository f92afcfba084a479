"""Mirrors are allowed where the probe recognises mirrored pictures, and never where it knows nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from conftest import real_data
from engineroom.baselines.vision._symmetry import find_symmetries
from engineroom.core import registry
from engineroom.core.config import SplitConfig, make_config
from engineroom.core.schema import Column, Schema
from engineroom.data.dataset import encode_table
from engineroom.data.loading import open_table
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.data.splits import split_rows

N = 300
SCHEMA = Schema((Column("p", "image", "input", {"height": 16}), Column("y", "category", "target")))
CLASSES = SimpleNamespace(output_type="classes", to_targets=lambda values, column: values)


def pictures(diagonal: bool, rows: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Stripes that run across or down, whatever the mirror; with `diagonal`, two bright quarters on one diagonal or the
    other instead."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    pixels = rng.integers(0, 80, (rows, 1, 16, 16), dtype=np.uint8)
    for one, label in zip(pixels, y, strict=True):
        if diagonal:
            one[:, :8, label * 8 : label * 8 + 8] += 150
            one[:, 8:, 8 - label * 8 : 16 - label * 8] += 150
        elif label:
            one[:, ::4] += 150
        else:
            one[:, :, ::4] += 150
    return pixels, y


def found(pixels: np.ndarray, y: np.ndarray, task=CLASSES, **train) -> list[str] | None:
    stores = {
        "column:p": SimpleNamespace(take=lambda rows: pixels[rows]),
        "target": SimpleNamespace(take=lambda rows: y[rows]),
    }
    cut = len(y) * 4 // 5
    data = SimpleNamespace(stores=stores, splits={"train": np.arange(cut), "val": np.arange(cut, len(y))})
    return find_symmetries(SCHEMA, data, task, make_config({"train": train}))["p"].state.get("symmetries")


def test_what_a_mirror_keeps_and_what_it_changes() -> None:
    assert found(*pictures(diagonal=False)) == ["horizontal", "vertical"]
    assert found(*pictures(diagonal=True)) == []


def test_who_knows_nothing_is_not_asked() -> None:
    pixels, y = pictures(diagonal=False)
    assert found(pixels, np.random.default_rng(1).permutation(y)) == []
    assert found(pixels, np.zeros_like(y)) == [] and found(pixels[:30], y[:30]) == []


def test_numbers_have_mirrors_too() -> None:
    pixels, y = pictures(diagonal=True)
    number = SimpleNamespace(output_type="number", to_targets=lambda values, column: values.astype(float))
    assert found(pixels, y, number) == [] and found(*pictures(diagonal=False), number) == ["horizontal", "vertical"]


def test_without_augmentation_nobody_asks() -> None:
    assert found(*pictures(diagonal=False), augment=False) is None


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "target", "mirrors"),
    [("cifar10", None, ["horizontal"]), ("clothing", None, ["horizontal"]), ("mnist", None, []), ("gtsrb", None, []),
     ("sign_language_digits", None, []), ("driving_steering", "steering", [])],
)  # fmt: skip
def test_real_pictures(name: str, target: str | None, mirrors: list[str]) -> None:
    config = make_config({"target": target})
    table = open_table(real_data(name), target=target, limits=config.limits)
    schema = infer_schema(table, config)
    task = registry.get("tasks", "regression" if schema.target.modality == "number" else "classification")
    split = split_rows(table, schema, SplitConfig(), seed=0, task=task.output_type)
    schema = fit_schema(schema, table, split.train, config.limits)
    data = encode_table(table.frame, schema)
    data.splits = {"train": split.train, "val": split.val}
    assert find_symmetries(schema, data, task, config)["image"].state["symmetries"] == mirrors
