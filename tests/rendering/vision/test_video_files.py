"""Films are written by the first encoder that the build of FFmpeg has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engineroom.rendering.vision import video_files

av = pytest.importorskip("av")


@pytest.mark.parametrize("encoders", [video_files.ENCODERS, ("none_such", "mpeg4")])
def test_a_film_is_written_with_what_there_is(tmp_path: Path, monkeypatch, encoders: tuple[str, ...]) -> None:
    monkeypatch.setattr(video_files, "ENCODERS", encoders)
    pictures = [Image.fromarray(np.full((48, 65, 3), 10 * k, np.uint8)) for k in range(12)]
    video_files.write_mp4(pictures, tmp_path / "film.mp4", hertz=8, instead="")
    with av.open(str(tmp_path / "film.mp4")) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(shown) == 12 and shown[0].shape == (48, 64, 3)
    assert [round(float(one.mean()) / 10) for one in shown] == list(range(12))
