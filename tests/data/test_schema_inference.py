"""Typing of columns and targets, on known answers and on anything at all."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engineroom.core.config import make_config
from engineroom.core.errors import DataError, UserError
from engineroom.core.schema import Column, Schema
from engineroom.core.table import Table
from engineroom.data.dataset import encode_table
from engineroom.data.schema_inference import fit_schema, infer_schema
from engineroom.data.target_type import number_or_classes

N = 60
CELLS = st.one_of(
    st.none(), st.text(max_size=12), st.integers(-(10**12), 10**12).map(str), st.floats(allow_nan=True).map(str)
)


def schema_of(values: dict, target: str = "y", **settings) -> Schema:
    return infer_schema(
        Table(pl.DataFrame(values | {"y": ["a", "b"] * (N // 2)})), make_config({"target": target, **settings})
    )


def test_typical_columns() -> None:
    found = schema_of(
        {
            "age": list(range(N)),
            "city": ["Bern", "Chur"] * 30,
            "note": [f"some words about thing {i}" for i in range(N)],
            "when": [f"2024-01-{1 + i % 28:02d}" for i in range(N)],
            "user_id": [f"u{i}" for i in range(N)],
            "tags": ["a|b", "b"] * 30,
            "ok": [True, False] * 30,
        }
    )
    kinds = {c.name: c.modality for c in found}
    assert (
        kinds
        == {
            "age": "number",
            "city": "category",
            "note": "text",
            "when": "datetime",
            "user_id": "identifier",
            "tags": "multilabel",
            "ok": "category",
            "y": "category",
        }
        or kinds["age"] == "identifier"
    )
    assert found["user_id"].role == "id" and found.target.name == "y"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1] * 50, "category"),
        ([1.5, 2.5] * 50, "category"),
        (list(range(100)), "number"),
        ([3, 4, 5, 6, 7] * 40, "category"),
        (np.linspace(0, 1, 90).tolist(), "number"),
    ],
)
def test_is_a_numeric_target_classes_or_a_number(values, kind) -> None:
    assert number_or_classes(np.array(values, float))[0] == kind


def test_the_users_word_counts() -> None:
    found = schema_of({"x": [1, 2] * 30}, columns={"x": {"modality": "category", "role": "group"}})
    assert (found["x"].modality, found["x"].role) == ("category", "group")
    assert schema_of({"x": [1.0, 2.0] * 30}, target="x", task="regression").target.modality == "number"
    with pytest.raises(UserError, match="'x'"):
        schema_of({"x": [1, 2] * 30}, columns={"xx": {"role": "ignore"}})
    with pytest.raises(UserError, match="image"):
        schema_of({"x": [1, 2] * 30}, columns={"x": {"modality": "imag"}})
    with pytest.raises(DataError, match="'y'"):
        infer_schema(Table(pl.DataFrame({"y": [1, 2]})), make_config({"target": "yy"}))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CELLS, min_size=8, max_size=40), st.text(min_size=1, max_size=20))
def test_any_column_of_text_is_typed_fitted_and_encoded(cells: list, name: str) -> None:
    table = Table(
        pl.DataFrame(
            {name: pl.Series(cells, dtype=pl.String), name + " target": [str(i % 2) for i in range(len(cells))]}
        )
    )
    config = make_config({"target": name + " target"})
    schema = fit_schema(infer_schema(table, config), table, np.arange(len(cells) - 2), config.limits)
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    if schema.inputs:
        data = encode_table(table.frame, again)
        batch = data.batch(np.arange(len(cells)))
        assert all(len(tensor) == len(cells) for tensor in batch.fields.values())


def test_duplicate_names_are_refused() -> None:
    with pytest.raises(DataError, match="Duplicate"):
        Schema((Column("a", "number"), Column("a", "text")))
