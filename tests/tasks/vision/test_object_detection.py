"""Boxes through the front door: targets and losses that mean what they say, COCO's JSON, damaged cells."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core import registry
from engineroom.core.batch import Batch
from engineroom.core.errors import UserError
from engineroom.core.schema import Column
from engineroom.decoding import centernet as centres

QUICK = {"show": "quiet", "train__threads": 1, "train__precision": "fp32"}
TARGET = Column(
    "boxes", "boxes", "target", {"values": ["a", "b"], "counts": [1, 1], "flips": [], "height": 64, "width": 96}
)


def task_of(**options):
    return registry.get("tasks", "object_detection").__class__(**options).for_target(TARGET)


def table(rows: int = 60) -> pl.DataFrame:
    """One to three bright squares (class big or small) on dark ground."""
    rng = np.random.default_rng(0)
    pictures, cells = rng.normal(60, 10, (rows, 48, 48)), []
    for picture in pictures:
        found = []
        for column in rng.permutation([2, 18, 34])[: rng.integers(1, 4)]:
            side, top = (12, int(rng.integers(0, 34))) if rng.random() < 0.5 else (7, int(rng.integers(0, 40)))
            picture[top : top + side, column : column + side] += 120
            corners = {"x1": column / 48, "y1": top / 48, "x2": (column + side) / 48, "y2": (top + side) / 48}
            found.append({"class": "big" if side == 12 else "small", **{k: float(v) for k, v in corners.items()}})
        cells.append(json.dumps(found))
    return pl.DataFrame({"image": pl.Series(pictures.clip(0, 255).astype(np.uint8)), "boxes": cells})


def ideal(boxes: torch.Tensor) -> torch.Tensor:
    """The output that says exactly these boxes (B, T, 5), in pixels of a 64 × 96 picture."""
    heat, corners, _ = centres.targets(boxes, 2, 16, 24)
    x, y = (torch.arange(24) + 0.5) * 4, (torch.arange(16) + 0.5) * 4
    distances = torch.stack(
        [x - corners[:, 0], y[:, None] - corners[:, 1], corners[:, 2] - x, corners[:, 3] - y[:, None]], 1
    ).clamp_min(0.1)
    sides = torch.log(torch.expm1(distances / centres.SCALE))
    return torch.cat([torch.logit(heat.clamp(1e-3, 1 - 1e-3)) - centres.PRIOR, sides], 1)[:, None]


BOXES = torch.tensor([[[8.0, 8, 40, 32, 0], [50, 10, 62, 60, 1], [10, 10, 20, 20, 1], [0, 0, 0, 0, 0]]])


def test_targets_say_where_the_middles_are() -> None:
    heat, corners, weights = centres.targets(BOXES, 2, 16, 24)
    assert [(c, y, x) for c, y, x in (heat[0] == 1).nonzero().tolist()] == [(0, 5, 6), (1, 3, 3), (1, 8, 14)]
    assert corners[0, :, 5, 6].tolist() == [8, 8, 40, 32] and corners[0, :, 3, 3].tolist() == [10, 10, 20, 20], (
        "the smaller box has the place"
    )
    assert weights[0, 0, 23] == 0 and float(weights.sum()) == pytest.approx(
        sum(np.log(a) for a in (32 * 24, 12 * 50, 100)), rel=1e-4
    )


def test_the_ideal_output_has_the_least_loss_and_gives_the_boxes_back() -> None:
    task, said = task_of(), ideal(BOXES)
    shares = torch.cat([BOXES[..., :4] / torch.tensor([96.0, 64, 96, 64]), BOXES[..., 4:]], -1)
    batch = Batch({"target": shares}, np.arange(1))
    least = float(task.loss(said, batch).total)
    assert least < 0.2 < float(task.loss(torch.zeros_like(said), batch).total)
    answers = task.postprocess(said, batch, TARGET)
    truth = np.empty(1, object)
    truth[0] = shares[0, :3].double().numpy()
    assert task.compute_metrics(task.score_rows(answers, truth))["map"] > 0.99


def test_options_matter() -> None:
    twice = torch.tensor([[[8.0, 8, 40, 32, 0], [22, 8, 54, 32, 0]]])  # IoU 0.39
    batch = Batch({}, np.arange(1))
    assert [len(task_of(nms_iou=o).postprocess(ideal(twice), batch, TARGET)["boxes"][0]) for o in (0.2, 0.9)] == [1, 2]


def test_the_threshold_is_the_one_with_the_best_f1() -> None:
    task, truth, boxes = task_of(), np.empty(2, object), np.empty(2, object)
    truth[:] = [np.array([[0.1, 0.1, 0.3, 0.3, 0]])] * 2
    boxes[:] = [np.array([[0.1, 0.1, 0.3, 0.3, 0.5, 0], [0.6, 0.6, 0.9, 0.9, 0.2, 0]])] * 2
    state = task.fit_calibration({"boxes": boxes}, truth)
    assert state["threshold"] == 0.5
    assert task.compute_metrics(task.score_rows(task.apply_calibration({"boxes": boxes}, state), truth))["f1"] == 1.0


@pytest.mark.slow
def test_from_table_to_boxes_and_back(here) -> None:
    data = table(80)
    model = er.train(data, target="boxes", recipe="object_detection", steps=120, seed=1, **QUICK)
    assert model.deep_metrics["map_50"] > 0.6 and "map_50" in model.manifest["baseline"]["metrics"], model.metrics
    out = model.predict(data[:6])
    assert er.load(str(model.path)).predict(data[:6]).equals(out) and out.columns == [
        "prediction",
        "count_big",
        "count_small",
    ]
    cell = json.loads(out["prediction"][0])
    assert cell["width"] == 48 and {"class", "score", "x1", "y1", "x2", "y2"} == set(cell["boxes"][0])
    model.save(data[:6], here / "found.json")
    found = json.loads((here / "found.json").read_text())
    assert len(found["images"]) == 6 and [c["name"] for c in found["categories"]] == ["big", "small"]
    assert all(0 <= one["score"] <= 1 and len(one["bbox"]) == 4 for one in found["annotations"])
    graded = model.evaluate(data[:20])
    assert graded["rows"] == 20 and graded["deep"]["map_50"] > 0.6 and "map_50" in graded["baseline"]
    page = json.dumps(model.report())
    assert "Average precision by class" in page and "stroke-dasharray" in page


def test_cells_that_are_no_boxes_are_named(here) -> None:
    data = table(60)
    cells = data["boxes"].to_list()
    cells[3], cells[4] = "{torn", json.dumps([{"class": "big", "x1": 0.5, "y1": 0.5, "x2": 0.5, "y2": 0.9}])
    data = data.with_columns(boxes=pl.Series(cells))
    model = er.train(
        data,
        target="boxes",
        recipe="object_detection",
        steps=4,
        limits={"max_damaged": 0.1},
        split={"test": 0.1},
        **QUICK,
    )
    assert "no JSON" in json.dumps(model.report())
    with pytest.raises(UserError, match="1 of 60 rows cannot be read"):
        er.train(data, target="boxes", recipe="object_detection", steps=4, limits={"max_damaged": 0.001}, **QUICK)


def test_a_table_without_boxes_is_told(here) -> None:
    data = table(40).with_columns(boxes=pl.lit("[]"))
    with pytest.raises(UserError, match="holds no boxes"):
        er.train(data, target="boxes", recipe="object_detection", steps=4, **QUICK)
