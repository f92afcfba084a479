"""Boxes from VOC, COCO and YOLO files are the same boxes; what is wrong with a file is named, and bounded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from engineroom.core.config import LimitsConfig
from engineroom.core.errors import DataError
from engineroom.data.loading import open_table
from engineroom.modalities.vision._boxes import read_boxes

NAMES = [f"p{i}" for i in range(24)]
XML = """<annotation><filename>{name}.jpg</filename><size><width>40</width><height>20</height></size>
<object><name>cell</name><bndbox><xmin>5</xmin><ymin>3</ymin><xmax>{right}</xmax><ymax>12</ymax></bndbox></object></annotation>"""


def picture(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 20)).save(file)
    return file


def voc(root: Path, right: int = 24) -> Path:
    for name in NAMES:
        picture(root / "images" / f"{name}.jpg")
        (root / "annotations").mkdir(exist_ok=True)
        (root / "annotations" / f"{name}.xml").write_text(XML.format(name=name, right=right))
    return root


def coco(root: Path) -> Path:
    for name in NAMES:
        picture(root / "photos" / f"{name}.jpg")
    images = [{"id": i, "file_name": f"{name}.jpg", "width": 40, "height": 20} for i, name in enumerate(NAMES)]
    annotations = [
        {"id": i, "image_id": i, "category_id": 7, "bbox": [4, 2, 20, 10], "iscrowd": 0} for i in range(len(NAMES) - 1)
    ]
    (root / "found.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 7, "name": "cell"}]})
    )
    return root


def yolo(root: Path) -> Path:
    for i, name in enumerate(NAMES):
        split = "test" if i > 17 else "train"
        picture(root / split / "images" / f"{name}.jpg")
        label = root / split / "labels" / f"{name}.txt"
        label.parent.mkdir(exist_ok=True)
        label.write_text("0 0.35 0.35 0.5 0.5\n")
    (root / "data.yaml").write_text("names: [cell]\n")
    return root


@pytest.mark.parametrize("lay", [voc, coco, yolo])
def test_the_same_boxes_from_every_format(tmp_path: Path, lay) -> None:
    table = open_table(lay(tmp_path / "set"))
    assert len(table) == 24 and table.hints["boxes"] == {**table.hints["boxes"], "modality": "boxes", "role": "target"}
    names, boxes, _ = read_boxes(table.frame["boxes"][0])
    assert names == ["cell"] and boxes[0] == pytest.approx([0.1, 0.1, 0.6, 0.6])
    assert Path(table.frame["image"][0]).name == "p0.jpg"
    assert ("split" in table.hints) == (lay is yolo)


def test_a_coco_file_alone_and_a_picture_without_boxes(tmp_path: Path) -> None:
    table = open_table(coco(tmp_path / "set") / "found.json")
    assert len(table) == 24 and read_boxes(table.frame["boxes"][23])[0] == []


def test_train_and_test_folders_and_image_sets(tmp_path: Path) -> None:
    voc(tmp_path / "a" / "train"), voc(tmp_path / "a" / "test")
    table = open_table(tmp_path / "a")
    assert len(table) == 48 and (table.frame["split"] == "test").sum() == 24
    root = voc(tmp_path / "b")
    (root / "ImageSets" / "Main").mkdir(parents=True)
    for split, names in (("train", NAMES[:20]), ("test", NAMES[20:])):
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names))
    assert (open_table(root).frame["split"] == "test").sum() == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<annotation><object>", "no readable XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>", "defines entities"),
        (XML.format(name="p3", right="x"), "could not convert"),
        ("<annotation><filename>gone.jpg</filename></annotation>", "is not there"),
        ("<annotation><filename>p3.jpg</filename><object><name>a</name></object></annotation>", "has no box"),
    ],
)
def test_broken_xml_is_named_and_bounded(tmp_path: Path, text: str, words: str) -> None:
    root = voc(tmp_path)
    name = "gone" if "gone" in text else "p3"
    (root / "annotations" / f"{name}.xml").write_text(text)
    table = open_table(root)
    assert [file for file, _ in table.skipped] == [f"annotations/{name}.xml"] and words in table.skipped[0][1]
    with pytest.raises(DataError, match=f"{name}.xml"):
        open_table(root, limits=LimitsConfig(max_damaged=0.01))


def test_boxes_that_are_none_are_dropped_and_said(tmp_path: Path) -> None:
    root = voc(tmp_path)
    (root / "annotations" / "p2.xml").write_text(XML.format(name="p2", right=4))
    (root / "annotations" / "p4.xml").write_text(XML.format(name="p4", right=400))
    table = open_table(root)
    assert len(table) == 24 and any("p2.xml: 1" in note for note in table.notes)
    assert read_boxes(table.frame.filter(table.frame["image"].str.ends_with("p4.jpg"))["boxes"][0])[1][0, 2] == 1


def test_unknown_classes_and_torn_files(tmp_path: Path) -> None:
    root = yolo(tmp_path / "y")
    (root / "train" / "labels" / "p1.txt").write_text("3 0.5 0.5 0.1 0.1\n")
    assert open_table(root).skipped == (("train/labels/p1.txt", "class 3 is none of the 1 names"),)
    root = coco(tmp_path / "c")
    data = json.loads((root / "found.json").read_text())
    data["annotations"][0]["category_id"] = 99
    (root / "found.json").write_text(json.dumps(data))
    assert "class 99" in open_table(root).skipped[0][1]
    (root / "found.json").write_text(json.dumps(data)[:-40])
    with pytest.raises(DataError, match=r"found\.json"):
        open_table(root)
