"""The run's own eye: it tells kinds apart, is kept in the state and comes back the same; without kinds the features are
made by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engineroom.core.batch import Batch
from engineroom.core.schema import Column, Schema
from engineroom.layers.feature_extractor import WIDTH
from engineroom.metrics.generation import frechet, scores
from engineroom.modalities.vision.generated_image import thumbs
from engineroom.rendering.vision import train_feature_extractor
from engineroom.rendering.vision.image_features import looked

RNG = np.random.default_rng(0)
ROWS = 200


def bars(n: int, kinds: np.ndarray) -> np.ndarray:
    """(N, 1, 16, 16): a bright bar that stands (0) or lies (1), anywhere."""
    x = RNG.integers(0, 60, (n, 1, 16, 16)).astype(np.uint8)
    for one, kind, place in zip(x, kinds, RNG.integers(2, 13, n), strict=True):
        one[0, *((slice(None), slice(place, place + 2)) if kind == 0 else (slice(place, place + 2), slice(None)))] = 220
    return x


KINDS = np.arange(ROWS) % 2
PICTURES = bars(ROWS, KINDS)


def table(known: bool) -> tuple[Schema, SimpleNamespace]:
    import base64

    state = {
        "channels": 1,
        "height": 16,
        "width": 16,
        "thumbs": base64.b64encode(thumbs(PICTURES[:120]).tobytes()).decode(),
    }
    result = [Column("way", "category", state={"values": ["stands", "lies"]})] if known else []
    schema = Schema((Column("picture", "generated_image", "target", state), *result))

    def batch(rows: np.ndarray) -> Batch:
        return Batch(
            {"target": torch.from_numpy(PICTURES[rows]), "block:category": torch.from_numpy(KINDS[rows, None] + 1)},
            rows,
        )

    return schema, SimpleNamespace(splits={"train": np.arange(120), "val": np.arange(120, 160)}, batch=batch)


@pytest.fixture(scope="module")
def state():
    schema, data = table(True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_feature_extractor, "STEPS", 120)
        return train_feature_extractor.taught_eye(schema, data, 0).target.state


def test_it_tells_kinds_apart_that_it_has_not_seen(state) -> None:
    found = looked(PICTURES[160:], state)
    assert state["eye"]["right"] > 0.9 and found.shape == (40, WIDTH + 2)
    assert (found[:, -2] == KINDS[160:]).mean() > 0.9
    assert "taught on the training rows alone" in train_feature_extractor.eye_words(state)


def test_noise_is_farther_from_real_pictures_than_others_of_their_kind(state) -> None:
    truth, fresh = looked(PICTURES[120:], state), looked(bars(80, np.arange(80) % 2), state)
    noise = looked(RNG.integers(0, 255, (80, 1, 16, 16)).astype(np.uint8), state)
    assert frechet(truth[:, :-2], noise[:, :-2]) > 5 * frechet(truth[:, :-2], fresh[:, :-2])
    swapped = looked(bars(80, 1 - KINDS[120:]), state)
    assert (
        scores({"truth": truth, "made": fresh})["as_asked"] > 0.9
        and scores({"truth": truth, "made": swapped})["as_asked"] < 0.1
    )


def test_the_same_rows_give_the_same_eye_and_leave_chance_alone(monkeypatch) -> None:
    monkeypatch.setattr(train_feature_extractor, "STEPS", 5)
    schema, data = table(True)
    torch.manual_seed(7)
    first = train_feature_extractor.taught_eye(schema, data, 3).target.state["eye"]
    drawn = torch.rand(3)
    torch.manual_seed(7)
    assert (
        torch.equal(torch.rand(3), drawn)
        and train_feature_extractor.taught_eye(schema, data, 3).target.state["eye"] == first
    )


def test_without_kinds_nothing_is_taught() -> None:
    schema, data = table(False)
    assert train_feature_extractor.taught_eye(schema, data, 0) is schema
    found = looked(PICTURES[:5], schema.target.state)
    assert (
        found.shape == (5, 50)
        and np.isnan(found[:, -2]).all()
        and "by hand" in train_feature_extractor.eye_words(schema.target.state)
    )


def test_a_forged_eye_is_refused(state) -> None:
    forged = replace(Column("p", "generated_image", "target"), state={**state, "eye": {**state["eye"], "kinds": 10**9}})
    with pytest.raises(ValueError, match="impossible"):
        looked(PICTURES[:2], forged.state)
