"""LOSS: what is where, as boxes? Any number of objects in a picture, each with a class and a score."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.panels import Finding, Panel
from ...core.protocols import Ragged
from ...core.schema import Column, Schema
from ...core.table import Table
from ...decoding import centernet as centres
from ...metrics import detection as metrics
from ...modalities.vision._boxes import read_boxes, suppressed, write_boxes
from ...modalities.vision.boxes import readable_cell
from ...preprocessing.media_columns import answers_there
from ...rendering.vision import boxes as found
from .._base import BaseTask

SMOOTH = 5.0  # how much the places of the sides count beside the heat (Liu et al. 2020)


@dataclass(frozen=True)
class Detection(BaseTask):
    """Anchor-free: heat at the middle of every object, distances to its sides (see `_centres`).

    Ground truth: the boxes of the table in their picture; boxes of a class that training never saw count as missed
    (COCO's rules).
    """

    nms_iou: float = 0.6  # answers of one class that overlap more (IoU) are one object, said twice
    values: tuple[str, ...] = field(default=(), metadata={"bound": True})  # the classes
    # height, width of the network's picture, pixels
    size: tuple[int, int] = field(default=(0, 0), metadata={"bound": True})

    averaged = ()
    output_type = "boxes"
    head = "dense_prediction"
    backbones = {"picture": ("fpn",)}
    training_defaults = "boxes"
    baseline = "sliding_windows"
    default_image_size = 320
    eval_batch_size = 16
    has_render = True
    extensions = (".json",)
    primary_metric = "map_50"
    higher_is_better = True
    higher = ("map_50", "map", "f1", "precision", "recall")
    lower = ("map_gap",)
    monitor = "map_gap"
    internal_metrics = ("map_gap",)
    target_modality = "boxes"

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not inference and target is None and table.root:
            answers_there(
                table,
                "boxes",
                "boxes",
                "x.xml (Pascal VOC), COCO JSON, YOLO text (images/ and labels/), Label Studio JSON, CVAT XML",
            )
        return table

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "boxes" else 0.0

    def for_target(self, target: Column) -> Detection:
        state = target.state
        return replace(self, values=tuple(state["values"]), size=(state["height"], state["width"]))

    def check_target(self, values: pl.Series, target: Column) -> list[Finding]:
        dropped = {row: count for row, cell in enumerate(values) if cell is not None and (count := lost(cell))}
        if not dropped:
            return []
        what = f"{sum(dropped.values())} boxes have no area or lie outside their picture, and were dropped."
        return [
            Finding(
                "warning",
                what,
                f"In {len(dropped)} training rows, the first of them the {next(iter(dropped)) + 1}th.",
                "Correct or remove them.",
            )
        ]

    def output_size(self, target: Column) -> int:
        return len(target.state["values"]) + 4

    def to_targets(self, codes: Ragged, target: Column) -> np.ndarray:
        """Ragged rows → (N,) objects, each (n, 5) x1 y1 x2 y2 class, in shares of the picture."""
        out = np.empty(len(codes.lengths), object)
        ends = np.cumsum(codes.lengths)
        out[:] = [
            codes.flat[end - length : end].astype(np.float64)
            for end, length in zip(ends.tolist(), codes.lengths.tolist(), strict=True)
        ]
        return out

    def decode_targets(self, values: pl.Series, codes: Ragged, target: Column) -> np.ndarray:
        """(N,) objects, each (n, 5) x1 y1 x2 y2 class, in float64 shares of the picture, which overlap as the pixels
        do. Classes that training never saw are numbered behind the known ones: their boxes are missed, as pycocotools
        counts a category without answers."""
        cells = [readable_cell(cell) for cell in values]
        names = list(target.state["values"])
        names += sorted({name for row, _ in cells for name in row} - set(names))
        place = {name: code for code, name in enumerate(names)}
        return objects(
            [
                np.array([[*box, place[name]] for name, box in zip(*cell, strict=True)], np.float64).reshape(-1, 5)
                for cell in cells
            ]
        )

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, C + 4, h, w), batch["target"] (B, T, 5) in shares of the picture; boxes without area are
        padding."""
        output, C = output[:, 0], len(self.values)
        h, w = output.shape[2:]
        boxes = batch["target"].to(output.dtype)
        scale = torch.tensor([w, h, w, h], device=output.device, dtype=output.dtype) * centres.STRIDE
        heat, corners, weights = centres.targets(torch.cat([boxes[..., :4] * scale, boxes[..., 4:]], -1), C, h, w)
        odds, distances = centres.read(output, C)
        parts = {
            "heat": centres.heat_loss(odds, heat),
            "sides": centres.box_loss(centres.boxes_at(distances), corners, weights),
        }
        return Losses(parts["heat"] + SMOOTH * parts["sides"], parts)

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, C + 4, h, w) → {"boxes": (B,) objects, each (n, 6) x1 y1 x2 y2 score class in shares of the picture,
        best first}."""
        height, width = self.size
        out = np.empty(len(output), object)
        for row, one in enumerate(centres.peaks(output[:, 0], len(self.values))):
            boxes = one.double().numpy()
            boxes[:, :4] = (boxes[:, :4] / [width, height, width, height]).clip(0, 1)
            out[row] = suppressed(boxes, most=self.nms_iou)
        return {"boxes": out}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) log odds of the surest box, where it was found in the whole picture."""
        classes = len(self.values)
        return output[:, 0, :classes].flatten(1)[:, int(whole[0, 0, :classes].argmax())].double()

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """The score from which boxes are given: the best F1 on the validation rows."""
        records = self.score_rows(answers, truth)
        every, total = np.concatenate([*records["matched"], np.zeros((0, 12))]), records["truth"].sum()
        if not len(every) or not total:
            return {}
        order = np.argsort(-every[:, 0], kind="stable")
        f1 = 2 * np.cumsum(every[order, 2]) / (np.arange(len(order)) + 1 + total)
        return {"threshold": round(float(every[order[int(f1.argmax())], 0]), 4)}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        return {**answers, "threshold": np.full(len(answers["boxes"]), state.get("threshold", 0.3))}

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """A row's answers matched at ten overlaps, its true boxes a class, and the answer itself."""
        # unknown classes behind the known ones
        N, C = (len(truth), max([len(self.values), *(int(true[:, 4].max(initial=-1)) + 1 for true in truth)]))
        threshold = answers.get("threshold", np.full(N, 0.3))
        matched = np.empty(N, object)
        matched[:] = [metrics.match(said, true) for said, true in zip(answers["boxes"], truth, strict=True)]
        totals = np.array([np.bincount(true[:, 4].astype(int), minlength=C) for true in truth], int).reshape(N, C)
        hits = np.array([one[one[:, 0] >= t, 2].sum() for one, t in zip(matched, threshold, strict=True)])
        given = np.array([(one[:, 0] >= t).sum() for one, t in zip(matched, threshold, strict=True)])
        both = given + totals.sum(1)
        loss = 1 - np.divide(2 * hits, both, out=np.ones(N), where=both > 0)
        return {
            "truth": totals,
            "matched": matched,
            "threshold": threshold,
            "hits": hits,
            "given": given,
            "loss": loss,
            "said": answers["boxes"],
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(list(records["matched"]), records["truth"], records["threshold"])

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """prediction: JSON of the boxes (class, score, corners in pixels), as training data may hold them; how many
        there are of each class."""
        given = found.given(answers)
        cells = [write_boxes(boxes, self.values, size) for boxes, size in zip(given, found.sizes(frame), strict=True)]
        counts = np.array(
            [np.bincount(boxes[:, 5].astype(int), minlength=len(self.values)) for boxes in given]
        ).reshape(-1, len(self.values))
        return pl.DataFrame(
            {"prediction": cells} | {f"count_{name}": counts[:, k] for k, name in enumerate(self.values)}
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """COCO's JSON: images, categories, annotations with score."""
        found.save_coco(answers, frame, schema, path, self.values)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        boxes = answers["said" if "said" in answers else "boxes"][place]
        return found.drawn(frame, row, schema, boxes[boxes[:, 4] >= answers["threshold"][place]], self.values)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return found.exhibits(records, baseline, list(self.values))

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        hits, given, true = int(records["hits"][row]), int(records["given"][row]), int(records["truth"][row].sum())
        return f"{true - hits} missed, {given - hits} too many", f"{hits} of {true} found"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Rows from the worst F1 on."""
        return np.argsort(-records["loss"], kind="stable")[: int((records["loss"] > 0).sum())]


def lost(cell: object) -> int:
    """Boxes of a cell that are dropped; a cell that cannot be read is named elsewhere."""
    try:
        return read_boxes(cell)[2]
    except ValueError:
        return 0


TASK = Detection()
