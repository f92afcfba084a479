"""LOSS: rows out of noise, step by step: diffusion over whole rows (cf. TabDDPM, Kotelnikov et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor
from torch.nn.functional import pad

from ...core.batch import Batch, Predictions
from ...core.errors import UserError
from ...core.schema import Column
from ...core.table import Table
from ...modalities.tabular.row import EDGE
from ...objectives.diffusion import taken_away
from ._row_generation import Rows

QUICK = 8  # steps while training goes on
MOST_STEPS = 1_000


@dataclass(frozen=True)
class Synthetic(Rows):
    """Answers and headline as all makers of rows have them. The same noise always gives the same row."""

    steps: int = 30  # from noise to row

    objective = "diffusion"
    head = "diffusion_mlp"
    training_defaults = "tabular_diffusion"
    noise_modality = "row_noise"

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not 1 <= self.steps <= MOST_STEPS:
            raise UserError(f"{self.steps} steps cannot be taken.", "", f"options.steps: 1 to {MOST_STEPS}.")
        return super().build_samples(table, target, inference=inference)

    def output_size(self, target: Column) -> int:
        return target.state["room"]

    def real_samples(self, batch: Batch) -> Tensor:
        """(B, room): rows as vectors, with nothing where other rows than the training's could have had a class more."""
        rows = batch["target"].float()
        return pad(rows, (0, self.state["room"] - rows.shape[1]))

    def for_validation(self) -> Synthetic:
        return replace(self, steps=min(self.steps, QUICK))

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        made = taken_away(
            network, batch, network.plan.fields, name=self.noise_field, steps=self.steps, guidance=1.0, most=EDGE
        )
        return self.postprocess(made[:, None], batch, target)


TASK = Synthetic()
