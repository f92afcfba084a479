"""Folders of pictures beside folders of masks: as people lay them out, and with what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engineroom.core.errors import DataError
from engineroom.data.loading import open_table


def lay(root: Path, images: str, masks: str, names: list[str], *, suffix: str = "") -> None:
    for i, name in enumerate(names):
        for folder, ending, mark in ((images, ".jpg", ""), (masks, ".png", suffix)):
            file = root / folder / f"{name}{mark}{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((4, 4), i % 2, np.uint8)).save(file)


NAMES = [f"p{i}" for i in range(12)]


@pytest.mark.parametrize(
    ("images", "masks", "suffix"),
    [
        ("images", "masks", ""),
        ("imgs", "masks", "_mask"),
        ("JPEGImages", "SegmentationClass", ""),
        ("x", "annotations", "_L"),
        ("photos", "gt", "_gt"),
    ],
)
def test_as_people_lay_them_out(tmp_path: Path, images: str, masks: str, suffix: str) -> None:
    lay(tmp_path, images, masks, NAMES, suffix=suffix)
    table = open_table(tmp_path)
    assert len(table) == 12 and table.hints["mask"]["role"] == "target" and table.frame.columns == ["image", "mask"]
    for picture, mask in table.frame.iter_rows():
        assert Path(mask).stem == Path(picture).stem + suffix


def test_train_and_test_and_folders_inside(tmp_path: Path) -> None:
    lay(tmp_path / "train", "images", "masks", [f"crack/{n}" for n in NAMES] + [f"hole/{n}" for n in NAMES])
    lay(tmp_path / "test", "images", "masks", [f"crack/{n}" for n in NAMES[:4]])
    (tmp_path / "train" / "fov").mkdir()
    table = open_table(tmp_path)
    assert table.frame["split"].value_counts(sort=True).rows() == [("train", 24), ("test", 4)]
    assert all(Path(a).parent.name == Path(b).parent.name for a, b, _ in table.frame.iter_rows())
    assert any("fov" in note for note in table.notes)


def test_a_table_beside_says_who_is_tested(tmp_path: Path) -> None:
    lay(tmp_path, "images", "masks", NAMES)
    (tmp_path / "split.csv").write_text(
        "file,part\n" + "".join(f"{n}.jpg,{'test' if i > 8 else 'train'}\n" for i, n in enumerate(NAMES))
    )
    table = open_table(tmp_path)
    assert table.hints["split"]["role"] == "split" and (table.frame["split"] == "test").sum() == 3


def test_pictures_without_a_mask_are_named_and_bounded(tmp_path: Path) -> None:
    lay(tmp_path, "images", "masks", [f"p{i}" for i in range(40)])
    (tmp_path / "masks" / "p7.png").unlink()
    table = open_table(tmp_path)
    assert len(table) == 39 and table.skipped == (("images/p7.jpg", "no mask of this name"),)
    for i in range(8, 14):
        (tmp_path / "masks" / f"p{i}.png").unlink()
    with pytest.raises(DataError, match=r"7 of 40 pictures have no mask.*p7"):
        open_table(tmp_path)


def test_a_folder_a_class_is_still_that(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        lay(tmp_path, label, f"{label}s", NAMES[:3])
    table = open_table(tmp_path)
    assert "label" in table.frame.columns
