"""LOSS: what was this picture before it was shrunk, full of noise or without colour? Good pictures teach it: they are
damaged as training goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError, UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...layers.degradation import KINDS, LIGHT, SCALES, scale_of
from ...layers.patch_discriminator import Patches, moved
from ...metrics import image_restoration as metrics
from ...metrics.perceptual import detail, texture
from ...modalities.vision._ragged_images import unpacked
from ...modalities.vision.degraded_image import PART
from ...preprocessing.media_columns import media_column, split_column, split_hint
from ...rendering.vision.before_after import abreast_all, png, save_pictures, unpng
from .._base import BaseTask
from .._explained_score import likeness

ASKED = "damaged"  # what the model reads
LEAST = 4  # pictures
FINISHES = ("none", "gan")
TRADE = (
    "A finish trades PSNR for it. The critic and its inner layers have learnt of the training pictures alone, never "
    "of photographs elsewhere; "
    "details it adds are likely ones, not known ones."
)


@dataclass(frozen=True)
class Restoration(BaseTask):
    """Answers: {"picture": (N,) of (H, W, 3) uint8}. The network says what is to be added to the picture as it came,
    enlarged where it was shrunk; mean absolute error of colours and of their brightness.

    Ground truth: the middle of each picture (at most 512 pixels a side, in whole multiples of the scale) as the file
    holds it, in 8 bits a colour; the question is the same part, damaged by our own code. PSNR and SSIM of a picture
    that `predict` restores are computed alike, on the whole picture.
    """

    degradation: str = "x2"  # x2, x3, x4: shrunk so many times; noise; grey
    adversarial: str = "none"  # gan: a critic tells answers from real pictures and pulls them to where real ones lie
    adversarial_weight: float = 1.0  # of that pull
    kind_of: str = field(default="x2", metadata={"bound": True})

    output_type = "restored"
    head = "pixel_shuffle"
    backbones = {"picture": ("edsr",)}
    training_defaults = "image_restoration"
    baseline = "classical_restoration"
    default_image_size = PART  # pixels: so much of the middle of a picture teaches or judges
    eval_batch_size = 1  # pictures differ in size
    max_eval_rows = 12
    has_render = True
    caption = "Test pictures evenly taken, good and bad alike. Below each its busiest part."
    extensions = ("",)
    primary_metric = "psnr"
    higher_is_better = True
    higher = ("psnr", "ssim")
    lower = ("rmse", "texture")
    internal_metrics = ("blend",)
    monitor = "rmse"
    target_modality = "clean_image"

    def for_column(self, target: Column) -> Restoration:
        return (
            Finished(**{one.name: getattr(self, one.name) for one in fields(self)})
            if self.adversarial == FINISHES[1]
            else self
        )

    def for_target(self, target: Column) -> Restoration:
        return replace(self.for_column(target), kind_of=str(target.state["damage"]))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Every picture twice: as it is, and as one that will be damaged. Who asks brings pictures that are."""
        if self.degradation not in KINDS:
            raise UserError(
                f"Pictures cannot be damaged by {self.degradation!r}.",
                "",
                nearest(self.degradation, KINDS, label="Kinds of damage"),
            )
        if self.adversarial not in FINISHES:
            raise UserError(
                f"There is no finish {self.adversarial!r}.", "", nearest(self.adversarial, FINISHES, label="Finishes")
            )
        frame = table.frame
        known = [one for one in (target, ASKED) if one in frame.columns]
        name = media_column(table, known[0] if known else None, "image", "pictures")
        if inference:
            return replace(table, frame=frame.rename({name: ASKED}) if name != ASKED else frame, hints={})
        if frame.height < LEAST:
            raise DataError(
                f"{frame.height} pictures are too few to learn from, to validate and to test.",
                "",
                f"Bring at least {LEAST}; dozens are better.",
            )
        whole = target or "picture"
        split = split_column(table)
        kept = pl.DataFrame([frame[name].alias(whole), *([frame[split]] if split else [])])
        kept = kept.with_columns(
            pl.struct(frame[name].alias("source"), pl.Series("chance", range(frame.height), pl.Int64)).alias(ASKED)
        )
        kept = kept.filter(pl.Series(frame[name].is_not_null()))
        facts = {"damage": self.degradation}
        hints: dict[str, dict[str, Any]] = {
            whole: {"modality": "clean_image", "role": "target", "why": "the picture as it is", "facts": facts},
            ASKED: {
                "modality": "degraded_image",
                "role": "input",
                "why": f"the same, damaged by our own code: {self.degradation}",
                "facts": facts,
            },
        }
        return Table(kept, table.name, hints | split_hint(table, split), table.notes, table.skipped)

    def output_size(self, target: Column) -> int:
        return scale_of(target.state["damage"])

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        """Ragged bytes → (N,) of (H, W, 3) uint8."""
        return objects(unpacked(codes))

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, 1, 3, H, W) in levels of 255 to be added; batch["target"] (B, 3, H, W) uint8."""
        gap = 255 * output[:, 0] + enlarged(batch, output.shape[-1]) - batch["target"].float()
        light = (gap * torch.from_numpy(LIGHT).to(gap.device)[:, None, None]).sum(1)
        colour, bright = gap.abs().mean() / 255, light.abs().mean() / 255
        return Losses(colour + bright, {"colour": colour, "brightness": bright})

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, 3, H, W) → pictures in their own sizes."""
        whole = (
            (enlarged(batch, output.shape[-1]).cpu() + 255 * output[:, 0])
            .round()
            .clamp(0, 255)
            .to(torch.uint8)
            .permute(0, 2, 3, 1)
            .numpy()
        )
        scale, mask = self.output_size(target), batch[f"column:{ASKED}_mask"]
        high, wide = (mask[:, :, 0].sum(1) * scale).tolist(), (mask[:, 0].sum(1) * scale).tolist()
        return {
            "picture": objects(
                [np.ascontiguousarray(whole[row, :h, :w]) for row, (h, w) in enumerate(zip(high, wide, strict=True))]
            )
        }

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which the repair is still that of the whole picture."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """A row's PSNR and SSIM, and the answer itself as a PNG."""
        colour = self.kind_of not in SCALES
        pairs = list(zip(answers["picture"], truth, strict=True))
        found = [metrics.compared(said, true, 0 if colour else scale_of(self.kind_of), colour) for said, true in pairs]
        each = np.array(found, np.float64).reshape(-1, 2)
        looks = {
            name: np.array([measure(said, true) for said, true in pairs], float)
            for name, measure in (("texture", texture), ("detail", detail))
        }
        sizes = np.array([one.shape[0] * one.shape[1] for one in truth])
        return {
            "truth": sizes,
            "psnr": each[:, 0],
            "ssim": each[:, 1],
            **looks,
            "loss": -each[:, 0],
            "said": objects([png(said) for said, _ in pairs]),
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """A table cannot show pictures: their sizes; for the pictures themselves see `write`."""
        sizes = [one.shape[:2] for one in answers["picture"]]
        return pl.DataFrame(
            {
                "prediction": [f"{w}×{h}" for h, w in sizes],
                "width": [w for _, w in sizes],
                "height": [h for h, _ in sizes],
            }
        )

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder of PNG files, named after their pictures."""
        save_pictures(answers["picture"], frame, schema, path)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        said = unpng(answers["said"][place]) if "said" in answers else answers["picture"][place]
        return abreast_all(frame, row, schema, said, self.output_size(schema.target), "bicubic")

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        labels = [f"row {k + 1}" for k in range(min(20, len(records["psnr"])))]
        series = [
            {"name": name, "values": one["psnr"][: len(labels)].round(2).tolist()}
            for name, one in (("deep", records), ("classical", baseline))
        ]
        words = "The first test pictures. " + (
            "On all colours."
            if self.kind_of not in SCALES
            else "On the light alone, without the border, as the literature counts."
        )
        return [Panel("bars", "Scores by image", {"labels": labels, "series": series, "y": "PSNR in dB"}, words)]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return f"PSNR {records['psnr'][row]:.2f} dB", f"SSIM {records['ssim'][row]:.3f}"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """The worst quarter."""
        return np.argsort(records["psnr"], kind="stable")[: len(records["psnr"]) // 4]


def enlarged(batch: Batch, width: int) -> Tensor:
    """(B, 3, H, W) float: the pictures as they came, brought to `width` by bicubic interpolation."""
    x = batch[f"column:{ASKED}"].float()
    scale = width // x.shape[-1]
    return x if scale == 1 else F.interpolate(x, scale_factor=float(scale), mode="bicubic", align_corners=False)


@dataclass(frozen=True)
class Finished(Restoration):
    """The same question with a finish: chosen and graded by how real its answers look, beside how near they are.

    A critic of patches stands beside (objectives/adversarial_finetuning.py). PSNR falls: for the best PSNR take the
    model before it.
    """

    objective = "adversarial_finetuning"
    training_defaults = "finishing"
    primary_metric = "texture"
    higher_is_better = False
    monitor = "blend"

    def discriminator(self, target: Column, condition: int) -> nn.Module:
        return Patches(3)

    def real_samples(self, batch: Batch) -> Tensor:
        """(B, 3, H, W) from -1 to 1."""
        return moved(batch["target"].float() / 127.5 - 1, batch.step)

    def fake_samples(self, output: Tensor, batch: Batch) -> Tensor:
        """output (B, 1, 3, H, W) in levels of 255 to be added → pictures (B, 3, H, W) from -1 to 1, as moved as the
        real ones."""
        return moved((255 * output[:, 0] + enlarged(batch, output.shape[-1])) / 127.5 - 1, batch.step)

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        """Both sides of the trade, picture by picture."""
        labels = [f"row {k + 1}" for k in range(min(20, len(records["psnr"])))]
        series = [
            {"name": name, "values": one["texture"][: len(labels)].round(3).tolist()}
            for name, one in (("deep", records), ("classical", baseline))
        ]
        words = (
            "How far the patches of a picture are from those of the original, wherever they lie: 0 would be a picture "
            "as real as it. " + TRADE
        )
        bars = Panel(
            "bars",
            "Perceptual distance by image",
            {"labels": labels, "series": series, "y": "distance of textures"},
            words,
        )
        return [bars, *super().panels(records, baseline, target)]


TASK = Restoration()
