"""Twins are found however they are stored, and different things are not taken for twins."""

from __future__ import annotations

import io
import time

import numpy as np
import polars as pl
import pytest

from conftest import real_data
from engineroom.core.config import LimitsConfig
from engineroom.core.schema import Column, Schema
from engineroom.core.table import Table
from engineroom.data.duplicates import find_clusters, first_seen
from engineroom.data.loading import open_table
from engineroom.data.near_duplicates import near_pairs


def clusters(values: pl.Series, modality: str, *, near: bool = True) -> list[int]:
    schema = Schema((Column("x", modality), Column("y", "category", "target")))
    frame = pl.DataFrame([values.alias("x"), pl.Series("y", ["a"] * len(values))])
    return find_clusters(Table(frame), schema, near=near).tolist()


def scene(seed: int = 0, side: int = 64) -> np.ndarray:
    """(side, side, 3) uint8: soft coloured clouds."""
    from PIL import Image

    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))


def saved(pixels: np.ndarray, form: str = "PNG", size: int | None = None, **more) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.resize((size, size), Image.Resampling.BICUBIC) if size else image).save(buffer, form, **more)
    return buffer.getvalue()


def test_pictures_saved_again_are_twins_and_others_are_not() -> None:
    cells = [saved(scene(i)) for i in range(30)]
    again = [
        saved(scene(0), "JPEG", quality=60),
        saved(scene(1), size=90),
        saved((scene(2) * 0.9).astype(np.uint8)),
        saved(scene(3), "BMP"),
    ]
    found = clusters(pl.Series(cells + again, dtype=pl.Binary), "image")
    assert found == [*range(30), 0, 1, 2, 3]
    assert clusters(pl.Series(cells + again, dtype=pl.Binary), "image", near=False) == list(range(34))
    assert clusters(pl.Series([cells[0], cells[1], cells[0]], dtype=pl.Binary), "image", near=False) == [0, 1, 0]


def test_pictures_that_differ_in_colour_alone_are_no_twins() -> None:
    grey = scene(0).mean(2).astype(np.uint8)
    red, blue = (np.stack([grey if c == channel else grey // 2 for c in range(3)], 2) for channel in (0, 2))
    assert clusters(pl.Series([saved(red), saved(blue)], dtype=pl.Binary), "image") == [0, 1]


def test_raw_pixels_and_pictures_without_any_structure() -> None:
    pixels = np.stack([scene(i, 16).mean(2).astype(np.uint8) for i in range(20)])
    pixels = np.concatenate([pixels, pixels[:1], np.zeros((1, 16, 16), np.uint8), np.full((1, 16, 16), 255, np.uint8)])
    column = pl.Series(pixels, dtype=pl.Array(pl.UInt8, (16, 16)))
    assert clusters(column, "image") == [*range(20), 0, 20, 21]


def test_unreadable_media_are_nobodys_twin() -> None:
    broken = [b"", b"\x89PNG nothing", None, None, saved(scene(0))]
    assert clusters(pl.Series(broken, dtype=pl.Binary), "image") == [0, 1, 2, 3, 4]
    assert clusters(pl.Series(["/nowhere/a.wav", "/nowhere/b.wav", None]), "audio") == [0, 1, 2]


def sound(seed: int, seconds: float = 1.5, rate: int = 16_000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    return (
        sum(
            np.sin(2 * np.pi * f * t + 9 * np.sin(t * f / 100)) * rng.random(8).repeat(len(t) // 8)
            for f in rng.uniform(200, 4000, 5)
        )
        / 12
    )


def recorded(wave: np.ndarray, form: str = "WAV", rate: int = 16_000) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, wave, rate, format=form)
    return buffer.getvalue()


def test_recordings_in_another_format_or_loudness_are_twins() -> None:
    cells = [recorded(sound(i)) for i in range(12)]
    again = [
        recorded(sound(0), "FLAC"),
        recorded(sound(1) * 0.4),
        recorded(sound(2), "MP3"),
        recorded(sound(3)[:12_000]),
    ]
    assert clusters(pl.Series(cells + again, dtype=pl.Binary), "audio") == [*range(12), 0, 1, 2, 12]
    silent = [recorded(np.zeros(8000)), recorded(np.zeros(9000))]
    assert clusters(pl.Series(silent, dtype=pl.Binary), "audio") == [0, 1]


@pytest.mark.parametrize(
    ("one", "other", "twins"),
    [
        ("Good morning!", "good   MORNING", True),
        ("Good morning", "Good evening", False),
        ("Call 0906 now to claim your prize today", "Call 0815 now to claim your prize today!!", True),
        ("version 3", "version 4", False),
        ("12", "57", False),
        ("😀", "😡", False),
        ("", "...", False),
        ("ΑΒΓ δέλτα", "αβγ Δέλτα", True),
    ],
)
def test_short_texts(one: str, other: str, twins: bool) -> None:
    assert (clusters(pl.Series([one, other]), "text") == [0, 0]) is twins
    assert clusters(pl.Series([one, other]), "text", near=False) == [0, 1]


def test_long_texts_with_a_word_changed_are_twins() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(500)])
    texts = [" ".join(rng.choice(words, 80)) for _ in range(40)]
    again = texts[0].replace(texts[0].split()[40], "another"), texts[1] + " and so on"
    half = " ".join(texts[2].split()[:40] + texts[3].split()[:40])
    assert clusters(pl.Series([*texts, *again, half]), "text") == [*range(40), 0, 1, 40]


def test_series_are_compared_at_their_own_scale() -> None:
    wave = np.sin(np.arange(30))
    rows = [
        wave,
        wave + 1e-12,
        wave * 1e-9,
        wave * 1e-9 * (1 + 1e-12),
        np.roll(wave, 1) * 1e-9,
        np.full(30, np.nan),
        np.zeros(30),
        np.zeros(31),
    ]
    assert clusters(pl.Series([list(row) for row in rows]), "series") == [0, 0, 1, 1, 2, 3, 4, 5]
    channels = [[list(wave), list(wave)], [list(wave), list(-wave)], [list(wave), list(wave)]]
    assert clusters(pl.Series(channels), "series") == [0, 1, 0]


def test_rows_are_twins_when_all_columns_agree() -> None:
    frame = pl.DataFrame(
        {
            "id": range(5),
            "a": [1.0, 1.0, 1.0, None, None],
            "b": ["x", "x", "y", "z", "z"],
            "c": [["p"], ["p"], ["p"], [], []],
            "y": list("abcde"),
        }
    )
    kinds = {
        "id": ("identifier", "id"),
        "a": ("number", "input"),
        "b": ("category", "input"),
        "c": ("multilabel", "input"),
    }
    schema = Schema((*(Column(n, *kind) for n, kind in kinds.items()), Column("y", "category", "target")))
    assert find_clusters(Table(frame), schema).tolist() == [0, 0, 1, 2, 2]
    assert find_clusters(Table(frame), Schema((Column("y", "category", "target"),))).tolist() == [0, 1, 2, 3, 4]


def test_nearly_equal_pictures_are_twins_only_where_the_other_columns_are_equal() -> None:
    cells = [saved(scene(0)), saved(scene(0), "JPEG"), saved(scene(0), "JPEG", quality=80), saved(scene(1))]
    frame = pl.DataFrame({"x": pl.Series(cells, dtype=pl.Binary), "age": [1, 1, 2, 1], "y": list("abab")})
    schema = Schema((Column("x", "image"), Column("age", "number"), Column("y", "category", "target")))
    assert find_clusters(Table(frame), schema).tolist() == [0, 0, 1, 2]


def test_numbers_of_first_sight() -> None:
    assert first_seen(np.array([9, 4, 9, 1, 4])).tolist() == [0, 1, 0, 2, 1] and len(first_seen(np.zeros(0))) == 0


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "most"),
    [("mnist", 0.005), ("cifar10", 0.002), ("gtsrb", 0.005), ("chest_xray", 0.002), ("fsdd_spoken_digits", 0.002)],
)
def test_different_real_things_are_not_taken_for_twins(name: str, most: float) -> None:
    table = open_table(real_data(name), limits=LimitsConfig())
    column = next(c for c in ("image", "audio") if c in table.frame.columns)
    begun = time.process_time()
    pairs = near_pairs(table.frame[column], column)
    assert len(np.unique(pairs)) <= most * len(table)
    assert time.process_time() - begun < 10


def test_a_large_pile_of_alike_pictures_needs_no_more_time_or_memory() -> None:
    base = np.random.default_rng(0).integers(0, 255, (1, 12, 12)).astype(np.uint8)
    pile = (base.repeat(5_000, 0) + np.random.default_rng(1).integers(0, 2, (5_000, 12, 12))).astype(np.uint8)
    begun = time.process_time()
    pairs = near_pairs(pl.Series(pile, dtype=pl.Array(pl.UInt8, (12, 12))), "image")
    assert 4_000 < len(pairs) <= 8 * 5_000 and time.process_time() - begun < 30


@pytest.mark.parametrize(("count", "words"), [(200, 20), (200, 30), (1000, 30), (200, 60)])
def test_a_crowd_of_variants_of_one_template_is_one_cluster(count: int, words: int) -> None:
    rng = np.random.default_rng(0)
    vocabulary = np.array([f"word{i}" for i in range(3000)])
    template = rng.choice(vocabulary, words)
    variants = []
    for _ in range(count):
        text = template.copy()
        text[rng.integers(words)] = rng.choice(vocabulary)
        variants.append(" ".join(text))
    others = [" ".join(rng.choice(vocabulary, words)) for _ in range(300)]
    found = clusters(pl.Series(variants + others), "text")
    assert len(set(found[:count])) == 1
    assert len(set(found[count:])) == 300


def test_texts_without_blanks_have_twins_too() -> None:
    text = "这家餐厅的菜非常好吃服务员也很热情下次还会再来推荐给大家"
    assert clusters(
        pl.Series([text, text.replace("餐厅", "饭店"), "今天天气很好我们一起去公园散步吧然后再去看一场电影好吗"]),
        "text",
    ) == [0, 0, 1]


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("filter_", ["LANCZOS", "BILINEAR", "BICUBIC"])
def test_a_picture_saved_at_half_its_size_is_a_twin(side: int, filter_: str) -> None:
    from PIL import Image

    rng = np.random.default_rng(1)
    waves = [rng.random((6, 6, 3)) for _ in range(40)]
    pictures = [
        Image.fromarray((w * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC) for w in waves
    ]
    halves = [picture.resize((side // 2, side // 2), Image.Resampling[filter_]) for picture in pictures]
    cells = []
    for picture in [*pictures, *halves]:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        cells.append(buffer.getvalue())
    found = np.array(clusters(pl.Series(cells, dtype=pl.Binary), "image"))
    assert (found[:40] == found[40:]).mean() >= 0.95
    assert len(set(found[:40])) == 40
