"""Videos as files: what was written comes back, damaged ones are named, a folder of them trains and answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import engineroom as er
from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.modalities.vision.video import decode, fit_clip
from engineroom.recipes.video_classification import clips

av = pytest.importorskip("av")
VIDEO = registry.get("modalities", "video")


def write(path: Path, clip: np.ndarray, rate: int = 10) -> None:
    """(T, H, W, 1 or 3) uint8 → an MPEG-4 file."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = (
            clip.shape[2],
            clip.shape[1],
            "yuv420p",
            2_000_000,
        )
        for frame in clip:
            picture = np.ascontiguousarray(frame.repeat(3, 2) if frame.shape[2] == 1 else frame)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(stream.encode())


def test_a_file_gives_back_its_frames(tmp_path: Path) -> None:
    clip = np.zeros((12, 40, 48, 1), np.uint8)
    for t in range(12):
        clip[t, 10:30, 3 * t : 3 * t + 12] = 220
    write(tmp_path / "a.mp4", clip)
    found = decode(str(tmp_path / "a.mp4"), side=48, pixels=10_000, seconds=20)
    assert found.shape == (12, 40, 48, 3)
    middle = (found[..., 0] * np.arange(48)).sum((1, 2)) / found[..., 0].sum((1, 2))
    assert np.corrcoef(middle, np.arange(12))[0, 1] > 0.99
    assert len(decode(str(tmp_path / "a.mp4"), side=48, pixels=10_000, seconds=0.55)) == 6
    assert decode(str(tmp_path / "a.mp4"), side=24, pixels=10_000, seconds=20).shape == (12, 20, 24, 3)
    assert fit_clip(found, 4, 20, 24, 1).shape == (4, 1, 20, 24)


def test_moving_pictures_without_an_extra(tmp_path: Path) -> None:
    from PIL import Image

    frames = [Image.fromarray(np.full((20, 30), 60 * t, np.uint8)) for t in range(4)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode(str(tmp_path / "a.gif"), side=64, pixels=10_000, seconds=20)[:, 0, 0, 0].tolist() == [0, 60, 120, 180]


def test_damaged_videos_are_named(tmp_path: Path) -> None:
    write(tmp_path / "good.mp4", np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), dtype=np.uint8))
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "good.mp4").read_bytes()[:700])
    (tmp_path / "words.mp4").write_text("this is no video " * 50)
    write(tmp_path / "large.mp4", np.zeros((3, 200, 200, 3), np.uint8))
    names = ["good", "empty", "cut", "words", "large", "absent"]
    values = pl.Series("v", [str(tmp_path / f"{name}.mp4") for name in names])
    state = VIDEO.fit(values, limits=LimitsConfig(pixels=20_000))
    damaged: dict[int, str] = {}
    VIDEO.encode(values, state, damaged)
    assert set(damaged) == {1, 2, 3, 4, 5} and "limits.pixels" in damaged[4]
    assert "unreadable" in VIDEO.to_html(values[3], state) and "<img" in VIDEO.to_html(values[0], state)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["cnn_rnn", "cnn3d"])
def test_a_folder_of_videos_is_learnt(here: Path, backbone: str) -> None:
    table = clips(each=30, frames=8, side=24)
    for i, (clip, way) in enumerate(zip(table["clip"].to_numpy(), table["way"], strict=True)):
        (here / "films" / way).mkdir(parents=True, exist_ok=True)
        write(here / "films" / way / f"{i}.mp4", clip)
    model = er.train("films", epochs=14, show="quiet", model=backbone, train__threads=1, train__precision="fp32")
    assert model.deep_metrics["accuracy"] > 0.6 and "video" in model.schema and "HOG" in model.manifest["baseline"]["words"]
    assert er.load(str(model.path)).predict(str(here / "films" / "up" / "60.mp4")).height == 1
