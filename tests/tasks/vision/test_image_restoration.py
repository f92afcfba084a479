"""Pictures given back what they lost: known scores, tiles that change nothing, what is refused."""

import numpy as np
import polars as pl
import pytest
import torch

from engineroom.core.errors import UserError
from engineroom.core.table import Table
from engineroom.layers.stft import Frames
from engineroom.layers.tiled_inference import by_tiles
from engineroom.metrics.image_restoration import psnr
from engineroom.metrics.speech_enhancement import si_sdr
from engineroom.metrics.speech_recognition import edits
from engineroom.tasks._base import make_task


def test_known_scores() -> None:
    a = np.zeros((8, 8))
    assert abs(psnr(a, a + 1) - 48.13) < 0.01
    assert edits("one two four".split(), "one three four five".split()) == 2
    true = np.sin(np.arange(1000))
    assert abs(si_sdr(3 * true, true)) == 60 and si_sdr(0 * true, true) == -60


def test_tiles_change_nothing() -> None:
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(1, 2, 3, padding=1)
    x = torch.randn(1, 1, 500, 450)
    assert torch.allclose(conv(x), by_tiles(conv, x, 1), atol=1e-5)


def test_frames_give_the_sound_back() -> None:
    frames, wave = Frames(8_000), torch.randn(2, 3_001)
    assert torch.allclose(frames.wave(frames.spectrum(frames.cut(wave)), 3_001), wave, atol=1e-4)


def test_unknown_damage_is_refused() -> None:
    table = Table(pl.DataFrame({"picture": np.zeros((6, 8, 8, 3), np.uint8)}))
    with pytest.raises(UserError, match="x9"):
        make_task("image_restoration", {"degradation": "x9"}).build_samples(table, "picture", inference=False)


@pytest.mark.parametrize("side", [1, 2, 15, 16, 56, 57])
def test_the_richest_part_lies_within(side: int) -> None:
    from engineroom.rendering.vision.before_after import richest

    picture = np.zeros((side, side + 3, 3), np.uint8)
    picture[:, -1] = 255
    top, left, part = richest(picture, min(56, side))
    assert top == 0 and left + part <= side + 3 and part == min(56, side) and (side < 3 or left > 0)
