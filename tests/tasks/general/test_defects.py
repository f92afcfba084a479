"""Odd pictures: only good ones teach, made-up ones validate, the map names the place, the report draws the oddest, heat
can be saved."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

import engineroom as er
from engineroom.core.batch import Batch
from engineroom.core.errors import DataError
from engineroom.core.schema import Column
from engineroom.core.table import Table
from engineroom.modalities.vision.image import decode
from engineroom.rendering.vision.anomaly_maps import cell, levels
from engineroom.tasks._base import make_task
from engineroom.tasks.general._defects import Flaws, peak

TARGET = Column(
    "state", "defect_label", "target", {"values": ["normal", "anomaly", "dot", "line"], "height": 32, "width": 32}
)


def plates(rows: int = 120, seed: int = 0) -> pl.DataFrame:
    """Grey plates with a little noise; every fourth has a bright dot or a dark line."""
    rng = np.random.default_rng(seed)
    x = rng.normal(120, 6, (rows, 32, 32))
    states = ["good"] * rows
    for row in range(0, rows, 4):
        a, b = rng.integers(4, 26, 2)
        states[row] = ("dot", "line")[row // 4 % 2]
        if states[row] == "dot":
            x[row, a : a + 4, b : b + 4] = 220
        else:
            x[row, a, 4:28] = 30
    return pl.DataFrame({"picture": pl.Series(np.clip(x, 0, 255).astype(np.uint8)), "state": states})


def reframed(frame: pl.DataFrame, target: str | None = "state", **options) -> Table:
    return make_task("anomaly_detection", options).build_samples(Table(frame), target, inference=False)


def test_good_pictures_teach_and_made_up_flaws_validate() -> None:
    table = reframed(plates())
    counts = {(split, state): n for split, state, n in table.frame.group_by("split", "state").len().iter_rows()}
    assert {state for split, state in counts if split == "train"} == {"normal"}
    assert (
        counts["test", "dot"] == counts["test", "line"] == 15
        and counts["val", "normal"] <= counts["val", "anomaly"] <= 2 * counts["val", "normal"]
    )
    assert table.hints["state"]["facts"]["values"] == ["normal", "anomaly", "dot", "line"]
    assert "vertical" in table.hints["state"]["facts"]["flips"]  # nobody can tell a plate turned upside down …
    lit = plates().with_columns(
        pl.Series(
            "picture",
            np.stack(plates()["picture"].to_list()).reshape(-1, 32, 32).astype(np.uint8) // 2
            + np.arange(0, 96, 3, dtype=np.uint8)[:, None],
        )
    )
    assert "vertical" not in reframed(lit).hints["state"]["facts"]["flips"]  # … unless the light comes from below
    taught = reframed(plates(), n_labelled_anomalies=6).frame.filter(split="train")
    assert (taught["state"] == "anomaly").sum() == 6
    alone = reframed(plates().drop("state"), None)
    assert (
        "judged by made-up flaws" in alone.notes[-1]
        and (alone.frame.filter(split="test")["anomaly"] == "anomaly").any()
    )


def test_too_few_good_pictures_or_two_columns_are_told() -> None:
    with pytest.raises(DataError, match="too few good"):
        reframed(plates(20))
    with pytest.raises(DataError, match="2 columns of pictures"):
        reframed(plates().with_columns(pl.col("picture").alias("again")))


def test_made_up_cells_have_the_form_of_their_column() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 9, 1), dtype=np.uint8)
    for dtype in (pl.String, pl.Binary):
        made = cell(pixels, dtype)
        assert np.array_equal(decode(made, pixels=1000), pixels) and pl.Series([made]).dtype == dtype
    assert np.array_equal(cell(pixels, pl.Array(pl.UInt8, (8, 9))), pixels[..., 0])
    with pytest.raises(ValueError):
        decode("data:image/png;base64,%%%", pixels=1000)


def test_the_loss_knows_places_and_the_hottest_decide() -> None:
    task = make_task("anomaly_detection", {}).for_target(TARGET)
    assert isinstance(task, Flaws) and task.kinds == ("dot", "line") and task.output_size(TARGET) == 1
    y = torch.zeros(4, 32, 32, dtype=torch.uint8)
    y[0, 4:12, 4:12], y[3] = 1, 255
    z = torch.full((4, 1, 1, 8, 8), -6.0)
    z[0, 0, 0, 1:3, 1:3], z[3, 0, 0, 5, 5] = 6.0, 6.0
    right = task.loss(z, Batch({"target": y}, np.arange(4), 0)).total
    wrong = task.loss(-z, Batch({"target": y}, np.arange(4), 0)).total
    assert right < 0.2 < 2 < wrong
    assert peak(z[:, 0, 0]).tolist() == [6.0, -6.0, -6.0, 6.0]
    assert task.score_outputs(z, z[:1], TARGET).tolist() == [6.0, -6.0, -6.0, 6.0]
    codes = task.loss(z, Batch({"target": torch.tensor([1, 0, 0, 1])}, np.arange(4), 0))
    assert torch.isfinite(codes.total)
    assert levels(np.array([0.0, 40.0, -40.0])).tolist() == [128, 255, 0]


@pytest.mark.slow
def test_a_flaw_is_found_drawn_and_saved(here) -> None:
    frame = plates(200)
    model = er.train(
        frame,
        target="state",
        recipe="anomaly_detection",
        steps=220,
        show="quiet",
        train__threads=1,
        train__precision="fp32",
        model__size="small",
    )
    assert model.deep_metrics["roc_auc"] > 0.9, model.metrics
    again = er.load(str(model.path))
    heat = again.answers(again.open(frame.drop("state")))[0]["heat"]
    pixels = np.stack(frame["picture"].to_list()).reshape(-1, 32, 32)
    hits = 0
    for row in np.flatnonzero(frame["state"] == "dot"):
        place = np.unravel_index(heat[row].argmax(), heat[row].shape)
        scale = 32 // heat.shape[1]
        hits += (
            pixels[row, place[0] * scale : (place[0] + 1) * scale, place[1] * scale : (place[1] + 1) * scale].max()
            > 180
        )
    assert hits > 0.8 * (frame["state"] == "dot").sum()
    page = again.report_path.read_text("utf-8")
    assert "where it is odd" in page and "Scores by kind" in page
    again.save(frame.drop("state")[:3], "heat")
    saved = Image.open(io.BytesIO((here / "heat" / "00000.png").read_bytes()))
    assert saved.size == (32, 32) and saved.mode == "L"
    assert set(again.evaluate(frame)["baseline"]) >= {"roc_auc", "recall"}
