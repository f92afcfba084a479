"""Documents in folders: pages with their scans, sizes taken from these, what cannot be read is named."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table
from engineroom.data.sources._detect import source_of

LINE = {"quad": [10, 10, 60, 10, 60, 20, 10, 20], "text": "Tea Room"}


def folder(root, names=("a", "b"), part="train"):
    for kind in ("img", "ann"):
        (root / part / kind).mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("L", (200, 400), 255).save(root / part / "img" / f"{name}.jpg")
        (root / part / "ann" / f"{name}.json").write_text(json.dumps({"fields": {"shop": "Tea Room"}, "lines": [LINE]}))
    return root


def read(path):
    return open_table(path, target=None, limits=LimitsConfig(), cache=None)


def test_pages_and_scans_become_rows_with_their_split(tmp_path) -> None:
    table = read(folder(folder(tmp_path), ("c",), "test"))
    assert table.frame["split"].to_list() == ["train", "train", "test"]
    page = json.loads(table.frame["page"][0])
    assert (page["width"], page["height"]) == (200, 400) and json.loads(table.frame["fields"][0]) == {
        "shop": "Tea Room"
    }
    assert table.frame["image"][2].endswith("c.jpg") and table.hints["fields"]["role"] == "target"


def test_one_folder_alone_and_pages_without_scans(tmp_path) -> None:
    root = folder(tmp_path)
    (root / "train" / "img" / "b.jpg").unlink()
    table = read(root / "train")
    assert table.frame["image"][1] is None and any("no scan" in note for note in table.notes)


def test_damage_is_named(tmp_path) -> None:
    root = folder(tmp_path, [f"n{i}" for i in range(30)])
    (root / "train" / "ann" / "n3.json").write_text('{"lines": [{"text": "a"}]}')
    assert "a box of 4 numbers" in read(root).skipped[0][1]
    for i in range(4, 20):
        (root / "train" / "ann" / f"n{i}.json").write_text("{")
    with pytest.raises(DataError, match="17 of 30 pages"):
        read(root)


def test_other_json_is_left_to_others(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.json").write_text('[{"a": 1, "b": 2}, {"a": 2, "b": 3}]')
    assert type(source_of(tmp_path / "a")).__name__ != "PageFolders"


def test_pages_of_the_same_name_keep_their_own_scans(tmp_path) -> None:
    for shop in ("x", "y"):
        for kind, save in (
            ("img", lambda f: Image.new("L", (200, 400)).save(f)),
            ("ann", lambda f: f.write_text(json.dumps({"fields": {}, "lines": [LINE]}))),
        ):
            (tmp_path / kind / shop).mkdir(parents=True)
            save(tmp_path / kind / shop / ("1.jpg" if kind == "img" else "1.json"))
    table = read(tmp_path)
    assert [one.split("/")[-2] for one in table.frame["image"]] == ["x", "y"]
