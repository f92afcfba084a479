"""Clips made: they move as they are asked to, are written as GIF and MP4, and a clip is the same thing as frames and as
channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import engineroom as er
from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError, UserError
from engineroom.core.registry import get
from engineroom.modalities.vision.generated_image import remembered, thumbs
from engineroom.modalities.vision.video import decode

FRAMES = 4


def moving(n: int = 120) -> pl.DataFrame:
    """A bright square at any height that crosses from left to right, or back."""
    rng, x = np.random.default_rng(0), np.zeros((n, FRAMES, 16, 16, 1), np.uint8)
    for i in range(n):
        row = rng.integers(0, 11)
        for t in range(FRAMES):
            column = 3 * (t if i % 2 else FRAMES - 1 - t)
            x[i, t, row : row + 5, column : column + 5] = 230
    return pl.DataFrame({"clip": pl.Series(x), "way": ["left", "right"] * (n // 2)})


def middles(clips: np.ndarray) -> np.ndarray:
    """(N, T, S, S) → (N, T) where the light is, from left to right."""
    light = clips.astype(float).clip(60) - 60
    return (light.sum(2) * np.arange(clips.shape[-1])).sum(2) / np.maximum(light.sum((2, 3)), 1e-9)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    run = tmp_path_factory.mktemp("animation") / "run"
    train = {"threads": 1, "precision": "fp32", "batch_size": 32}
    return er.train(
        moving(),
        target="clip",
        recipe="video_diffusion",
        steps=140,
        run=str(run),
        show="quiet",
        train=train,
        options={"steps": 10, "frames": FRAMES},
    )


@pytest.mark.slow
def test_clips_move_as_they_are_asked_to(model) -> None:
    answers, _ = model.answers(model.open(pl.DataFrame({"way": ["left"] * 16 + ["right"] * 16})))
    clips = answers["picture"]
    assert clips.shape == (32, FRAMES, 16, 16) and clips.dtype == np.uint8
    ways = np.diff(middles(clips), axis=1).mean(1)
    assert (ways[:16] < -1).mean() > 0.75 and (ways[16:] > 1).mean() > 0.75
    assert clips[:16].astype(float).std(0).max() > 20, "not one clip sixteen times"
    assert model.metrics["as_asked"] > 0.8 and "mixture" in model.manifest["baseline"]["words"]


@pytest.mark.slow
def test_they_are_written_as_films(model, tmp_path: Path) -> None:
    wishes = pl.DataFrame({"way": ["left", "right", "left", "right"]})
    assert model.save(wishes, tmp_path / "made") == 4
    files = sorted((tmp_path / "made").glob("*.gif"))
    read = [decode(str(file), side=64, pixels=10**6, seconds=9.0) for file in files]
    assert len(files) == 4 and read[0].shape[0] == FRAMES and read[0].shape[1] == read[0].shape[2]
    model.save(wishes, tmp_path / "all.gif")
    assert len(decode(str(tmp_path / "all.gif"), side=512, pixels=10**6, seconds=9.0)) == FRAMES
    pytest.importorskip("av")
    model.save(wishes, tmp_path / "all.mp4")
    assert len(decode(str(tmp_path / "all.mp4"), side=512, pixels=10**6, seconds=99.0)) >= FRAMES
    with pytest.raises(UserError, match="webm"):
        model.save(wishes, tmp_path / "all.webm")


@pytest.mark.slow
def test_the_report_shows_them_moving_and_frame_by_frame(model) -> None:
    page = (model.path / "report.html").read_text("utf-8")
    for words in (
        "Samples",
        "frame by frame",
        "Samples during training",
        "nearest training clip",
        "The nearest training clips",
        "Beside it",
        "image/gif",
    ):
        assert words in page, words


def test_frames_are_channels_and_copies_are_noticed() -> None:
    colours = np.random.default_rng(0).integers(0, 255, (50, 5, 16, 16, 3), dtype=np.uint8)
    values, film = pl.Series("x", colours), get("modalities", "generated_clip")
    state = film.fit_with_hints(values, limits=LimitsConfig(), facts={"frames": 5, "side": 16})
    encoded = film.encode(values, state, {})
    assert encoded.shape == (50, 15, 16, 16) and np.array_equal(encoded[:, 3:6], colours[:, 1].transpose(0, 3, 1, 2))
    assert state["moments"] == 1 and remembered(state).shape == (50, 64)
    grey = film.fit_with_hints(
        pl.Series("x", moving()["clip"].to_numpy()), limits=LimitsConfig(), facts={"frames": FRAMES}
    )
    known = film.encode(moving()["clip"], grey, {})
    assert grey["moments"] == 4 and np.array_equal(thumbs(known, 4), remembered(grey).astype(np.uint8))
    back = known[:, ::-1]
    assert (thumbs(back, 4).astype(float) != thumbs(known, 4)).any(1).all(), "the same way back is another clip"


def test_what_cannot_be_made_is_named() -> None:
    with pytest.raises(UserError, match="1 frames"):
        er.train(moving(), target="clip", recipe="video_diffusion", options={"frames": 1}, show="quiet")
    with pytest.raises(DataError, match="No column holds clips"):
        er.train(pl.DataFrame({"x": range(60)}), recipe="video_diffusion", show="quiet")
    with pytest.raises(DataError, match="too few"):
        er.train(moving(20), target="clip", recipe="video_diffusion", show="quiet")
