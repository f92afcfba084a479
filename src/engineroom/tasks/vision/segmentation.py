"""LOSS: what is where? A class for every pixel of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...metrics import segmentation as metrics
from ...modalities.vision._masks import resized
from ...modalities.vision.mask import UNKNOWN
from ...preprocessing.media_columns import answers_there
from ...rendering.vision import mask_overlay as overlay
from .._base import BaseTask
from .._explained_score import things_stay

NOBODY, NEW = 255, 254  # in truths: a pixel that does not count; one whose class training never saw
CLEAR = 0.002  # of the pixels: a class that covers less of a picture is not named in its answer


@dataclass(frozen=True)
class Segmentation(BaseTask):
    """Cross entropy and soft Dice (Milletari et al. 2016), half each. Pixels of ignored classes neither teach nor
    count.

    Ground truth: the mask's pixels at its own size. An answer is enlarged to it by the nearest pixel, as `predict -o
    FOLDER` writes it. Validation during training compares at the network's size.
    """

    ignore: str = ""  # classes that do not count, joined by commas: 11 or void,unlabelled
    names: str = ""  # what to call the classes in reports and answers, in the order of their numbers, joined by commas
    values: tuple[str, ...] = field(default=(), metadata={"bound": True})  # names of the classes that count
    kept: tuple[int, ...] = field(default=(), metadata={"bound": True})  # their codes among the target's values

    averaged = ()
    output_type = "masks"
    head = "dense_prediction"
    backbones = {"picture": ("unet",)}
    training_defaults = "maps"
    baseline = "pixel_classifier"
    default_image_size = 640  # fine structures want their pixels; training looks at parts
    eval_batch_size = 8
    validates_encoded = True
    has_render = True
    extensions = ("",)
    primary_metric = "mean_iou"
    higher_is_better = True
    higher = ("mean_iou", "pixel_accuracy", "mean_dice", "iou", "dice", "roc_auc")
    lower = ("jaccard_distance",)
    monitor = "jaccard_distance"
    internal_metrics = ("jaccard_distance",)
    target_modality = "mask"

    def matches(self, target: Column) -> float:
        return 1.0 if target.modality == "mask" else 0.0

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not inference and target is None and table.root:
            answers_there(
                table,
                "mask",
                "masks",
                "images/x.jpg beside masks/x.png, x.jpg beside x_mask.png, or outlines as COCO, YOLO, Label Studio or "
                "CVAT",
            )
        return table

    def for_target(self, target: Column) -> Segmentation:
        known = [str(value) for value in target.state["values"]]
        called = [name.strip() for name in self.names.split(",") if name.strip()]
        ignored = [name.strip() for name in str(self.ignore).split(",") if name.strip()]
        if called and len(called) not in (len(known), len(known) - len(ignored)):
            raise UserError(
                f"{len(called)} names for {len(known)} classes.",
                f"The masks hold {', '.join(known[:30])}.",
                "Name them in this order.",
            )
        for name in ignored:
            if name not in known and name not in called:
                raise UserError(
                    f"The masks hold no class {name!r} to ignore.", "", nearest(name, known, label="Classes")
                )
        if called and len(called) < len(known):
            rest = iter(called)
            called = [value if value in ignored else next(rest) for value in known]
        both = list(zip(known, called or known, strict=True))
        kept = tuple(code for code, pair in enumerate(both) if not set(pair) & set(ignored))
        if len(kept) < 2:
            raise UserError(
                "The training masks hold fewer than two classes that count.",
                f"They hold {', '.join(known)}.",
                "There is nothing to tell apart.",
            )
        return replace(self, values=tuple(both[code][1] for code in kept), kept=kept)

    def fit_state(self, schema: Schema, data: Any, seed: int) -> Schema:
        """Every picture is read without its own light: which lamp shone would be learnt before what is rare."""
        for column in schema.inputs:
            if column.modality == "image":
                schema = schema.with_column(replace(column, state={**column.state, "even": True}))
        return schema

    def output_size(self, target: Column) -> int:
        return len(self.kept or target.state["values"])

    @property
    def table_of(self) -> np.ndarray:
        """(256,) code of a mask → class number, NOBODY where it does not count."""
        places = np.full(256, NOBODY, np.uint8)
        places[list(self.kept)] = np.arange(len(self.kept))
        return places

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        """(N, H, W) codes → class numbers uint8."""
        return self.table_of[codes]

    def decode_targets(self, values: pl.Series, codes: np.ndarray, target: Column) -> np.ndarray:
        """(N,) objects, each (H, W) class numbers uint8 in the mask's own size: NOBODY = ignored, NEW = a value that no
        training mask holds."""
        table = self.table_of
        table[UNKNOWN] = NEW
        return objects([table[one] for one in registry.get("modalities", target.modality).decode(values, target.state)])

    def target_notes(self, truth: np.ndarray) -> list[str]:
        new = [int((one == NEW).sum()) for one in truth]
        if not any(new):
            return []
        return [
            f"{sum(new):,} pixels of {sum(n > 0 for n in new):,} masks hold values that no training mask has; they "
            "are left out of every score."
        ]

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, C, H, W) logits, batch["target"] (B, H, W) uint8 codes."""
        K, C = output.shape[1:3]
        y = torch.from_numpy(self.table_of).to(output.device)[batch["target"].long()].long().repeat_interleave(K, 0)
        output = output.flatten(0, 1)
        known = y != NOBODY
        there = torch.where(known, y, 0)
        log_p = output.log_softmax(1)
        own = log_p.gather(1, there[:, None])[:, 0][known]  # (M,) of each pixel's true class
        true = torch.bincount(there[known], minlength=C)
        both = own.new_zeros(C).index_add(0, there[known], own.exp())
        said = (log_p.exp() * known[:, None]).sum((0, 2, 3))
        each = -own.sum() / known.sum().clamp_min(1)
        found = true > 0  # a class that is not in the batch says nothing
        dice = 1 - ((2 * both + 1) / (said + true + 1) * found).sum() / found.sum().clamp_min(1)
        return Losses(0.5 * each + 0.5 * dice, {"cross_entropy": each, "dice": dice})

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, C, H, W) logits → {"mask": (B, H, W) uint8} and for two classes {"probability": (B, H, W)} of the
        second."""
        p = output.softmax(2).mean(1)
        answers = {"mask": p.argmax(1).to(torch.uint8).numpy()}
        return answers | ({"probability": p[:, 1].numpy()} if p.shape[1] == 2 else {})

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) how far the pixels that are not of the picture's commonest class keep theirs."""
        return things_stay(output.movedim(2, -1), whole.movedim(2, -1))

    def fit_calibration(self, answers: Predictions, truth: np.ndarray) -> dict[str, float]:
        """For two classes, the threshold with the best mean IoU on the validation rows."""
        if "probability" not in answers:
            return {}
        hits, alarms = (metrics.histogram(answers["probability"], truth == k) for k in (1, 0))
        if not hits.sum() or not alarms.sum():
            return {}
        ious = np.nanmean(metrics.overlap(metrics.counts_from(hits, alarms)), -1)
        return {"threshold": round(metrics.threshold(int(ious.argmax())), 6)}

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        if "probability" not in answers or "threshold" not in state:
            return answers
        return {**answers, "mask": (answers["probability"] >= state["threshold"]).astype(np.uint8)}

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """A row's confusion (C, C), for two classes its histograms of probability, and the answer itself as a PNG."""
        C = len(self.kept)
        pairs = [(t, resized(s, *t.shape)) for t, s in zip(truth, answers["mask"], strict=True)]
        counts = np.stack([metrics.confusion(t, s, C) for t, s in pairs]) if len(truth) else np.zeros((0, C, C), int)
        records = {
            "truth": counts.sum(2),
            "confusion": counts,
            "loss": 1 - np.nan_to_num(np.trace(counts, axis1=1, axis2=2) / counts.sum((1, 2)).clip(1)),
        }
        if "probability" in answers:
            for name, k in (("positives", 1), ("negatives", 0)):
                found = [
                    metrics.histogram(resized(p, *t.shape), t == k)
                    for p, t in zip(answers["probability"], truth, strict=True)
                ]
                records[name] = np.stack(found) if found else np.zeros((0, metrics.BINS), int)
        said = np.empty(len(truth), object)
        said[:] = [overlay.packed(mask) for mask in answers["mask"]]
        return {**records, "said": said}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records["confusion"], records.get("positives"), records.get("negatives"))

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """The classes of each picture by size, and the share of its pixels that each has; for masks themselves see
        `write`."""
        pixels = answers["mask"].reshape(len(answers["mask"]), -1)
        share = np.stack([(pixels == k).mean(1) for k in range(len(self.values))], 1)
        said = ["|".join(self.values[k] for k in np.argsort(-row, kind="stable") if row[k] >= CLEAR) for row in share]
        return pl.DataFrame(
            {"prediction": said} | {f"share_{name}": share[:, k].round(5) for k, name in enumerate(self.values)}
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder of PNG masks in the size of their pictures, holding the numbers or colours of the training masks."""
        overlay.save_masks(
            answers["mask"], frame, schema, path, [schema.target.state["numbers"][code] for code in self.kept]
        )

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        mask = overlay.unpacked(answers["said"][place]) if "said" in answers else answers["mask"][place]
        return overlay.drawn(frame, row, schema, mask, self.table_of, self.values)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return overlay.exhibits(records, baseline, list(self.values))

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        counts = records["confusion"][row]
        if not counts.sum():
            return "no pixel counts", ""
        wrong = counts - np.diag(np.diag(counts))
        true, said = np.unravel_index(int(wrong.argmax()), wrong.shape)
        most = f" · most often {self.values[said]} for {self.values[true]}" if wrong.any() else ""
        return (
            f"IoU {np.nanmean(metrics.overlap(counts)):.2f}",
            f"{1 - records['loss'][row]:.1%} of the pixels right{most}",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Rows from the worst overlap on."""
        each = np.array([np.nanmean(metrics.overlap(c)) if c.sum() else 1.0 for c in records["confusion"]])
        return np.argsort(each, kind="stable")[: int((each < 1).sum())]


TASK = Segmentation()
