"""What tasks share whose answer is a place among others: rows that belong together are drawn together, and a row is
shown beside its nearest."""

from __future__ import annotations

import html
from typing import ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ...core import registry
from ...core.batch import Batch, Losses, Predictions, RowResults
from ...core.schema import Column, Schema
from .._base import BaseTask
from .._ensemble import mean_loss


class Embedded(BaseTask):
    """`width` numbers a row, of length 1."""

    embedding_dim: int
    has_render: ClassVar[bool] = True
    neighbours: ClassVar[int] = 4  # drawn beside a row

    def output_size(self, target: Column) -> int:
        return self.embedding_dim

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) similarity to the whole row's embedding."""
        return torch.cosine_similarity(output.flatten(1), whole.flatten(1).expand(len(output), -1)).double()

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame({f"embedding_{i}": column for i, column in enumerate(answers["embedding"].T)})

    def tone(self, answers: RowResults, place: int, other: int) -> str:
        """The colour of a neighbour's frame."""
        return "#888"

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        """The row and, after it, those it is taken to be like."""
        e, rows = answers["embedding"], answers["frame_row"]
        near = [int(k) for k in np.argsort(-(e @ e[place]), kind="stable") if k != place][: self.neighbours]
        out = [small(frame, row, schema.inputs[0], "transparent", "asked")]
        out += [
            small(frame, int(rows[k]), schema.inputs[0], self.tone(answers, place, k), f"{float(e[k] @ e[place]):.2f}")
            for k in near
        ]
        return f'<div style="display:flex;gap:4px;align-items:flex-end;flex-wrap:wrap">{"".join(out)}</div>'


def flat(output: Tensor) -> np.ndarray:
    """(B, K, D) → (B, K·D): members side by side, so that similarity is the mean of theirs."""
    return (output / output.shape[1] ** 0.5).flatten(1).numpy()


def drawn_together(output: Tensor, code: Tensor, batch: Batch, *, temperature: float) -> Losses:
    """output (B, K, D) of length 1, code (B,) who each row is, < 0 = nobody: each row is drawn to its mates, away from
    all others (Khosla et al. 2020)."""
    mates = (code[:, None] == code[None]) & (code >= 0)[None]
    mates.fill_diagonal_(False)
    logits = torch.einsum("ikd,jkd->kij", output, output) / temperature
    itself = torch.eye(len(code), dtype=torch.bool, device=output.device)
    log_p = logits.masked_fill(itself, -torch.inf).log_softmax(-1).masked_fill(itself, 0.0)
    count = mates.sum(1)
    each = -(log_p * mates).sum(-1) / count.clamp_min(1)  # (K, B)
    scale = len(code) / (count > 0).sum().clamp_min(1)  # rows without a mate in the batch have nothing to say
    return Losses(mean_loss(each.T * (count > 0)[:, None] * scale, batch))


def small(frame: pl.DataFrame, row: int, column: Column, colour: str, words: str) -> str:
    """One cell in a coloured frame, with words below it."""
    values = frame[column.name].gather([row])
    value = values.to_numpy()[0] if isinstance(values.dtype, pl.Array) else values[0]
    shown = registry.get("modalities", column.modality).to_html(value, column.state)
    style = f"margin:0;border:3px solid {colour};max-width:72px;overflow:hidden"
    return f'<figure style="{style}">{shown}<figcaption>{html.escape(words)}</figcaption></figure>'
