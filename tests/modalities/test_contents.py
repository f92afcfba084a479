"""What files hold is read as it is meant: transparency, deep levels, loudness, soft masks, turned videos; what is cut
is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
from PIL import Image

from engineroom.core import registry
from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.modalities.vision._image_decoding import decode

IMAGE, MASK, AUDIO, VIDEO = (registry.get("modalities", name) for name in ("image", "mask", "audio", "video"))
LIMITS = LimitsConfig()


def column(name: str, files: list[Path]) -> pl.Series:
    return pl.Series(name, [str(file) for file in files])


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (255, 0)])
def test_transparent_pictures_are_laid_on_what_shows_them(tmp_path: Path, ink: int, ground: int) -> None:
    """Black icons on white, white ones on black: the shape is in the alpha channel alone."""
    files = []
    for i in range(6):
        pixels = np.full((24, 24, 4), ink, np.uint8)
        pixels[..., 3] = 0
        pixels[4 : 10 + i, 4:12, 3] = 255
        files.append(tmp_path / f"{i}.png")
        Image.fromarray(pixels).save(files[-1])
    values = column("icon", files)
    state = IMAGE.fit(values, limits=LIMITS)
    read = IMAGE.encode(values, state, {})
    assert state["background"] == ground and read[0, 0, 6, 6] == ink and read[0, 0, 20, 20] == ground
    assert "6 of 6" in IMAGE.notices(values, state)[0] and "transparent" in IMAGE.notices(values, state)[0]


def test_grey_and_palette_transparency(tmp_path: Path) -> None:
    grey = np.zeros((8, 8, 2), np.uint8)
    grey[2:5, 2:5, 1] = 255
    Image.fromarray(grey, "LA").save(tmp_path / "la.png")
    palette = Image.fromarray(np.where(grey[..., 1] > 0, 1, 0).astype(np.uint8), "P")
    palette.putpalette([10, 20, 30, 0, 0, 0])
    palette.save(tmp_path / "p.png", transparency=0)
    for name in ("la.png", "p.png"):
        pixels = decode(str(tmp_path / name), pixels=10**6)
        assert pixels[3, 3].max() == 0 and pixels[0, 0].min() == 255


def test_sixteen_bits_keep_one_scale(tmp_path: Path) -> None:
    rng, files = np.random.default_rng(0), []
    for i, level in enumerate([2_000, 20_000, 50_000] * 3):
        files.append(tmp_path / f"{i}.png")
        Image.fromarray((level + rng.normal(0, 200, (20, 20))).astype(np.uint16)).save(files[-1])
    values = column("x", files)
    state = IMAGE.fit(values, limits=LIMITS)
    means = IMAGE.encode(values, state, {}).mean((1, 2, 3))
    assert means[:3] == pytest.approx([4, 97, 252], abs=6) and "one scale for all" in IMAGE.notices(values, state)[0]
    alone = IMAGE.encode(values[1:2], state, {})[0]
    assert np.array_equal(alone, IMAGE.encode(values, state, {})[1])
    each = IMAGE.fit(values, limits=LimitsConfig(scale="each"))
    assert "levels" not in each and np.ptp(IMAGE.encode(values, each, {}).mean((1, 2, 3))) < 60


def shapes(side: int = 64) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return ((y - 30) ** 2 + (x - 26) ** 2 < 300).astype(np.uint8)


@pytest.mark.parametrize("how", ["jpeg", "blurred", "sharp"])
def test_masks_with_soft_edges_have_their_true_values(tmp_path: Path, how: str) -> None:
    files = []
    for i in range(6):
        true = np.roll(shapes(), 3 * i, 1)
        image = Image.fromarray(true * 255)
        if how == "blurred":
            image = image.resize((96, 96), Image.Resampling.BILINEAR).resize((64, 64), Image.Resampling.BILINEAR)
        files.append(tmp_path / f"{i}.{'jpg' if how == 'jpeg' else 'png'}")
        image.save(files[-1])
    values = column("mask", files)
    state = {**MASK.fit(values, limits=LIMITS), "height": 64, "width": 64}
    assert state["numbers"] == [0, 255] and bool(state.get("soft")) == (how != "sharp")
    assert bool(MASK.notices(values, state)) == (how != "sharp")
    assert (MASK.encode(values, state, {})[0] == shapes()).mean() > 0.985


def test_many_classes_are_meant(tmp_path: Path) -> None:
    """Forty classes in blocks are no mixtures; a photograph is no mask."""
    rng, files = np.random.default_rng(0), []
    for i in range(3):
        blocks = rng.permutation(64).reshape(8, 8).astype(np.uint8).repeat(8, 0).repeat(8, 1)
        files.append(tmp_path / f"{i}.png")
        Image.fromarray(blocks).save(files[-1])
    assert len(MASK.fit(column("mask", files), limits=LIMITS)["numbers"]) == 64
    Image.fromarray(rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(tmp_path / "photo.png")
    with pytest.raises(DataError, match="more than 255 different values"):
        MASK.fit(column("mask", [tmp_path / "photo.png"]), limits=LIMITS)


def tones(folder: Path, gains: list[float], seconds: float = 1.0) -> pl.Series:
    folder.mkdir(exist_ok=True)
    for i, gain in enumerate(gains):
        t = np.arange(int(8_000 * seconds)) / 8_000
        soundfile.write(folder / f"{i}.wav", gain * np.sin(2 * np.pi * 440 * t), 8_000, subtype="FLOAT")
    return column("sound", [folder / f"{i}.wav" for i in range(len(gains))])


def test_loudness_is_kept_and_can_be_taken_away(tmp_path: Path) -> None:
    import torch

    values = tones(tmp_path, [0.01, 0.1, 0.8] * 3)
    state = AUDIO.fit(values, limits=LIMITS)
    waves = AUDIO.encode(values, state, {})
    assert np.abs(waves).max(1)[:3] / 32767 == pytest.approx([0.01125, 0.1125, 0.9], rel=0.02)
    assert "38 dB" in AUDIO.notices(values, state)[0]
    signal = AUDIO.stem([state], 0, "grid")(torch.from_numpy(waves))
    assert signal.data.shape[1] == 2 and signal.data[0, 1].mean() < signal.data[1, 1].mean() < signal.data[2, 1].mean()
    each = AUDIO.fit(values, limits=LimitsConfig(scale="each"))
    assert np.ptp(np.abs(AUDIO.encode(values, each, {})).max(1)) < 50
    assert AUDIO.stem([each], 0, "grid")(torch.from_numpy(waves)).data.shape[1] == 1


def test_what_is_not_heard_is_counted(tmp_path: Path) -> None:
    values = tones(tmp_path, [0.5] * 3, seconds=3.0)
    state = AUDIO.fit(values, limits=LimitsConfig(seconds=2.0))
    assert AUDIO.notices(values, state) == [
        "3 of 3 recordings are longer than 2 s (limits.seconds=2); the rest is not heard."
    ]
    assert AUDIO.notices(values, AUDIO.fit(values, limits=LIMITS)) == []


def test_recordings_that_phones_make(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.m4a"), "w") as file:
        stream = file.add_stream("aac", rate=16_000)
        stream.layout = "mono"
        wave = (0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode()]:
            file.mux(packet)
    values = column("sound", [tmp_path / "a.m4a"])
    state = AUDIO.fit(values, limits=LIMITS)
    wave = AUDIO.encode(values, state, bad := {})[0].astype(float)
    assert not bad and state["rate"] == 16_000 and len(wave) == pytest.approx(16_000, abs=2_200)
    assert np.abs(np.fft.rfft(wave)).argmax() * 16_000 / len(wave) == pytest.approx(440, abs=2)
    assert AUDIO.detect(pl.Series("x", ["a.m4a", "b.m4a"])) > 0.9


@pytest.mark.parametrize("ending", ["jfif", "jp2", "avif", "heic", "webp"])
def test_pictures_of_other_endings(tmp_path: Path, ending: str) -> None:
    if ending == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, 16:] = 200
    kind = {"jfif": "JPEG", "jp2": "JPEG2000", "heic": "HEIF"}.get(ending, ending.upper())
    Image.fromarray(pixels).save(tmp_path / f"a.{ending}", kind)
    read = decode(str(tmp_path / f"a.{ending}"), pixels=10**6)
    assert (
        read[:, :12].max() < 30 and read[:, 20:].min() > 170 and IMAGE.detect(pl.Series("x", [f"a.{ending}"] * 3)) > 0.9
    )


def test_videos_are_turned_as_they_say() -> None:
    """As many phones store portrait shots: lying, with a rotation of -90°, which is a turn to the right."""
    from engineroom.modalities.vision import video

    class Frame:
        time, width, height, rotation = 0.0, 6, 4, -90

        def to_ndarray(self, format: str, width: int, height: int) -> np.ndarray:
            return np.arange(24, dtype=np.uint8).reshape(4, 6, 1).repeat(3, 2)

    assert video.upright(Frame(), 6, 4).shape == (6, 4, 3)
    assert video.upright(Frame(), 6, 4)[0, 0, 0] == 18  # the lower left corner comes to the upper left


def test_a_missing_picture_has_no_answer_and_a_missing_number_is_one() -> None:
    from engineroom.core.schema import Column, Schema
    from engineroom.data.dataset import empty_rows

    def schema(*kinds: str) -> Schema:
        return Schema((*(Column(kind, kind, "input", {}) for kind in kinds), Column("y", "category", "target", {})))

    frame = pl.DataFrame(
        {"image": ["a.png", None, ""], "number": [1.0, None, 2.0], "molecule": [None, "C", None], "y": ["a", "b", "c"]}
    )
    assert list(empty_rows(frame, schema("image"))) == [1, 2]
    assert list(empty_rows(frame, schema("image", "molecule"))) == [2]
    assert empty_rows(frame, schema("image", "number")) == {} and empty_rows(frame, schema("number")) == {}


def test_without_their_package_files_say_what_they_need(tmp_path: Path, monkeypatch) -> None:
    """And the class that would be gone is named, with its count."""
    import sys

    import engineroom as er

    monkeypatch.setitem(sys.modules, "av", None)
    for kind in ("low", "mid"):
        tones(tmp_path / kind, [0.5] * 12)
    (tmp_path / "high").mkdir()
    for i in range(12):
        (tmp_path / "high" / f"Recording {i}.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    with pytest.raises(DataError, match=r"(?s)12 of 36 rows.*high \(12 rows\).*PyAV.*video"):
        er.train(tmp_path, steps=1, show="quiet", run=str(tmp_path / "run"))
