"""Whatever comes in: an error or a warning that names the place and what to do, never a traceback, and nothing is
lost."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import engineroom as er
from conftest import house_table, shape_pictures
from engineroom.core.errors import DataError, UserError

QUICK = {"steps": 12, "show": "quiet", "train__threads": 1, "train__precision": "fp32"}


def assert_refused(data, target: str | None, *words: str, **settings) -> UserError:
    """Training fails with an error that holds all of `words`."""
    with pytest.raises(UserError) as caught:
        er.train(data, target=target, **{**QUICK, **settings})
    for word in words:
        assert word.lower() in str(caught.value).lower(), str(caught.value)
    return caught.value


def works(data, target: str | None, **settings) -> list[str]:
    """Training works; what the checks said."""
    heard: list[dict] = []
    from engineroom.core.config import make_config
    from engineroom.run import train

    table = None if isinstance(data, (str, Path)) else data
    layer = {
        "data": str(data) if table is None else "",
        "target": target,
        "train": {"steps": 12, "threads": 1, "precision": "fp32"},
        **settings,
    }
    train(make_config(layer), table=table, say=heard.append)
    return [
        f"{f['level']}: {f['what']} {f['why']} {f['fix']}"
        for line in heard
        if line["event"] == "schema"
        for f in line["findings"]
    ]


def text_file(path: str, content: str | bytes) -> str:
    Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_empty_and_header_only(here) -> None:
    assert_refused(text_file("a.csv", ""), "y", "empty")
    assert_refused(text_file("b.csv", "x,y\n"), "y")


def test_one_class_and_one_row_per_class(here) -> None:
    table = house_table(60)
    assert_refused(table.with_columns(sold=pl.lit("yes")), "sold", "one class")
    assert_refused(table.with_columns(sold=pl.Series([f"class {i}" for i in range(60)])), "sold", "classes in")


def test_target_missing_or_misspelt(here) -> None:
    assert_refused(house_table(), "prize", "price")
    assert_refused(house_table(), None, "--target")


def test_ragged_and_wrongly_delimited(here) -> None:
    lines = ["a,b,y"] + [f"{i},{i * 2},{i % 2}" for i in range(60)]
    lines[30] = "1,2,3,4,5,6"
    notes = works(text_file("ragged.csv", "\n".join(lines)), "y")
    assert isinstance(notes, list)
    works(text_file("semicolon.csv", "\n".join(["a;b;y"] + [f"{i};{i * 2};{i % 2}" for i in range(60)])), "y")
    works(
        text_file("latin.csv", ("näme,y\n" + "\n".join(f"Zür{i % 5},{i % 2}" for i in range(60))).encode("latin-1")),
        "y",
    )


def test_nan_and_infinity(here) -> None:
    table = house_table(80).with_columns(area=pl.Series(np.r_[np.inf, -np.inf, np.nan, np.arange(77.0)]))
    assert any("infinite" in line for line in works(table, "sold"))
    broken = house_table(80).with_columns(price=pl.Series(np.r_[np.inf, np.nan, np.arange(78.0)]))
    lines = works(broken, "price")
    assert any("without a target" in line for line in lines)


def test_a_target_without_any_number_is_refused(here) -> None:
    assert_refused(house_table(60).with_columns(price=pl.lit(float("nan"))), "price")


def test_very_many_categories(here) -> None:
    codes = [f"c{i}" for i in range(12_000)]
    table = pl.DataFrame(
        {
            "code": [c for c in codes for _ in range(2)],
            "x": np.arange(24_000.0),
            "y": [str(i % 2) for i in range(24_000)],
        }
    )
    assert any("categories" in line for line in works(table, "y", columns={"code": {"modality": "category"}}))


def test_mixed_types_and_strange_names(here) -> None:
    name = 'Ünïcode "quoted" *^$ . ' + "long" * 60
    table = pl.DataFrame(
        {
            name: [("a" if i % 3 else str(i)) for i in range(60)],
            "a.b": np.arange(60.0),
            "y": [str(i % 2) for i in range(60)],
        }
    )
    works(table, "y")
    rows = "\n".join(f"{'x' if i % 3 else i},{i % 2}" for i in range(60))
    works(text_file("mixed.csv", "mixed,y\n" + rows), "y")


def test_duplicate_column_names(here) -> None:
    assert_refused(text_file("twice.csv", "a,a,y\n" + "\n".join(f"{i},{i},{i % 2}" for i in range(50))), "y", "a")


def test_damaged_pictures_are_named_counted_and_skipped(here) -> None:
    folder = shape_pictures(here / "pictures", per_class=30)
    whole = (folder / "left" / "0.png").read_bytes()
    (folder / "left" / "zero.png").write_bytes(b"")
    (folder / "left" / "torn.png").write_bytes(whole[: len(whole) // 2])
    model = er.train(str(folder), **QUICK)
    page = json.dumps(model.report())
    assert "torn.png" in page and "zero.png" in page
    for i in range(20):
        (folder / "right" / f"torn{i}.png").write_bytes(whole[:60])
    assert_refused(str(folder), None, "cannot be read", "limits.max_damaged")
    er.train(str(folder), limits={"max_damaged": 0.5}, **QUICK)


def picture_bomb(side: int = 60_000) -> bytes:
    """A PNG of side² grey pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def test_a_picture_bomb_is_not_unpacked(here) -> None:
    folder = shape_pictures(here / "pictures", per_class=30)
    (folder / "left" / "bomb.png").write_bytes(picture_bomb())
    page = json.dumps(er.train(str(folder), **QUICK).report())
    assert "bomb.png" in page and "limit" in page


def tone(path: Path, seconds: float, hertz: float, rate: int = 8000) -> None:
    import soundfile

    rng = np.random.default_rng(int(hertz * seconds))
    soundfile.write(
        path,
        0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
        + rng.normal(0, 0.01, int(seconds * rate)),
        rate,
    )


def test_sounds_of_length_zero_and_of_hours(here) -> None:
    for label, hertz in (("low", 200.0), ("high", 900.0)):
        (here / "sounds" / label).mkdir(parents=True)
        for i in range(24):
            tone(here / "sounds" / label / f"{i}.wav", 0.3 + 0.01 * i, hertz + i)
    tone(here / "sounds" / "low" / "none.wav", 0.0, 100.0)
    import soundfile

    with soundfile.SoundFile(here / "sounds" / "high" / "hours.flac", "w", 8000, 1) as file:
        for _ in range(360):
            file.write(np.zeros(800_000, np.int16))  # ten hours, mostly of nothing
    assert os.path.getsize(here / "sounds" / "high" / "hours.flac") < 20_000_000
    page = json.dumps(er.train(str(here / "sounds"), limits={"seconds": 1.0}, **QUICK).report())
    assert "none.wav" in page


def test_a_very_long_text(here) -> None:
    rows = [
        {"text": f"good thing number {i} is here" if i % 2 else f"bad thing number {i} was there", "label": str(i % 2)}
        for i in range(60)
    ]
    rows[7]["text"] = "word " * 2_000_000
    works(pl.DataFrame(rows), "label")


def test_read_only_directory(here) -> None:
    if os.geteuid() == 0:
        assert_refused(house_table(), "price", "cannot be written", run="/proc/engineroom-run")
        return
    (here / "locked").mkdir(mode=0o500)
    assert_refused(house_table(), "price", "read-only", run="locked/run")


def test_a_full_disk_is_told_and_loses_nothing(here, monkeypatch) -> None:
    import errno

    from engineroom.core import files

    (here / "kept.json").write_text("{}")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match="disk is full"):
        files.write_atomic(here / "kept.json", "new")
    assert (here / "kept.json").read_text() == "{}" and [p.name for p in here.iterdir()] == ["kept.json"]


def test_prediction_on_data_that_do_not_fit(here) -> None:
    model = er.train(house_table(), target="sold", **QUICK)
    with pytest.raises(DataError, match="area"):
        model.predict(house_table(5).drop("area"))
    odd = house_table(6).with_columns(city=pl.lit("a city never seen"), area=pl.lit(None, dtype=pl.Float64))
    assert model.predict(odd)["prediction"].null_count() == 0
    assert model.predict(house_table(1)).height == 1


def test_unreadable_rows_have_no_prediction_and_keep_their_place(here) -> None:
    folder = shape_pictures(here / "pictures")
    model = er.train(str(folder), **QUICK)
    good = io.BytesIO()
    Image.new("RGB", (16, 16), "white").save(good, "PNG")
    out = model.predict(pl.DataFrame({"image": [good.getvalue(), b"no picture", good.getvalue()]}))
    assert out["prediction"].is_null().to_list() == [False, True, False]


def test_leaks_identifiers_and_constants_are_left_out_and_said(here) -> None:
    table = house_table(200).with_columns(
        copy=pl.col("sold").replace({"yes": "1", "no": "0"}), always=pl.lit(7), row_id=pl.Series(range(200))
    )
    lines = works(table, "sold", columns={"price": {"role": "ignore"}})
    assert any("'copy' alone" in line for line in lines) and any("'always' is always" in line for line in lines)
    model = er.load(str(next((here / "runs").iterdir())))
    assert {c.name: c.role for c in model.schema}["copy"] == "ignore"
    kept = er.train(table, target="sold", columns={"copy": {"role": "input"}}, **QUICK)
    assert kept.schema["copy"].role == "input"


def test_imbalance_and_missing_values_are_said(here) -> None:
    table = house_table(400).with_columns(
        sold=pl.Series(["yes"] * 12 + ["no"] * 388), area=pl.Series([None] * 100 + [float(i) for i in range(300)])
    )
    lines = works(table, "sold")
    assert any("unbalanced" in line for line in lines) and any("'area' is missing in" in line for line in lines)
