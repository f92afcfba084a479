"""LOSS: make pictures like these, out of noise, step by step. The question of generation; another way to learn it, and
another to answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from ...core import registry
from ...core.batch import Batch
from ...core.config import LimitsConfig
from ...core.errors import UserError
from ...core.table import Table
from ...objectives.diffusion import taken_away
from ...rendering.sample_grid import NOISE
from .image_generation import Generation

QUICK = 8  # steps while training goes on
MOST_STEPS = 1_000
LOOKED = 256  # pictures that say how many channels there are


@dataclass(frozen=True)
class Diffusion(Generation):
    """Answers and headline as in generation. Sampling: DDIM (Song, Meng & Ermon 2021), the same noise always gives the
    same picture."""

    steps: int = 25  # from noise to picture
    # how much more than by chance a picture is what was asked for; 1 = as it comes (Ho & Salimans 2022)
    guidance: float = 1.5

    objective = "diffusion"
    head = "diffusion_unet"
    training_defaults = "image_diffusion"
    max_eval_rows = 200
    noise_field = f"column:{NOISE}"

    @property
    def depth(self) -> float:
        """How many times as strong the noise is as for a single picture."""
        return 1.0

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not 1 <= self.steps <= MOST_STEPS or not 0 <= self.guidance <= 20:
            raise UserError(
                "Options out of bounds.",
                f"steps: 1 to {MOST_STEPS}; guidance: 0 to 20.",
                "Example: --set options.steps=50",
            )
        framed = super().build_samples(table, target, inference=inference)
        if inference:
            return framed
        name = next(one for one, hint in framed.hints.items() if hint.get("role") == "target")
        some = framed.frame[name].drop_nulls().head(LOOKED)
        state = registry.get("modalities", self.target_modality).fit_with_hints(
            some, limits=LimitsConfig(), facts=framed.hints[name]["facts"]
        )
        size = {"channels": state["channels"], "side": state["height"]}
        hints = {one: dict(hint) for one, hint in framed.hints.items()}
        hints[name]["facts"] = {
            "side": state["height"],
            **{one: state[one] for one in ("channels", "frames", "colours") if one in state},
        }
        hints[NOISE] |= {"modality": "image_noise", "facts": {**size, "depth": self.depth}}
        return replace(framed, hints=hints)

    def for_validation(self) -> Diffusion:
        return replace(self, steps=min(self.steps, QUICK), guidance=1.0)

    def drawn(self, network: Any, batch: Batch) -> Tensor:
        """(B, 1, C, S, S) from -1 to 1."""
        return taken_away(
            network,
            batch,
            network.plan.fields,
            name=self.noise_field,
            steps=self.steps,
            guidance=self.guidance,
            most=1.0,
            depth=self.depth,
        )[:, None]


TASK = Diffusion()
