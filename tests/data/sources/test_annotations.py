"""Annotations and their pictures: paired by path, in the frame in which the picture is seen, polygons as boxes and as
masks, ids kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from engineroom.core.errors import DataError
from engineroom.core.table import Table
from engineroom.data.loading import open_table
from engineroom.data.sources._exif_rotation import turned_image, turned_points
from engineroom.data.sources._polygons import decode_rle
from engineroom.modalities.vision._boxes import known_classes, read_boxes
from engineroom.modalities.vision._image_decoding import decode
from engineroom.modalities.vision._masks import read_mask

WIDTH, HEIGHT = 48, 32
BOX = (6, 4, 20, 14)  # x1 y1 x2 y2 in pixels of the stored picture


def drawn(file: Path, orientation: int = 1, grey: int = 255) -> Path:
    """A dark picture with one bright box, stored lying as `orientation` says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[BOX[1] : BOX[3], BOX[0] : BOX[2]] = grey
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(file, quality=95, exif=exif)
    return file


def coco(file: Path, names: list[str], *, size: tuple[int, int] = (WIDTH, HEIGHT), box=BOX, **more) -> Path:
    x1, y1, x2, y2 = box
    images = [
        {"id": 1000 + 7 * i, "file_name": name, "width": size[0], "height": size[1]} for i, name in enumerate(names)
    ]
    one = {"category_id": 90, "bbox": [x1, y1, x2 - x1, y2 - y1], "iscrowd": 0, **more}
    boxes = [{"id": i, "image_id": image["id"], **one} for i, image in enumerate(images)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        json.dumps(
            {
                "images": images,
                "annotations": boxes,
                "categories": [{"id": 3, "name": "disc"}, {"id": 90, "name": "box"}],
            }
        )
    )
    return file


def lies_on_the_bright(table: Table) -> bool:
    """Is what the boxes frame bright, and the rest dark, in the pictures as they are seen?"""
    for picture, cell in table.frame.select("image", "boxes").iter_rows():
        pixels = decode(picture, pixels=10**7)[..., 0].astype(float)
        x1, y1, x2, y2 = (read_boxes(cell)[1][0] * (pixels.shape[::-1] * 2)).round().astype(int)
        inside = pixels[y1:y2, x1:x2]
        if inside.mean() < 235 or (pixels.sum() - inside.sum()) / (pixels.size - inside.size) > 20:
            return False
    return True


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_of_pictures_as_they_were_stored_turn_with_them(tmp_path: Path, orientation: int) -> None:
    """Orientations that keep width and height say nothing of the frame: boxes are taken as those of the picture that is
    seen."""
    for i in range(6):
        drawn(tmp_path / f"{i}.jpg", orientation if i % 2 else 1)
    table = open_table(coco(tmp_path / "a.json", [f"{i}.jpg" for i in range(6)]))
    if orientation in (1, 5, 6, 7, 8):
        assert lies_on_the_bright(table)
        assert any("lie on their side" in note for note in table.notes) == (orientation > 1)


def test_boxes_drawn_after_turning_stay(tmp_path: Path) -> None:
    for i in range(4):
        drawn(tmp_path / f"{i}.jpg", 6)
    box = turned_points(np.array(BOX, float).reshape(2, 2) / [WIDTH, HEIGHT], 6) * [HEIGHT, WIDTH]
    table = open_table(
        coco(tmp_path / "a.json", [f"{i}.jpg" for i in range(4)], size=(HEIGHT, WIDTH), box=[*box.min(0), *box.max(0)])
    )
    assert lies_on_the_bright(table) and not table.notes


def test_a_size_written_the_wrong_way_round(tmp_path: Path) -> None:
    for i in range(4):
        pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
        pixels[4:14, 30:46] = 255  # beyond the 32 pixels that the file states
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    table = open_table(
        coco(tmp_path / "a.json", [f"{i}.png" for i in range(4)], size=(HEIGHT, WIDTH), box=(30, 4, 46, 14))
    )
    assert lies_on_the_bright(table) and any("wrong way round" in note for note in table.notes)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_turn_as_pictures_do(orientation: int) -> None:
    pixels = np.zeros((32, 48), np.uint8)
    pixels[5, 40] = 1
    seen = np.asarray(turned_image(Image.fromarray(pixels), orientation))
    y, x = (int(v[0]) for v in seen.nonzero())
    assert turned_points(np.array([[40.5 / 48, 5.5 / 32]]), orientation)[0] * seen.shape[::-1] == pytest.approx(
        [x + 0.5, y + 0.5]
    )


def test_masks_of_stored_frames_turn_with_their_pictures(tmp_path: Path) -> None:
    for i in range(4):
        drawn(tmp_path / "images" / f"{i}.jpg", 6)
        drawn(tmp_path / "masks" / f"{i}.png", grey=1)
    table = open_table(tmp_path)
    mask, picture = (
        read_mask(table.frame["mask"][0], pixels=10**7),
        decode(table.frame["image"][0], pixels=10**7)[..., 0],
    )
    assert mask.shape == picture.shape == (WIDTH, HEIGHT) and ((picture > 128) == (mask == 1)).mean() > 0.97
    assert any("turned with them" in note for note in table.notes)


def test_pictures_of_two_cameras_with_the_same_names(tmp_path: Path) -> None:
    names = [f"cam{cam}/{i}.jpg" for cam in "AB" for i in range(4)]
    for name in names:
        drawn(tmp_path / "images" / name)
    table = open_table(coco(tmp_path / "instances.json", names))
    assert [str(Path(one).relative_to(tmp_path / "images")) for one in table.frame["image"]] == names
    coco(tmp_path / "instances.json", ["0.jpg"] * 1)  # which of the two?
    with pytest.raises(DataError, match=r"0\.jpg"):
        open_table(tmp_path)


def test_names_of_another_machine(tmp_path: Path) -> None:
    for i in range(4):
        drawn(tmp_path / "pics" / f"IMG_{i}.JPG")
    table = open_table(coco(tmp_path / "a.json", [f"C:\\work\\photos\\img_{i}.jpg" for i in range(4)]))
    assert len(table) == 4


def test_polygons_are_boxes_for_detection_and_masks_for_segmentation(tmp_path: Path) -> None:
    x1, y1, x2, y2 = BOX
    for i in range(4):
        drawn(tmp_path / f"{i}.png")
    coco(tmp_path / "a.json", [f"{i}.png" for i in range(4)], segmentation=[[x1, y1, x2, y1, x2, y2, x1, y2]])
    table = open_table(tmp_path, task="segmentation")
    mask = read_mask(table.frame["mask"][0], pixels=10**7)
    assert np.array_equal(mask > 0, decode(table.frame["image"][0], pixels=10**7)[..., 0] > 0)
    assert set(np.unique(mask)) == {0, 2} and table.hints["mask"]["facts"]["names"] == {
        "0": "background",
        "1": "disc",
        "2": "box",
    }
    assert "boxes" in open_table(tmp_path, task="object_detection").frame.columns
    coco(tmp_path / "a.json", [f"{i}.png" for i in range(4)])
    with pytest.raises(DataError, match="recipe object_detection"):
        open_table(tmp_path, task="segmentation")


def test_run_lengths_are_those_of_pycocotools() -> None:
    pytest.importorskip("pycocotools")
    from pycocotools import mask as theirs

    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = np.asfortranarray(rng.random((int(rng.integers(1, 70)), int(rng.integers(1, 70)))) < rng.random())
        packed = theirs.encode(mask.astype(np.uint8))
        assert np.array_equal(decode_rle(packed), mask)
        assert np.array_equal(decode_rle({**packed, "counts": packed["counts"].decode()}), mask)


def yolo(root: Path, lines: dict[str, str | None]) -> Path:
    for name, text in lines.items():
        drawn(root / "images" / f"{name}.jpg")
        if text is not None:
            (root / "labels").mkdir(exist_ok=True)
            (root / "labels" / f"{name}.txt").write_text(text)
    (root / "data.yaml").write_text("train: images\nnames: [disc, box]\n")
    return root


def test_yolo_backgrounds_and_polygons(tmp_path: Path) -> None:
    box, outline = "1 0.27 0.28 0.29 0.31\n", "1 0.125 0.125 0.4167 0.125 0.4167 0.4375 0.125 0.4375\n"
    root = yolo(tmp_path, {**{f"bg{i}": "" for i in range(60)}, "a": box, "b": outline, "c": box + outline, "d": None})
    table = open_table(root)
    counts = dict(
        zip(
            (Path(one).stem for one in table.frame["image"]),
            (len(read_boxes(cell)[0]) for cell in table.frame["boxes"]),
            strict=True,
        )
    )
    assert (
        len(table) == 64
        and counts["a"] == 1
        and counts["b"] == 1
        and counts["c"] == 2
        and counts["d"] == counts["bg0"] == 0
    )
    assert any("backgrounds" in note for note in table.notes) and any("polygons" in note for note in table.notes)
    masks = open_table(root, task="segmentation")
    assert "mask" in masks.frame.columns and any("rectangles" in note for note in masks.notes)
    (root / "labels" / "a.txt").write_text("1 12 9 14 10\n")
    assert "pixels" in open_table(root).skipped[0][1]


def test_classes_named_above_the_folder_or_by_the_training_data(tmp_path: Path) -> None:
    for split in ("train", "test"):
        yolo(tmp_path / "set" / split, {f"{i}": "1 0.27 0.28 0.29 0.31\n" for i in range(3)})
        (tmp_path / "set" / split / "data.yaml").unlink()
    (tmp_path / "set" / "data.yaml").write_text("nc: 2\nnames: {0: disc, 1: box}\n")
    assert read_boxes(open_table(tmp_path / "set" / "test").frame["boxes"][0])[0] == ["box"]
    (tmp_path / "set" / "data.yaml").unlink()
    cells = open_table(tmp_path / "set" / "test").frame["boxes"]
    state = {"values": ["box", "disc"], "categories": {"disc": 0, "box": 1}}
    found, notes = known_classes(cells, state)
    assert read_boxes(found[0])[0] == ["box"] and "1 is box" in notes[0]
    with pytest.raises(DataError, match=r"None of the classes \(1\) is known to the model \(cat\)"):
        known_classes(cells, {"values": ["cat"]})


def test_label_studio(tmp_path: Path) -> None:
    x1, y1, x2, y2 = BOX
    place = {
        "x": 100 * x1 / WIDTH,
        "y": 100 * y1 / HEIGHT,
        "width": 100 * (x2 - x1) / WIDTH,
        "height": 100 * (y2 - y1) / HEIGHT,
        "rotation": 0,
    }
    tasks = []
    for i in range(5):
        drawn(tmp_path / "images" / f"{i}.jpg")
        result = [
            {
                "type": "rectanglelabels",
                "original_width": WIDTH,
                "original_height": HEIGHT,
                "value": {**place, "rectanglelabels": ["box"]},
            }
        ]
        tasks.append(
            {
                "id": i,
                "data": {"image": f"/data/upload/1/abcd1234-{i}.jpg"},
                "file_upload": f"abcd1234-{i}.jpg",
                "annotations": [{"result": result}],
            }
        )
    tasks[4]["annotations"] = []
    (tmp_path / "project.json").write_text(json.dumps(tasks))
    table = open_table(tmp_path / "project.json")
    assert len(table) == 4 and lies_on_the_bright(table) and any("nobody has annotated" in note for note in table.notes)
    small = [
        {
            "image": task["data"]["image"],
            "label": [{**place, "rectanglelabels": ["box"], "original_width": WIDTH, "original_height": HEIGHT}],
        }
        for task in tasks
    ]
    (tmp_path / "project.json").write_text(json.dumps(small))
    assert lies_on_the_bright(open_table(tmp_path)) and len(open_table(tmp_path)) == 5


def test_cvat(tmp_path: Path) -> None:
    x1, y1, x2, y2 = BOX
    shape = f'<box label="box" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}"/>'
    images = []
    for i in range(4):
        drawn(tmp_path / "images" / f"{i}.jpg")
        images.append(
            f'<image id="{i}" name="{i}.jpg" width="{WIDTH}" height="{HEIGHT}">{shape}<points label="p" '
            'points="1,1"/></image>'
        )
    (tmp_path / "annotations.xml").write_text(f"<annotations><version>1.1</version>{''.join(images)}</annotations>")
    table = open_table(tmp_path)
    assert lies_on_the_bright(table) and any("4 points" in note for note in table.notes)
    outline = f'<polygon label="box" points="{x1},{y1};{x2},{y1};{x2},{y2};{x1},{y2}"/>'
    (tmp_path / "annotations.xml").write_text(f"<annotations>{''.join(images).replace(shape, outline)}</annotations>")
    mask = read_mask(open_table(tmp_path, task="segmentation").frame["mask"][0], pixels=10**7)
    assert mask[y1:y2, x1:x2].all() and mask.sum() == (x2 - x1) * (y2 - y1)


def test_ids_and_names_of_the_file_that_was_read(tmp_path: Path) -> None:
    from engineroom.core.schema import Column, Schema
    from engineroom.rendering.vision.boxes import save_coco

    for name in ("a/1.jpg", "b/1.jpg"):
        drawn(tmp_path / name)
    table = open_table(coco(tmp_path / "x.json", ["a/1.jpg", "b/1.jpg"]))
    state = {"values": ["box"], **table.hints["boxes"]["facts"]}
    schema = Schema((Column("image", "image", "input", {}), Column("boxes", "boxes", "target", state)))
    answers = {"boxes": [np.array([[0.1, 0.1, 0.5, 0.5, 0.9, 0]]), np.zeros((0, 6))]}
    save_coco(answers, table.frame, schema, tmp_path / "out.json", ["box"])
    said = json.loads((tmp_path / "out.json").read_text())
    assert [(one["id"], one["file_name"]) for one in said["images"]] == [(1000, "a/1.jpg"), (1007, "b/1.jpg")]
    assert (
        said["categories"] == [{"id": 90, "name": "box"}]
        and said["annotations"][0]["category_id"] == 90
        and said["annotations"][0]["image_id"] == 1000
    )
    save_coco(
        answers,
        table.frame.with_columns(pl.lit(None, pl.String).alias("boxes")),
        schema,
        tmp_path / "out.json",
        ["box"],
    )
    assert [one["file_name"] for one in json.loads((tmp_path / "out.json").read_text())["images"]] == [
        "a/1.jpg",
        "b/1.jpg",
    ]
