"""LOSS: rows that a critic takes for real ones. The question of `synthetic`; another way to learn it (CTGAN, Xu et al.
2019)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from ...core.batch import Batch
from ...core.panels import Panel
from ...core.schema import Column
from ...layers.tabular_discriminator import RowCritic
from ...modalities.noise.latent_noise import SIZE
from ...modalities.tabular.row import spans, spread_ties
from ._row_generation import Rows

KINDS = "block:category"  # where the classes that are asked for travel


@dataclass(frozen=True)
class Counterfeit(Rows):
    """Answers and headline as all makers of rows have them. The same chance always gives the same row."""

    objective = "adversarial"
    head = "tabular_generator"
    training_defaults = "tabular_gan"
    noise_modality = "gumbel_noise"

    def epoch_order(
        self,
        rows: np.ndarray,
        truth: Callable[[np.ndarray], np.ndarray],
        generator: np.random.Generator,
        data: Any = None,
    ) -> np.ndarray:
        """Where kinds are asked for, rows of rare ones oftener than they are (training by sampling, Xu et al. 2019):
        what is made of a kind stays as it is, and is learnt."""
        if KINDS not in data.stores:
            return generator.permutation(rows)
        kinds = data.stores[KINDS].take(rows)[:, 0]
        _, which, counts = np.unique(kinds, return_inverse=True, return_counts=True)
        weights = (np.log1p(counts) / counts)[which]
        return generator.choice(rows, len(rows), p=weights / weights.sum())

    def output_size(self, target: Column) -> list[tuple[int, bool]]:
        """(numbers, is it a class?) of each column."""
        columns = target.state["columns"]
        return [
            (span.stop - span.start, one["kind"] == "class") for one, span in zip(columns, spans(columns), strict=True)
        ]

    def discriminator(self, target: Column, condition: int) -> nn.Module:
        return RowCritic(target.state["width"], condition)

    def real_samples(self, batch: Batch) -> Tensor:
        """(B, W): rows as vectors; values that many rows share spread over their ranks, as a maker's are before they
        are read."""
        return spread_ties(batch["target"].float(), batch[self.noise_field][:, SIZE:], self.state["columns"])

    def discriminator_panels(self, made: Tensor, found: Tensor, real: Tensor, slope: Tensor) -> list[Panel]:
        """How the judge rates both, and by which columns: `slope` (B, W) of its rating of `sample_panels`."""
        edges = np.linspace(float(min(found.min(), real.min())), float(max(found.max(), real.max())) + 1e-6, 31)
        series = [
            {"name": name, "counts": np.histogram(values.numpy(), edges)[0].tolist()}
            for name, values in (("real", real), ("made", found))
        ]
        columns = self.state["columns"]
        shares = [float(slope[:, span].norm(dim=1).mean()) for span in spans(columns)]
        rows = sorted(
            ([one["name"], share / max(1e-12, sum(shares))] for one, share in zip(columns, shares, strict=True)),
            key=lambda row: -row[1],
        )
        words = (
            "A judge that still tells them apart rates real rows higher. Its own opinion, not a measurement: it "
            "has "
            "seen the training rows."
        )
        return [
            Panel(
                "histogram",
                "Discriminator scores",
                {"x": "how real (log odds)", "edges": edges.tolist(), "series": series},
                words,
            ),
            Panel(
                "table",
                "Features behind the Fréchet distance",
                {"columns": ["column", "share of its attention"], "rows": rows, "best": None},
                "By how much its rating of made rows moves with each column.",
            ),
        ]


TASK = Counterfeit()
