"""A stored baseline is data: whoever wrote it, reading it runs nothing, unpacks within bounds and gives one plain
error."""

from __future__ import annotations

import functools
import io
import json
import os
import zipfile

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engineroom.baselines import _estimator
from engineroom.baselines._estimator import load, split_labels
from engineroom.core import registry
from engineroom.core.errors import BundleError, DataError
from engineroom.core.schema import Column, Schema

SCHEMA = Schema(
    (Column("x", "number", "input", {"mean": 0.0, "std": 1.0, "edges": [0.0, 1.0]}), Column("y", "category", "target"))
)
FRAME = pl.DataFrame({"x": np.arange(40.0)})
Y = np.arange(40) // 20


def baseline(kind: str = "classes", y: np.ndarray = Y, name: str = "gradient_boosting") -> _estimator.FittedBaseline:
    classes = y.shape[1] if kind == "labels" else 2
    return registry.get("baselines", name).fit(
        FRAME, y, schema=SCHEMA, kind=kind, classes=classes, val=(FRAME, y), seed=0
    )


def rewritten(raw: bytes, **changed: bytes) -> bytes:
    """The stored baseline with some members exchanged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changed.get(name.replace(".", "_"), old.read(name)))
    return buffer.getvalue()


RAW = baseline().dump()
with zipfile.ZipFile(io.BytesIO(RAW)) as _file:
    HEAD = json.loads(_file.read("baseline.json"))


def test_what_was_written_is_read() -> None:
    again = load(RAW)
    assert again.words.endswith("gradient-boosted trees") and again.schema == SCHEMA and again.facts == HEAD["facts"]
    assert (again.predict(FRAME) == baseline().predict(FRAME)).all()


@pytest.mark.parametrize(
    "change",
    [{"name": "nobody"}, {"name": "_estimator"}, {"name": "../gradient_boosting"}, {"kind": "oracle"}, {"classes": -1}, {"classes": 10**12}, {"classes": "two"},
     {"facts": []}, {"words": 3}, {"schema": [{"name": "x"}]}],
)  # fmt: skip
def test_a_description_that_makes_no_sense_is_refused(change: dict) -> None:
    with pytest.raises(BundleError, match="damaged"):
        load(rewritten(RAW, baseline_json=json.dumps(HEAD | change).encode()))


@pytest.mark.parametrize("head", [b"", b"[]", b"null", b"{" * 10_000, b'{"name": "gradient_boosting"}'])
def test_no_description_is_refused(head: bytes) -> None:
    with pytest.raises(BundleError):
        load(rewritten(RAW, baseline_json=head))


def test_an_estimator_that_is_none_is_refused() -> None:
    import skops.io

    for thing in ([1, 2], {"a": 1}, np.arange(3)):
        with pytest.raises(BundleError):
            load(rewritten(RAW, estimator_skops=skops.io.dumps(thing)))


@pytest.mark.parametrize("call", [os.system, os.path.exists, eval, print, functools.partial(os.system, "true")])
def test_calls_of_a_stranger_are_refused(call) -> None:
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(BundleError):
        load(rewritten(RAW, estimator_skops=skops.io.dumps(FunctionTransformer(call))))


def test_archives_that_unpack_without_end_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(_estimator, "MOST_BYTES", 10_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("schema.json", b" " * 20_000_000)
    for raw in (rewritten(RAW, baseline_json=b" " * 20_000_000), rewritten(RAW, estimator_skops=bomb.getvalue())):
        assert len(raw) < 200_000
        with pytest.raises(BundleError, match="large"):
            load(raw)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(RAW) - 1), st.binary(min_size=1, max_size=6))
def test_a_few_bad_bytes_give_one_plain_error_or_nothing_at_all(place: int, junk: bytes) -> None:
    try:
        again = load(RAW[:place] + junk + RAW[place + len(junk) :])
    except BundleError as error:
        assert "classical baseline" in error.what
    else:
        assert again.predict(FRAME).shape == (40, 2)


@pytest.mark.parametrize("name", ["gradient_boosting", "multimodal", "dummy"])
def test_no_rows_no_answers(name: str) -> None:
    assert baseline(name=name).predict(FRAME[:0]).shape == (0, 2)
    assert baseline("number", Y + 0.5, name).predict(FRAME[:0]).shape == (0,)


def test_only_labels_that_vary_are_learnt() -> None:
    labels = np.stack([Y, np.ones(40, int), 1 - Y, np.zeros(40, int)], 1)
    y, constant = split_labels(labels, "labels")
    assert y.shape == (40, 2) and constant == [None, 1, None, 0] and split_labels(Y, "classes")[1] == []
    for name in ("gradient_boosting", "dummy", "multimodal"):
        p = load(baseline("labels", labels, name).dump()).predict(FRAME)
        assert (
            p.shape == (40, 4)
            and (p[:, 1] == 1).all()
            and (p[:, 3] == 0).all()
            and np.allclose(p[:, 0] + p[:, 2], 1, atol=0.02)
        )
    p = baseline("labels", labels[:, :1], "dummy").predict(FRAME)
    assert p.shape == (40, 1) and np.allclose(p, 0.5)
    with pytest.raises(DataError, match="No label varies"):
        split_labels(labels[:, [1, 3]], "labels")


def test_few_rows_are_fitted_on_one_thread_and_the_others_come_back(monkeypatch) -> None:
    from threadpoolctl import threadpool_info

    def widest() -> int:
        return max((pool["num_threads"] for pool in threadpool_info()), default=1)

    before = widest()
    with _estimator.threads(100):
        assert widest() == 1
    assert widest() == before
    with _estimator.threads(_estimator.MANY_ROWS + 1):
        assert widest() == before
    baseline()
    assert widest() == before
