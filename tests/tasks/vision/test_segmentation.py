"""A class per pixel through the front door: options, losses and scores that mean what they say, masks in their
pictures' size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

import engineroom as er
from engineroom.core import registry
from engineroom.core.batch import Batch
from engineroom.core.errors import UserError
from engineroom.core.schema import Column

QUICK = {"show": "quiet", "train__threads": 1, "train__precision": "fp32"}


def discs(rows: int = 60, side: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bright discs on dark ground, both noisy; masks 0 and 255."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:side, :side]
    y, x, r = rng.uniform(8, 24, rows), rng.uniform(8, 24, rows), rng.uniform(4, 8, rows)
    masks = np.hypot(row - y[:, None, None], column - x[:, None, None]) < r[:, None, None]
    pictures = 60 + 90 * masks + rng.normal(0, 30, masks.shape)
    return pictures.clip(0, 255).astype(np.uint8), np.where(masks, 255, 0).astype(np.uint8)


def folder(root: Path, rows: int = 40) -> Path:
    pictures, masks = discs(rows)
    for i, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        (root / "images").mkdir(parents=True, exist_ok=True)
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(picture).resize((48, 40)).save(root / "images" / f"p{i}.png")
        Image.fromarray(mask).resize((48, 40), 0).save(root / "masks" / f"p{i}.png")
    return root


def task_of(numbers: list[int], **options):
    target = Column("mask", "mask", "target", {"values": [str(n) for n in numbers], "numbers": numbers})
    return registry.get("tasks", "segmentation").__class__(**options).for_target(target)


def test_ignored_classes_neither_teach_nor_count() -> None:
    task = task_of([0, 5, 11], ignore="11")
    codes = np.array([[[0, 1], [2, 255]]], np.uint8)
    assert task.to_targets(codes, None).tolist() == [[[0, 1], [255, 255]]] and task.values == ("0", "5")
    output = torch.zeros(1, 1, 2, 2, 2, requires_grad=True)
    task.loss(output, Batch({"target": torch.from_numpy(codes)}, np.arange(1))).total.backward()
    grad = output.grad[0, 0].abs().sum(0)
    assert (grad[0] > 0).all() and (grad[1] == 0).all()


def test_names_and_wrong_options() -> None:
    assert task_of([0, 1, 11], names="sky,road", ignore="11").values == ("sky", "road")
    assert task_of([0, 1, 11], names="sky,road,void", ignore="void").values == ("sky", "road")
    for options, words in (
        ({"ignore": "12"}, "no class '12'"),
        ({"names": "a,b,c,d"}, "4 names for 3"),
        ({"ignore": "0,1"}, "fewer than two"),
    ):
        with pytest.raises(UserError, match=words):
            task_of([0, 1, 11], **options)


def test_the_loss_falls_towards_the_truth() -> None:
    task = task_of([0, 1])
    codes = torch.randint(0, 2, (2, 8, 8), dtype=torch.uint8)
    batch = Batch({"target": codes}, np.arange(2))
    right = torch.stack([1.0 - codes.float(), codes.float()], 1)[:, None]
    losses = [float(task.loss(scale * right, batch).total) for scale in (-5.0, 0.0, 5.0, 50.0)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 1e-3


def test_the_threshold_is_the_one_that_overlaps_best() -> None:
    task = task_of([0, 1])
    truth = np.zeros((4, 16, 16), np.uint8)
    truth[:, :4] = 1
    p = np.where(truth == 1, 0.2, 0.05) + np.random.default_rng(0).uniform(0, 0.04, truth.shape)
    answers = {"mask": (p > 0.5).astype(np.uint8), "probability": p}
    state = task.fit_calibration(answers, truth)
    assert 0.09 < state["threshold"] < 0.2
    assert task.compute_metrics(task.score_rows(task.apply_calibration(answers, state), truth))["mean_iou"] == 1.0


def test_from_folder_to_masks_and_back(here) -> None:
    data = folder(here / "tiles")
    model = er.train(str(data), steps=50, **QUICK)
    assert (
        model.manifest["task"] == "segmentation" and model.deep_metrics["mean_iou"] > 0.7 and model.deep_metrics["roc_auc"] > 0.95
    )
    assert model.manifest["baseline"]["metrics"]["mean_iou"] > 0.6
    assert er.load(str(model.path)).predict(str(data)).equals(model.predict(str(data)))
    out = model.predict(str(data / "images"))
    assert (
        out.height == 40
        and out.columns == ["file", "prediction", "share_0", "share_255"]
        and "255" in out["prediction"][0]
    )
    assert model.save(str(data / "images"), here / "answers") == 40
    first = Image.open(here / "answers" / "p0.png")
    assert first.size == (48, 40) and set(np.unique(np.asarray(first))) == {0, 255}
    graded = model.evaluate(str(data))
    assert graded["rows"] == 40 and graded["baseline"]["mean_iou"] > 0.6
    assert "jaccard_distance" not in json.dumps(model.report()["sections"][0]), "it only chooses the weights"
    page = json.dumps(model.report(), ensure_ascii=False)
    assert "Intersection over union by class" in page and "data:image/jpeg" in page


def test_masks_that_do_not_fit_are_named(here) -> None:
    data = folder(here / "tiles")
    Image.new("L", (20, 20)).save(data / "masks" / "p3.png")
    (data / "masks" / "p5.png").write_bytes(b"torn")
    model = er.train(str(data), steps=4, limits={"max_damaged": 0.1}, **QUICK)
    page = json.dumps(model.report(), ensure_ascii=False)
    assert "20×20" in page and "p3.png" in page and "p5.png" in page
    with pytest.raises(UserError, match="2 of 40 rows cannot be read"):
        er.train(str(data), steps=4, limits={"max_damaged": 0.01}, **QUICK)


@pytest.mark.slow
def test_raw_arrays_and_three_classes(here) -> None:
    table = registry.get("recipes", "segmentation").demo()[:60]
    model = er.train(
        table, target="mask", recipe="segmentation", steps=12, options={"names": "ground,disc,square,bar"}, **QUICK
    )
    out = model.predict(table.drop("mask")[:3])
    assert out.columns == ["prediction", "share_ground", "share_disc", "share_square", "share_bar"] and out.height == 3
    model.save(table[:3], here / "answers")
    assert sorted(p.name for p in (here / "answers").iterdir()) == ["00000.png", "00001.png", "00002.png"]


def test_masks_of_one_class_are_told(here) -> None:
    pictures, masks = discs(20)
    table = pl.DataFrame({"image": pl.Series(pictures), "mask": pl.Series(np.zeros_like(masks))})
    with pytest.raises(UserError, match="fewer than two classes"):
        er.train(table, target="mask", recipe="segmentation", steps=4, **QUICK)


def test_beside_a_second_picture_the_mask_moves_once_with_the_first() -> None:
    from engineroom.core.config import make_config
    from engineroom.core.table import Table
    from engineroom.data.dataset import encode_table
    from engineroom.data.schema_inference import fit_schema, infer_schema

    masks = discs(12)[1]
    frame = pl.DataFrame({"image": pl.Series(masks), "other": pl.Series(masks), "mask": pl.Series(masks)})
    table, config = Table(frame), make_config({"task": "segmentation", "target": "mask"})
    data = encode_table(frame, fit_schema(infer_schema(table, config), table, np.arange(12), config.limits))
    batch = data.augmented(np.arange(12), 1, 0)
    first, said = batch["column:image"][:, 0], batch["target"]
    bright = first > (first.amax((1, 2), keepdim=True) + first.amin((1, 2), keepdim=True)) / 2
    assert float((bright == (said == 1)).float().mean()) > 0.95
    assert not torch.equal(said, data.batch(np.arange(12))["target"])
