"""What the baselines see: the same whatever the row stands beside, finite whatever the cell holds, and different where
the data differ."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engineroom.baselines._scalar_features import scalar_features
from engineroom.baselines.audio.spectral_trees import audio_features, describe
from engineroom.baselines.series import rocket
from engineroom.baselines.text.tfidf_linear import SETTINGS, tfidf, vocabulary
from engineroom.baselines.vision import _hog
from engineroom.baselines.vision.hog_linear import image_features
from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.core.schema import Column, Schema

RNG = np.random.default_rng(0)


def fitted(values: pl.Series, modality: str) -> Column:
    return Column(
        values.name, modality, "input", registry.get("modalities", modality).fit(values, limits=LimitsConfig())
    )


@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (3, 3, 32, 32), (2, 3, 17, 40)])
def test_picture_features_are_finite_and_each_pictures_own(shape: tuple[int, ...]) -> None:
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    x = _hog.picture_features(pixels)
    assert x.dtype == np.float32 and len(x) == len(pixels) and np.isfinite(x).all()
    for i in range(len(pixels)):
        assert np.allclose(_hog.picture_features(pixels[i : i + 1])[0], x[i], atol=1e-5)


def test_gradients_see_direction_and_not_brightness() -> None:
    stripes = np.zeros((1, 1, 32, 32), np.uint8)
    stripes[..., ::4] = 100
    turned, brighter = stripes.transpose(0, 1, 3, 2), stripes * 2
    assert np.abs(_hog.hog(stripes) - _hog.hog(turned)).max() > 0.2
    assert np.allclose(_hog.hog(stripes), _hog.hog(brighter), atol=0.05)
    assert np.isfinite(_hog.hog(np.zeros((2, 1, 16, 16), np.uint8))).all()


def test_an_unreadable_picture_is_black(tmp_path) -> None:
    from PIL import Image

    Image.fromarray(RNG.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    values = pl.Series("x", [str(tmp_path / "a.png"), str(tmp_path / "gone.png"), None])
    x = image_features(values.to_frame(), fitted(values[:1], "image"))
    assert np.isfinite(x).all() and np.allclose(x[1], x[2]) and not np.allclose(x[0], x[1])
    assert image_features(values[:0].to_frame(), fitted(values[:1], "image")).shape[0] == 0


@pytest.mark.parametrize("samples", [1, 10, 300, 8000])
@pytest.mark.parametrize("silent", [True, False])
def test_sound_features_have_one_length_and_are_finite(samples: int, silent: bool) -> None:
    wave = np.zeros(samples, np.float32) if silent else RNG.normal(0, 0.2, samples).astype(np.float32)
    x = describe(wave, 8000)
    assert x.shape == describe(np.zeros(8000, np.float32), 8000).shape and np.isfinite(x).all()


def test_sound_features_tell_high_from_low(tmp_path) -> None:
    import soundfile

    for name, pitch in (("low", 200), ("high", 2000)):
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * np.sin(2 * np.pi * pitch * np.arange(8000) / 8000), 8000)
    values = pl.Series("x", [str(tmp_path / "low.wav"), str(tmp_path / "high.wav"), "/nowhere.wav", None])
    x = audio_features(values.to_frame(), fitted(values[:2], "audio"))
    assert np.isfinite(x).all() and x[1, -7] > 5 * x[0, -7], "the centroid"


@pytest.mark.parametrize(("channels", "length"), [(1, 9), (1, 100), (4, 64), (20, 10)])
def test_kernels_are_each_rows_own_and_the_seeds(channels: int, length: int) -> None:
    x = RNG.normal(size=(6, channels, length)).astype(np.float32)
    found = rocket.kernels(x, 3)
    assert found.shape == (6, 2 * rocket.KERNELS) and np.isfinite(found).all() and (found == rocket.kernels(x, 3)).all()
    assert np.allclose(rocket.kernels(x[2:3], 3)[0], found[2], atol=1e-4) and not np.allclose(
        rocket.kernels(x, 4), found
    )
    assert rocket.kernels(x[:0], 3).shape == (0, 2 * rocket.KERNELS)


def test_kernels_in_blocks_are_the_same_kernels(monkeypatch) -> None:
    x = RNG.normal(size=(40, 2, 50)).astype(np.float32)
    whole = rocket.kernels(x, 0)
    monkeypatch.setattr(rocket, "BLOCK", 10_000)
    assert np.allclose(rocket.kernels(x, 0), whole, atol=1e-4)


def test_kernels_are_drawn_as_the_paper_says() -> None:
    groups = rocket.kernel_groups(3, 200, 0)
    assert sum(len(weights) for _, weights, _ in groups) == rocket.KERNELS
    sizes, dilations, paddings = (set(part) for part in zip(*(shape for shape, _, _ in groups), strict=True))
    assert sizes == {7, 9, 11} and {1, 2, 4, 8, 16} <= dilations and 0 in paddings
    for (size, dilation, _), weights, biases in groups:
        assert (size - 1) * dilation < 200 and np.allclose(weights.sum(2), 0, atol=1e-4) and (np.abs(biases) <= 1).all()


def test_series_of_any_length_with_gaps_and_of_other_channels() -> None:
    values = pl.Series(
        "x",
        [[0.0, 1.0, None, 3.0], [], None, [float("nan")] * 5, list(np.arange(900.0)), [1.0]],
        dtype=pl.List(pl.Float64),
    )
    x = rocket.series_features(values.to_frame(), fitted(values, "series"), 30, 0)
    assert len(x) == 6 and np.isfinite(x).all()
    wide = pl.Series("x", [[[0.0, 1.0], [1.0, 2.0]]])
    assert np.isfinite(rocket.series_features(wide.to_frame(), fitted(values, "series"), 30, 0)).all()


@pytest.mark.parametrize("texts", [["one two", "two three"], ["", ""], ["?", "!"], ["日本語 テスト", "emoji 😀"]])
@pytest.mark.parametrize("name", list(SETTINGS))
def test_any_text_has_features(name: str, texts: list[str]) -> None:
    facts, x = vocabulary(name, texts)
    again = tfidf(name, facts).transform(texts)
    assert x.shape[1] == again.shape[1] == len(facts["terms"]) == len(facts["idf"])
    assert np.allclose(x.toarray(), again.toarray(), atol=1e-4)


def test_scalars_keep_what_is_missing_and_which_are_categories() -> None:
    frame = pl.DataFrame(
        {
            "n": [1.0, None, float("inf")],
            "c": ["p", "new", None],
            "d": ["2024-01-01", None, "x"],
            "m": [["u"], [], ["v"]],
        }
    )
    train = pl.DataFrame({"n": [1.0, 2.0], "c": ["p", "q"], "d": ["2024-01-01", "2024-02-01"], "m": [["u"], ["v"]]})
    kinds = {"n": "number", "c": "category", "d": "datetime", "m": "multilabel"}
    schema = Schema((*(fitted(train[n], kind) for n, kind in kinds.items()), Column("y", "category", "target")))
    x, categorical = scalar_features(frame, schema)
    assert x.shape == (3, len(categorical)) and np.isnan(x[1:, 0]).all() and x[0, 0] == 1.0
    assert x[0, 1] == 0 and np.isnan(x[1:, 1]).all() and categorical[1] and sum(categorical) == 1
    assert np.isnan(x[1, 2:11]).all() and x[:, -2:].tolist() == [[1, 0], [0, 0], [0, 1]]
