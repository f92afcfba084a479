"""Classical alarms: texts of other words and pictures of another texture are far from ordinary ones, and a stored
baseline answers the same."""

from __future__ import annotations

import numpy as np
import polars as pl

from engineroom.baselines._estimator import load
from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.core.schema import Column, Schema
from engineroom.metrics.classification import roc_auc


def fitted(
    frame: pl.DataFrame, odd: np.ndarray, kinds: dict[str, str], target: str, baseline: str, kind: str, classes: int
):
    columns = [
        Column(n, m, "input", registry.get("modalities", m).fit(frame[n], limits=LimitsConfig()))
        for n, m in kinds.items()
    ]
    schema = Schema((*columns, Column("state", target, "target", {"values": ["normal", "anomaly"]})))
    rows = ~odd | (np.arange(len(odd)) < 30)  # made-up rows stand among them, and are left alone
    rows[::5] = False
    truth = odd.astype(np.int64)
    return registry.get("baselines", baseline).fit(
        frame.filter(pl.Series(rows)),
        truth[rows],
        schema=schema,
        kind=kind,
        classes=classes,
        val=(frame.filter(pl.Series(~rows)), truth[~rows]),
        seed=0,
    )


def test_lines_of_other_words_are_far_from_ordinary_ones() -> None:
    rng = np.random.default_rng(0)
    odd = np.arange(300) % 6 == 0
    lines = [
        f"panic machine check at {rng.integers(99)}" if o else f"node {rng.integers(9)} says that all is fine"
        for o in odd
    ]
    frame = pl.DataFrame({"line": lines, "load": rng.normal(0, 1, 300)})
    baseline = fitted(
        frame, odd, {"line": "text", "load": "number"}, "anomaly_label", "outlier_detection", "classes", 2
    )
    said = baseline.predict(frame)
    assert said.shape == (300, 2) and roc_auc(odd, said[:, 1]) > 0.95
    assert np.allclose(load(baseline.dump()).predict(frame), said)


def test_pictures_of_another_texture_are_far_and_the_place_is_hot() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(120, 5, (120, 32, 32))
    odd = np.arange(120) % 6 == 0
    x[odd, 8:16, 20:28] += 60
    frame = pl.DataFrame({"picture": pl.Series(x.astype(np.uint8))})
    baseline = fitted(frame, odd, {"picture": "image"}, "defect_label", "texture_gaussian", "flaws", 1)
    said = baseline.predict(frame)
    assert roc_auc(odd, said["probability"][:, 1]) > 0.95 and said["heat"].shape == (120, 8, 8)
    row, column = np.unravel_index(said["heat"][0].argmax(), (8, 8))
    assert 1 <= row <= 4 and 4 <= column <= 7
    again = load(baseline.dump()).predict(frame)
    assert np.allclose(again["heat"], said["heat"]) and np.allclose(again["probability"], said["probability"])
