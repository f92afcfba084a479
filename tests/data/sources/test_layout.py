"""Folders as people lay them out: which split, which class, which mask a file belongs to; what is not understood is
never trained on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engineroom.core.errors import DataError
from engineroom.data.loading import open_table
from engineroom.data.sources._layout import read_name, splits_among
from engineroom.data.sources._media_lookup import FileIndex, NameMatcher


def touch(root: Path, *names: str) -> Path:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(file)
    return root


def splits_of(table) -> Counter:
    return Counter(table.frame[table.split].to_list()) if table.split else Counter()


def pairs_of(table) -> list[tuple[str, str]]:
    return [(Path(a).stem, Path(b).stem) for a, b in table.frame.select("image", "mask").iter_rows()]


@pytest.mark.parametrize(
    ("name", "split", "role"),
    [
        ("training_set", "train", None), ("seg_test", "test", "mask"), ("Train", "train", None), ("val2017", "val", None), ("trainannot", "train", "mask"),
        ("TestImages", "test", "image"), ("ISIC2018_Task1_Training_GroundTruth", "train", "mask"), ("dev", "val", None), ("VALID", "val", None),
        ("leftImg8bit", None, "image"), ("SegmentationClass", None, "mask"), ("JPEGImages", None, "image"), ("cats", None, None),
    ],
)  # fmt: skip
def test_what_a_folder_name_says(name: str, split: str | None, role: str | None) -> None:
    said = read_name(name)
    assert (said.split, said.role) == (split, role)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["train", "plane", "car"], {}),  # vehicles
        (["train_station", "test_tube"], {}),
        (["training_set", "test_set"], {"training_set": "train", "test_set": "test"}),
        (["seg_train", "seg_test", "seg_pred"], {"seg_train": "train", "seg_test": "test"}),
        (["train", "train_labels", "other"], {}),
        (["train", "train_labels"], {"train": "train", "train_labels": "train"}),
        (["test"], {"test": "test"}),
    ],
)
def test_which_folders_are_splits(names: list[str], found: dict[str, str]) -> None:
    assert splits_among(names, True, lambda name: False) == found


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set/training_set", "test_set/test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("Train", "Test"),
    ],
)
def test_splits_of_class_folders(tmp_path: Path, train: str, test: str) -> None:
    touch(
        tmp_path,
        *[
            f"{place}/{kind}/{kind}.{i}.png"
            for place in (train, test)
            for kind in ("circle", "square")
            for i in range(3)
        ],
    )
    table = open_table(tmp_path)
    assert splits_of(table) == {"train": 6, "test": 6} and set(table.frame["label"]) == {"circle", "square"}


def test_classes_called_like_splits_are_classes(tmp_path: Path) -> None:
    touch(tmp_path, *[f"{kind}/{i}.png" for kind in ("train", "plane", "car") for i in range(3)])
    table = open_table(tmp_path)
    assert table.split is None and set(table.frame["label"]) == {"train", "plane", "car"}


def test_a_folder_that_says_test_is_never_trained_on(tmp_path: Path) -> None:
    import engineroom as er

    touch(tmp_path, *[f"test/{kind}/{i}.png" for kind in ("a", "b") for i in range(30)])
    assert splits_of(open_table(tmp_path)) == {"test": 60}
    with pytest.raises(DataError, match="names no training rows"):
        er.train(tmp_path, steps=1, show="quiet")


@pytest.mark.parametrize(
    ("image", "mask", "splits"),
    [
        ("{split}/{n}.png", "{split}_labels/{n}_L.png", True),
        ("images/{split}/{n}.png", "masks/{split}/{n}.png", True),
        ("{split}/images/{n}.png", "{split}/masks/{n}_mask.png", True),
        ("{split}/{n}.png", "{split}annot/{n}.png", True),
        ("leftImg8bit/{split}/city/{n}_leftImg8bit.png", "gtFine/{split}/city/{n}_gtFine_labelIds.png", True),
        ("set/images/{split}ing/{n}.png", "set/annotations/{split}ing/{n}.png", True),
        ("{n}.png", "{n}_mask.png", False),
        ("patient{n}/{n}.png", "patient{n}/{n}_masks.png", False),
        ("{n}_sat.png", "{n}_mask.png", False),
        ("deep/in/images/{n}.png", "deep/in/labels/mask_{n}.png", False),
    ],
)
def test_pictures_and_their_masks(tmp_path: Path, image: str, mask: str, splits: bool) -> None:
    names = [("train", f"a{i}") for i in range(6)] + [("test", f"b{i}") for i in range(4)]
    touch(tmp_path, *[form.format(split=split, n=n) for form in (image, mask) for split, n in names])
    table = open_table(tmp_path, task="segmentation")
    assert len(table) == 10 and all(b.replace("mask_", "").startswith(a.split("_")[0]) for a, b in pairs_of(table)), (
        table.frame
    )
    assert splits_of(table) == ({"train": 6, "test": 4} if splits else {})


def test_the_same_names_in_two_folders_keep_their_own_masks(tmp_path: Path) -> None:
    touch(tmp_path, *[f"{role}/cam{cam}/{i}.png" for role in ("images", "masks") for cam in "AB" for i in range(4)])
    table = open_table(tmp_path)
    assert len(table) == 8 and all(
        Path(a).parent.name == Path(b).parent.name for a, b in table.frame.select("image", "mask").iter_rows()
    )


def test_defects_as_mvtec_has_them(tmp_path: Path) -> None:
    touch(
        tmp_path,
        *[f"train/good/{i:03d}.png" for i in range(8)],
        *[f"test/{kind}/{i:03d}.png" for kind in ("good", "scratch") for i in range(5)],
    )
    touch(tmp_path, *[f"ground_truth/scratch/{i:03d}_mask.png" for i in range(5)])
    for task in ("anomaly", "auto"):
        table = open_table(tmp_path, task=task)
        assert splits_of(table) == {"train": 8, "test": 10} and Counter(table.frame["label"]) == {
            "good": 13,
            "scratch": 5,
        }
        assert any("ground_truth" in note for note in table.notes)


XML = "<annotation><filename>{n}.png</filename><object><name>a</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object></annotation>"


def test_voc_holds_boxes_and_masks_and_the_task_decides(tmp_path: Path) -> None:
    names = [f"2007_{i}" for i in range(9)]
    touch(tmp_path, *[f"JPEGImages/{n}.png" for n in names], *[f"SegmentationClass/{n}.png" for n in names[:6]])
    for folder, lists in (
        ("Segmentation", {"train": names[:4], "val": names[4:6]}),
        ("Main", {"train": names[:7], "val": names[7:]}),
    ):
        place = tmp_path / "ImageSets" / folder
        place.mkdir(parents=True)
        for split, listed in lists.items():
            (place / f"{split}.txt").write_text("".join(f"{n}\n" for n in listed))
    (tmp_path / "Annotations").mkdir()
    for n in names:
        (tmp_path / "Annotations" / f"{n}.xml").write_text(XML.format(n=n))
    masks, boxes = open_table(tmp_path, task="segmentation"), open_table(tmp_path, task="object_detection")
    assert splits_of(masks) == {"train": 4, "val": 2} and "mask" in masks.frame.columns
    assert splits_of(boxes) == {"train": 7, "val": 2} and "boxes" in boxes.frame.columns
    assert "boxes" in open_table(tmp_path).frame.columns


def test_linked_folders_are_read_and_circles_end(tmp_path: Path) -> None:
    touch(tmp_path, "store/cross/1.png", "store/cross/2.png", "set/circle/1.png", "set/circle/2.png")
    (tmp_path / "set" / "cross").symlink_to("../store/cross")
    (tmp_path / "set" / "circle" / "again").symlink_to("../../set")
    (tmp_path / "set" / "circle" / "self").symlink_to(".")
    table = open_table(tmp_path / "set")
    assert Counter(table.frame["label"]) == {"circle": 2, "cross": 2}


def test_a_class_of_files_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    touch(tmp_path, *[f"{kind}/{i}.png" for kind in ("a", "b") for i in range(4)])
    (tmp_path / "c").mkdir()
    for i in range(3):
        (tmp_path / "c" / f"{i}.raw").write_bytes(b"x")
    notes = " ".join(open_table(tmp_path).notes)
    assert "class 'c' can be read" in notes and "3 .raw" in notes


def test_moving_pictures_are_clips(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        for i in range(3):
            (tmp_path / kind).mkdir(exist_ok=True)
            frames = [Image.fromarray(np.full((8, 8), 20 * k, np.uint8)) for k in range(4)]
            frames[0].save(tmp_path / kind / f"{i}.gif", save_all=True, append_images=frames[1:])
    assert "video" in open_table(tmp_path).frame.columns
    assert "video" in open_table(tmp_path / "a" / "0.gif").frame.columns
    Image.new("L", (8, 8)).save(tmp_path / "still.gif")
    assert "image" in open_table(tmp_path / "still.gif").frame.columns


@pytest.mark.parametrize(
    "cell", ["{n}", "{n}.png", "D:\\data\\pictures\\{n}.png", "/home/her/pictures/{n}.PNG", "PICTURES/{n}.png"]
)
def test_names_in_tables_that_differ_from_the_files(tmp_path: Path, cell: str) -> None:
    touch(tmp_path, *[f"pictures/{i:03d}.png" for i in range(20)])
    (tmp_path / "t.csv").write_text(
        "image_id,y\n" + "".join(f"{cell.format(n=f'{i:03d}')},{i % 2}\n" for i in range(20))
    )
    table = open_table(tmp_path / "t.csv")
    assert [Path(one).name for one in table.frame["image_id"]] == [f"{i:03d}.png" for i in range(20)]
    assert table.hints["image_id"]["modality"] == "image"


def test_a_missing_file_is_not_found_elsewhere(tmp_path: Path) -> None:
    """b/9.png exists; a/9.png, which is named, does not: another camera's picture is no stand-in."""
    touch(tmp_path, *[f"a/{i}.png" for i in range(9)], "b/9.png")
    (tmp_path / "t.csv").write_text("file,y\n" + "".join(f"a/{i}.png,{i}\n" for i in range(10)))
    table = open_table(tmp_path / "t.csv", inference=True)
    assert len(table) == 10 and not Path(table.frame["file"][9]).exists()


@settings(max_examples=60, deadline=None)
@given(
    files=st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from("123456")), min_size=4),
    gone=st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from("123456")), max_size=1),
    root=st.sampled_from(["", "data/", "C:\\other\\place\\"]),
    upper=st.booleans(),
    bare=st.booleans(),
)
def test_a_name_is_its_own_file_or_none(files, gone, root: str, upper: bool, bare: bool) -> None:
    """Whatever the root, case and ending; names of files that are not there are never somebody else's where most are in
    their places."""
    index = FileIndex(Path("/nowhere"), frozenset({".png"}))
    index.files = {}
    for folder, number in files:
        for key in ((folder, f"{number}.png"), (folder, number)):
            for start in range(2):
                index.files.setdefault(key[start:], []).append(Path(f"/nowhere/{folder}/{number}.png"))
    names = {one: f"{root}{one[0]}/{one[1]}{'' if bare else '.png'}" for one in files | gone}
    names = {one: name.upper() if upper else name for one, name in names.items()}
    matcher = NameMatcher(index, names.values())
    for (folder, number), name in names.items():
        found = matcher.find(name)
        assert found == (Path(f"/nowhere/{folder}/{number}.png") if (folder, number) in files else None)
