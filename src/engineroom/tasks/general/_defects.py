"""LOSS: what is odd about this picture, and where? A network learns to mark flaws that are made on good pictures, and
marks what looks like one.

After CutPaste (Li et al. 2021) and DRAEM (Zavrtanik et al. 2021): what is known to be odd, is known place by place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor

from ...baselines.vision._hog import picture_features
from ...core import registry
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.sampling import evenly
from ...core.schema import Column, Schema
from ...core.seeds import torch_generator
from ...core.table import Table
from ...layers.synthetic_defects import blemished
from ...modalities.tabular.anomaly_label import ANOMALY
from ...modalities.vision.defect_label import SOMEWHERE
from ...preprocessing.tabular.anomaly_labels import LEAST, TARGET, hints, marked
from ...rendering.vision import anomaly_maps as heat
from ._anomaly import Alarm

PEAK = 0.003  # of the places of a map: the hottest ones decide over the picture
LARGEST = 512  # pixels, longest side of pictures that are made up to judge by
SHOWN, NORMAL_SHOWN = 10, 2  # pictures drawn in a report; of these the ordinary ones with the highest score
TIMES = 2  # pictures with made-up flaws to a good one, to judge by
MIRRORED = 2.0  # standard errors above guessing at which a mirror image counts as recognised


@dataclass(frozen=True)
class Flaws(Alarm):
    """Cross entropy and soft Dice by place, and cross entropy of the picture, whose log odds are the mean of the
    hottest places."""

    output_type = "flaws"
    head = "dense_prediction"
    backbones = {"picture": ("fpn", "unet")}
    training_defaults = "flaws"
    baseline = "texture_gaussian"
    default_image_size = 160
    eval_batch_size = 16
    has_render = True
    caption = (
        "The test pictures with the highest scores, kind by kind in turn; at the end ordinary ones that come "
        "nearest "
        "to an alarm."
    )
    extensions = ("",)

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Good pictures to learn from; good ones and some with made-up flaws to validate by; good ones and what is
        really odd to test."""
        self.check()
        split, target = marked(table, target, inference=inference)
        picture = picture_column(table, {target, split})
        if not inference and not picture:
            raise DataError("There is no column of pictures.", "", "Is the folder or the column the right one?")
        return table if inference else spoilt(self, table, target, split, picture)

    def output_size(self, target: Column) -> int:
        return 1

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, 1, h, w) log odds; batch["target"] (B, H, W) maps or, where nothing was made up, (B,) codes."""
        K, (h, w) = output.shape[1], output.shape[3:]
        y = batch["target"]
        y = (y > 0).to(torch.uint8)[:, None, None].expand(-1, h, w) if y.ndim == 1 else y
        known = (y != SOMEWHERE).flatten(1).all(1)
        true = F.adaptive_max_pool2d((y == 1).float()[:, None], (h, w))[:, 0].repeat_interleave(K, 0)
        z = output.flatten(0, 1)[:, 0]
        counts = known.repeat_interleave(K)[:, None, None].to(z.dtype)
        each = (F.binary_cross_entropy_with_logits(z, true, reduction="none") * counts).mean()
        p = z.sigmoid() * counts
        dice = 1 - (2 * (p * true).sum() + 1) / (p.sum() + true.sum() + 1)
        whole = F.binary_cross_entropy_with_logits(peak(z), (y > 0).flatten(1).any(1).to(z.dtype).repeat_interleave(K))
        return Losses(each + 0.5 * dice + 0.5 * whole, {"places": each, "dice": dice, "pictures": whole})

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, K, 1, h, w) → {"probability": (B, 2), "heat": (B, h, w) log odds}."""
        z = output.mean(1)[:, 0]
        p = peak(z).sigmoid()
        return {"probability": torch.stack([1 - p, p], 1).numpy(), "heat": z.numpy()}

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        return peak(output.mean(1)[:, 0]).double()

    def from_baseline(self, values: Any) -> Predictions:
        return values

    def apply_calibration(self, answers: Predictions, state: dict[str, float]) -> Predictions:
        """Heat too is counted from the alarm on."""
        return {
            **super().apply_calibration(answers, state),
            "heat": answers["heat"] - np.float32(state.get("alarm_from", 0.0)),
        }

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        """A row's records hold its heat as a PNG."""
        return {**super().score_rows(answers, truth), "heat": heat.packed(answers["heat"])}

    def select_rows(self, records: RowResults) -> np.ndarray:
        """The pictures with the highest scores, kind by kind in turn, and the ordinary ones that come nearest to an
        alarm."""
        order = np.argsort(-records["score"], kind="stable")
        normal = order[records["truth"][order] == 0][:NORMAL_SHOWN]
        odd = order[records["truth"][order] > 0]
        kinds = records["kind"][odd]
        turn = np.array([(kinds[:i] == kind).sum() for i, kind in enumerate(kinds)], int)
        return np.concatenate([odd[np.argsort(turn, kind="stable")][: SHOWN - len(normal)], normal])

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        return heat.drawn(frame, row, schema, answers["heat"][place])

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder of grey PNGs in the size of their pictures: 255 is surely odd, 128 as odd as an alarm needs."""
        heat.save(answers["heat"], frame, schema, path)


def peak(z: Tensor) -> Tensor:
    """(B, h, w) → (B,): the mean of the hottest places."""
    flat = z.flatten(1)
    return flat.topk(max(1, round(PEAK * flat.shape[1])), 1).values.mean(1)


def picture_column(table: Table, taken: set[str | None]) -> str:
    """The one column of pictures, or ""."""
    image = registry.get("modalities", "image")
    found = [
        name
        for name in table.frame.columns
        if name not in taken
        and (table.hints.get(name, {}).get("modality") == "image" or image.detect(table.frame[name]) > 0.5)
    ]
    if len(found) > 1:
        raise DataError(
            f"There are {len(found)} columns of pictures: {', '.join(found[:8])}.",
            "One is looked at.",
            "Leave the others out.",
        )
    return found[0] if found else ""


def spoilt(task: Alarm, table: Table, target: str | None, split: str, picture: str) -> Table:
    """The rows of the question and what is known of them; pictures with made-up flaws are written out in the cells of
    their rows."""
    judged, name = task.judged(table.frame, target, split), target or TARGET
    inputs, words = table.frame.select(picture), judged.words
    good = {
        part: inputs.filter(pl.Series((judged.parts == part) & ~judged.odd))[picture]
        for part in ("train", "val", "test")
    }
    if len(good["train"]) < LEAST or len(good["val"]) < 2 or not len(good["test"]):
        raise DataError(
            "There are too few good pictures to learn from.",
            words,
            "Name the class of good ones: --set options.normal=CLASS",
        )
    parts = judged.parts.copy()
    parts[judged.taught] = "train"
    labels = judged.labels()
    labels[judged.taught] = ANOMALY
    rows = inputs.with_columns(pl.Series(name, labels.astype(str)), pl.Series("split", parts.astype(str))).filter(
        pl.Series(parts != "")
    )
    fresh = ["val"]
    if not (judged.odd & (parts == "test")).any():
        fresh.append("test")
        words += (
            " No real anomaly stands in the test: it is judged by made-up flaws, and the scores say no more than that."
        )
    pieces = [rows]
    for part in fresh:
        made = pl.Series(picture, flawed(pl.concat([good[part]] * TIMES), part), dtype=inputs[picture].dtype)
        pieces.append(pl.DataFrame([made]).with_columns(pl.lit(ANOMALY).alias(name), pl.lit(part).alias("split")))
    others = [one for one in table.frame.columns if one not in (picture, target, split)]
    words += f" The picture alone is looked at; left out: {', '.join(others[:8])}." if others else ""
    flips = alike_mirrored(good["train"])
    words += f" While training goes on, flaws are made on {len(good['train']):,} good pictures."
    said: dict[str, Any] = hints(table, name, "defect_label", judged.known(), split, flips=flips, normal=judged.normal)
    said[picture] = {"modality": "image", "role": "input", "why": "what is looked at"}
    return Table(
        pl.concat(pieces),
        table.name,
        {one: hint for one, hint in said.items() if one not in others},
        (*table.notes, words),
        table.skipped,
    )


def pixels_of(values: pl.Series, side: int) -> np.ndarray:
    """(N, C, H, W) uint8 of one size; those that cannot be read are left out."""
    if isinstance(values.dtype, pl.Array):
        raw = values.to_numpy().copy()
        return np.moveaxis(raw, -1, 1) if raw.ndim == 4 else raw[:, None]
    image, damaged = registry.get("modalities", "image"), dict[int, str]()
    state = image.fit(values, limits=LimitsConfig(image_size=side))
    return np.delete(image.encode(values, state, damaged), list(damaged), axis=0)


def flawed(values: pl.Series, purpose: str) -> list[Any]:
    """Cells of pictures with made-up flaws, in the form of the column: one for each that can be read and on which a
    flaw can be seen."""
    x = torch.from_numpy(pixels_of(values, LARGEST)).float()
    generator = torch_generator(0, "flaws", purpose)
    out: list[Any] = []
    for start in range(0, len(x), 16):
        changed, places = blemished(x[start : start + 16], generator)
        made = changed[places.flatten(1).any(1)].round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        out += [heat.cell(one, values.dtype) for one in made]
    return out


def alike_mirrored(values: pl.Series) -> list[str]:
    """The mirror images of good pictures that nobody can tell from good pictures: a classical learner is asked (axis by
    axis, half against half)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = pixels_of(values.gather(evenly(len(values), 1_000)), 96)
    found, half = [], len(x) // 2
    for name, axis in (("horizontal", 3), ("vertical", 2)):
        plain, mirror = picture_features(x), picture_features(np.flip(x, axis))
        taught = np.concatenate([plain[:half], mirror[:half]])
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=50)).fit(
            taught, np.repeat([0, 1], half)
        )
        asked = np.concatenate([plain[half:], mirror[half:]])
        right = model.score(asked, np.repeat([0, 1], len(x) - half))
        if right < 0.5 + MIRRORED * 0.5 * len(asked) ** -0.5:
            found.append(name)
    return found
