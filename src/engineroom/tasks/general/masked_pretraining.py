"""LOSS without answers: what was hidden of a row, told from what is left of it. What a network learns so, `train
--from` goes on with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core import registry
from ...core.arrays import objects
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.errors import DataError
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...data.fields import Field
from ...data.masking import HIDDEN, WANTED, concat_fields, described, hide_by_content, judged, own, parse_parts, split
from ...metrics import reconstruction as metrics
from ...modalities.masking._masked_values import Parts
from ...networks.multi_column import group_fields
from ...preprocessing.self_supervised import without_answers
from ...rendering.reconstruction import by_column, drawn, filled
from .._base import BaseTask
from .._ensemble import mean_loss
from .._explained_score import likeness


@dataclass(frozen=True)
class Masking(BaseTask):
    """Answers: {"error": (N, C) of each column, in its own units, NaN where nothing of it was hidden, "hit": (N, C) of
    classes}. Headline: the share of what differs between rows that is told.

    Ground truth: the parts of the row that were hidden, each as its column encodes it: how far off is told in the
    column's own units.
    """

    parts: dict[str, Parts] = field(default_factory=dict, metadata={"bound": True})  # by field

    output_type = "hidden"
    objective = "masked"
    primary_metric = "explained"
    higher_is_better = True
    higher = ("explained", "accuracy")
    lower = ("rmse_numbers", "rmse_series", "rmse_pixels", "loss")
    monitor = "loss"
    internal_metrics: ClassVar[tuple[str, ...]] = ("loss",)
    target_modality = "row_index"
    head: ClassVar[str] = "reconstruction"
    training_defaults: ClassVar[str] = "contrastive_pretraining"
    baseline: ClassVar[str] = "imputation"
    max_eval_rows = 1_000
    has_render: ClassVar[bool] = True
    allow_missing_columns: ClassVar[bool] = True

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        return table if inference else without_answers(table, target, "to learn what goes with what")

    def fit_state(self, schema: Schema, data: Any, seed: int) -> Schema:
        """What can be hidden of these columns, and by which group of them it is told."""
        groups = {one.name: place for place, group in enumerate(group_fields(data.fields)) for one in group}

        def find(one: Field) -> dict[str, Any] | None:
            facts = registry.get("modalities", one.modality).mask_spec(one.columns)
            return None if facts is None else {**facts, "group": groups[one.name]}

        found = described(data.fields, find)
        if not found:
            kinds = ", ".join(sorted({one.modality for one in data.fields}))
            raise DataError(
                "No column has parts that can be hidden.",
                f"Numbers, categories, series and pictures have; these are: {kinds}.",
                "Learn them by --recipe contrastive_pretraining instead.",
            )
        for one in found:
            one["form"] = parse_parts([one])[one["field"]].form
        return schema.with_column(replace(schema.target, state={**schema.target.state, "parts": found}))

    def for_target(self, target: Column) -> Masking:
        return replace(self, parts=parse_parts(target.state.get("parts", [])))

    @property
    def kinds(self) -> list[str]:
        """Of every column, in the order of the answers."""
        return [one.kind for one in self.parts.values() for _ in one.columns]

    def output_size(self, target: Column) -> Any:
        return target.state["parts"]

    def to_targets(self, codes: np.ndarray, target: Column) -> np.ndarray:
        return codes

    def loss(self, output: Tensor, batch: Batch) -> Losses:
        """output (B, K, W); what was hidden and what it was, per field. A column's error is its mean over what was
        hidden of it."""
        each, count = [], []
        for name, one, said in split(self.parts, output):
            wanted, gone = batch[WANTED + name], batch[HIDDEN + name]
            each.append(one.loss(said, wanted, gone).sum(-1))
            count.append(one.asked(gone).sum(-1))
        scale = len(output) / torch.stack(count).sum().clamp_min(1)
        losses = [mean_loss(one * scale, batch) for one in each]
        return Losses(
            torch.stack(losses).sum(),
            {one.kind: loss for one, loss in zip(self.parts.values(), losses, strict=True)} if len(losses) > 1 else {},
        )

    def guess(self, output: Tensor) -> Tensor:
        """(B, K, W) → (B, W)."""
        return torch.cat([one.guess(part) for _, one, part in split(self.parts, output)], 1)

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        """The rows are asked about with parts of them hidden."""
        question = hide_by_content(batch, self.parts)
        return judged(self.parts, question, self.guess(network(question)))

    def evidence(self, network: Any, batch: Batch, answers: Predictions, target: Column) -> Predictions:
        """What was hidden, what was told, and the truth, to look at; and the row as it came, with what it lacks
        told."""
        question = hide_by_content(batch, self.parts)
        fields = {one.name: one.columns for one in network.plan.fields}
        cells: list[dict[str, Any]] = [{} for _ in batch.rows]
        for name, one, part in split(self.parts, self.guess(network(batch))):
            for cell, more in zip(cells, one.cells(part, own(batch, name), fields[name]), strict=True):
                cell |= more
        predicted, true = self.guess(network(question)), concat_fields(self.parts, question, WANTED)
        return {
            "predicted": predicted.half().numpy(),
            "true": true.half().numpy(),
            "gone": concat_fields(self.parts, question, HIDDEN).numpy(),
            "cells": objects(cells),
        }

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        raise NotImplementedError  # rows are asked about in parts: see `predict`

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which the row is still told as it is told whole."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        return {
            "truth": truth,
            "error": answers["error"],
            **metrics.graded(answers["error"], answers["hit"], self.kinds),
        }

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records, self.kinds)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows with their empty cells told; how many, and how far the row was from what was told of its parts."""
        # told by `evidence`, where rows are predicted
        cells = answers.get("cells", objects([{} for _ in answers["error"]]))
        return filled(frame, cells, target.state["parts"]).with_columns(error=pl.Series(mean_error(answers["error"])))

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        if "predicted" not in answers:
            return ""
        return drawn(self.parts, schema, *(answers[name][place] for name in ("predicted", "true", "gone")))

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        return [
            by_column(
                [name for one in self.parts.values() for name in one.columns], records["error"], baseline["error"]
            )
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return (
            f"error {records['gap'][row] / max(1, records['count'][row]):.2f}",
            "1 = as far off as saying how columns are spread",
        )

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """Rows that are told worse than by how columns are spread, worst first."""
        each = records["gap"] / np.maximum(1, records["count"])
        wrong = np.flatnonzero(each > 1)
        return wrong[np.argsort(-each[wrong], kind="stable")]


def mean_error(error: np.ndarray) -> np.ndarray:
    """(N, C) with NaN where nothing was asked → (N,)."""
    asked = np.isfinite(error)
    return np.where(asked, error, 0).sum(1) / np.maximum(1, asked.sum(1))


TASK = Masking()
