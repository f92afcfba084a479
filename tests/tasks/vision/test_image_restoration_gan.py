"""A finish on few pictures: what it begins with is examined beside it, each picture moves with its truth, and unknown
finishes are named."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch

import engineroom as er
from engineroom.core.batch import Batch
from engineroom.core.errors import UserError
from engineroom.core.table import Table
from engineroom.layers.patch_discriminator import GRID, moved
from engineroom.tasks._base import make_task
from engineroom.tasks.vision.image_restoration import Finished


def test_a_picture_and_its_truth_are_moved_alike() -> None:
    pictures = torch.arange(2 * 3 * 24 * 24.0).view(2, 3, 24, 24)
    seen = {float(moved(pictures, step)[0, 0, 0, 0]) for step in range(64)}
    assert len(seen) == GRID**2, "every place of the grid has its turn"
    truth = torch.randint(0, 256, (2, 3, 24, 24), dtype=torch.uint8)
    small = torch.zeros(2, 3, 12, 12, dtype=torch.uint8)
    batch = Batch({"target": truth, "column:damaged": small}, np.arange(2), 5)
    task = Finished()
    assert torch.allclose(task.fake_samples((truth / 255)[:, None], batch), task.real_samples(batch) + 1 - 1, atol=1e-5)


@pytest.mark.parametrize("damage", ["x2", "grey"])
def test_the_network_before_its_finish_stands_beside_it(tmp_path, damage: str) -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (12, 12, 12, 3), dtype=np.uint8).repeat(6, 1).repeat(6, 2)
    table = pl.DataFrame({"picture": pl.Series(pictures), "split": ["train"] * 8 + ["val"] * 2 + ["test"] * 2})
    common = {
        "target": "picture",
        "task": "image_restoration",
        "show": "quiet",
        "train__threads": 1,
        "train__precision": "fp32",
        "model__size": "small",
    }
    before = er.train(table, steps=2, run=str(tmp_path / "before"), options={"degradation": damage}, **common)
    after = er.train(
        table,
        steps=3,
        run=str(tmp_path / "after"),
        options={"degradation": damage, "adversarial": "gan"},
        start=str(tmp_path / "before"),
        **common,
    )
    assert before.manifest["objective"] == "supervised" and after.manifest["objective"] == "adversarial_finetuning"
    assert after.task.primary_metric == "texture" and {"psnr", "ssim", "texture", "detail"} <= set(after.metrics)
    report = (after.path / "report.html").read_text()
    assert "the same network before its finish" in report and "trades PSNR" in report
    data = json.loads((after.path / "report.json").read_text())
    rows = data["sections"][0]["exhibits"][0]["data"]["rows"]
    columns = data["sections"][0]["exhibits"][0]["data"]["columns"]
    result = dict(zip(columns, next(row for row in rows if row[0] == "before"), strict=True))
    assert result["psnr"] == pytest.approx(before.metrics["psnr"], abs=0.01)
    assert er.load(str(after.path)).network is not None


def test_an_unknown_finish_is_refused() -> None:
    table = Table(pl.DataFrame({"picture": np.zeros((6, 8, 8, 3), np.uint8)}))
    with pytest.raises(UserError, match="no finish 'gam'"):
        make_task("image_restoration", {"adversarial": "gam"}).build_samples(table, "picture", inference=False)
