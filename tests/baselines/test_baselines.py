"""The baselines: each learns what it should, survives bad cells, and comes back from its bytes."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import polars as pl
import pytest

from conftest import house_table
from engineroom.baselines import _estimator
from engineroom.baselines._estimator import load
from engineroom.baselines._select import choose
from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.core.errors import BundleError
from engineroom.core.table import Table
from engineroom.data.schema_inference import fit_schema, infer_schema

RNG = np.random.default_rng(0)
N = 90
LABEL = [["no", "yes"][i % 2] for i in range(N)]


def sound_files(folder) -> list[str]:
    import soundfile

    paths = [str(folder / f"{i}.wav") for i in range(N)]
    for i, path in enumerate(paths):
        soundfile.write(
            path,
            0.4 * np.sin(2 * np.pi * (300 if i % 2 else 1200) * np.arange(2400) / 8000) + RNG.normal(0, 0.01, 2400),
            8000,
        )
    return paths


def columns(kind: str, folder) -> dict:
    if kind == "trees":
        return {"x": [float(i % 2) + RNG.normal() * 0.1 for i in range(N)], "c": ["a", "b"] * (N // 2)}
    if kind == "text":
        return {"x": [f"a {'lovely' if i % 2 else 'dreadful'} thing number {i} here" for i in range(N)]}
    if kind == "image":
        pixels = RNG.integers(0, 90, (N, 16, 16, 3), dtype=np.uint8)
        pixels[1::2, :, :8] += 150
        return {"x": pixels}
    if kind == "series":
        return {
            "x": [(np.sin(np.arange(40) * (0.2 if i % 2 else 0.6)) + RNG.normal(0, 0.1, 40)).tolist() for i in range(N)]
        }
    if kind == "molecule":
        return {
            "x": [f"{'C' * (2 + i)}C(=O){'O' if i % 2 else 'N'}" for i in range(N)],
            "n": [float(i) for i in range(N)],
        }
    if kind == "audio":
        return {"x": sound_files(folder)}
    return {"t": columns("text", folder)["x"], "p": columns("image", folder)["x"], "n": [float(i) for i in range(N)]}


def fitted(kind: str, folder):
    table = Table(pl.DataFrame(columns(kind, folder) | {"y": LABEL}))
    config = make_config({"target": "y"})
    schema = fit_schema(infer_schema(table, config), table, np.arange(60), config.limits)
    y = np.array([i % 2 for i in range(N)])
    name, baseline = choose(schema)
    frame = table.frame
    return (
        name,
        baseline.fit(
            frame[:60], y[:60], schema=schema, kind="classes", classes=3, val=(frame[60:75], y[60:75]), seed=0
        ),
        frame,
        y,
    )


NAMES = {
    "trees": "gradient_boosting", "text": "tfidf_linear", "image": "hog_linear", "series": "rocket", "audio": "spectral_trees",
    "molecule": "fingerprints", "mixed": "multimodal",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["trees", "text", "image", "series", "audio", "molecule", "mixed"])
def test_learns_and_comes_back_from_its_bytes(kind: str, tmp_path) -> None:
    name, baseline, frame, y = fitted(kind, tmp_path)
    assert name == NAMES[kind]
    p = baseline.predict(frame[60:])
    assert p.shape == (30, 3) and np.allclose(p.sum(1), 1) and (p[:, 2] == 0).all(), (
        "a class that never occurred has probability 0"
    )
    assert (p.argmax(1) == y[60:]).mean() > 0.9
    assert np.allclose(load(baseline.dump()).predict(frame[60:]), p)


def test_numbers_and_label_sets(tmp_path) -> None:
    table = Table(house_table(200))
    config = make_config({"target": "price"})
    schema = fit_schema(infer_schema(table, config), table, np.arange(150), config.limits)
    y = table.frame["price"].to_numpy()
    for name in ("gradient_boosting", "dummy"):
        baseline = registry.get("baselines", name).fit(
            table.frame[:150],
            y[:150],
            schema=schema,
            kind="number",
            classes=0,
            val=(table.frame[150:], y[150:]),
            seed=0,
        )
        assert load(baseline.dump()).predict(table.frame[150:]).shape == (50,)
    labels = np.stack([y > 200, y > 0], 1).astype(int)  # the second never varies
    for name in ("gradient_boosting", "dummy"):
        baseline = registry.get("baselines", name).fit(
            table.frame[:150],
            labels[:150],
            schema=schema,
            kind="labels",
            classes=2,
            val=(table.frame[150:], labels[150:]),
            seed=0,
        )
        p = baseline.predict(table.frame[150:])
        assert p.shape == (50, 2) and (p[:, 1] == 1).all()


def test_bad_cells_are_no_reason_to_fail(tmp_path) -> None:
    for kind, bad in (("text", ""), ("audio", "/nowhere.wav"), ("series", [])):
        _, baseline, frame, _ = fitted(kind, tmp_path)
        odd = frame[:2].with_columns(pl.Series("x", [bad, None], dtype=frame["x"].dtype))
        assert np.isfinite(baseline.predict(odd)).all()


def test_a_strangers_file_is_refused(tmp_path) -> None:
    _, baseline, _, _ = fitted("trees", tmp_path)
    raw = baseline.dump()
    for broken in (b"", b"no zip", raw[: len(raw) // 2]):
        with pytest.raises(BundleError):
            load(broken)
    import skops.io

    class Odd:
        pass

    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w") as new:
        new.writestr("baseline.json", old.read("baseline.json"))
        new.writestr("estimator.skops", skops.io.dumps(Odd()))
    with pytest.raises(BundleError, match="ntrusted"):
        load(buffer.getvalue())


KINDS = ["trees", "text", "image", "series", "audio", "mixed"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_alone_in_training_is_said_and_answered(kind: str, tmp_path) -> None:
    name, one, frame, y = fitted(kind, tmp_path)
    val = (frame[60:75], y[60:75])
    baseline = registry.get("baselines", name).fit(
        frame[:60], np.ones(60, int), schema=one.schema, kind="classes", classes=3, val=val, seed=0
    )
    assert baseline.words == "always the only class that occurs in training"
    assert (load(baseline.dump()).predict(frame[60:]) == [0, 1, 0]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_validation_rows(kind: str, tmp_path) -> None:
    name, one, frame, y = fitted(kind, tmp_path)
    # the rows count up: the last ones hold numbers that no row before them has
    order = np.random.default_rng(0).permutation(len(y))
    frame, y = frame[order], y[order]
    nothing = (frame[:0], y[:0])
    baseline = registry.get("baselines", name).fit(
        frame[:60], y[:60], schema=one.schema, kind="classes", classes=2, val=nothing, seed=0
    )
    assert (baseline.predict(frame[60:]).argmax(1) == y[60:]).mean() > 0.9


def test_rows_left_out_for_cost_are_said(tmp_path, monkeypatch) -> None:
    _, one, frame, y = fitted("trees", tmp_path)
    baseline = registry.get("baselines", "gradient_boosting")
    monkeypatch.setattr(type(baseline), "max_rows", 40)
    val = (frame[60:75], y[60:75])
    baseline = baseline.fit(frame[:60], y[:60], schema=one.schema, kind="classes", classes=2, val=val, seed=0)
    assert baseline.words.endswith(", on 40 of 60 rows")


def test_many_classes_of_many_texts_take_support_vectors_with_sharpened_answers(tmp_path, monkeypatch) -> None:
    from engineroom.baselines.text import tfidf_linear

    _, one, frame, y = fitted("text", tmp_path)
    monkeypatch.setattr(tfidf_linear, "TOO_MANY", 10)
    monkeypatch.setattr(_estimator, "FEW_TO_SHARPEN", 10)
    val = (frame[60:75], y[60:75])
    baseline = tfidf_linear.BASELINE.fit(
        frame[:60], y[:60], schema=one.schema, kind="classes", classes=3, val=val, seed=0
    )
    p = load(baseline.dump()).predict(frame[60:])
    assert "support vectors" in baseline.words and np.allclose(p.sum(1), 1) and (p.argmax(1) == y[60:]).all()
    assert p.max(1).min() > 0.9, "right on every validation row, so it may be sure"
