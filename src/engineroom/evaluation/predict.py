"""Deep model or classical baseline behind one call: rows in, Answers out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.batch import Batch, Predictions
from ..data.dataset import Dataset
from ..engine.precision import Precision


class Predictor:
    """A network as a task asks it: rows go to where it lives, outputs come back as fp32 numbers on the CPU."""

    def __init__(self, model: nn.Module, precision: Precision) -> None:
        self.model, self.move, self.forward = model, precision.move, precision.wrap(model)

    @property
    def plan(self) -> Any:
        """What was built, as of the network itself."""
        return self.model.plan

    def __call__(self, batch: Batch) -> Tensor:
        return self.forward(self.move(batch)).float().cpu()


def ask(
    model: nn.Module,
    data: Dataset,
    rows: np.ndarray,
    task,
    *,
    precision: Precision | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """The model's answers for `rows`, in that order. The model is in eval mode during the call and as it was
    afterwards."""
    asked = Predictor(model, precision or Precision())
    was = model.training
    model.eval()
    parts: list[Predictions] = []
    with torch.inference_mode():
        batch_size = task.eval_batch_size
        for start in range(0, len(rows), batch_size):
            batch = data.batch(rows[start : start + batch_size])
            parts.append(task.predict(asked, batch, data.schema.target))
            if progress:
                progress(min(len(rows), start + batch_size), len(rows))
    model.train(was)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def because(model: nn.Module, data: Dataset, rows: np.ndarray, answers: Predictions, task) -> Predictions:
    """`answers` for `rows`, and what the task can say besides of where they come from."""
    parts: list[Predictions] = []
    with torch.inference_mode():
        for start in range(0, len(rows), task.eval_batch_size):
            own = {name: values[start : start + task.eval_batch_size] for name, values in answers.items()}
            parts.append(
                task.evidence(model, data.batch(rows[start : start + task.eval_batch_size]), own, data.schema.target)
            )
            if not parts[0]:
                return answers
    return answers | {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}
