"""Judges the model on the validation split now and then, and keeps the best weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...core.events import Event, Repeated, Validated

TRIFLE = 1e-4  # a gain below this share of the score is noise


class Validate:
    events: tuple[type[Event], ...] = (Repeated,)

    def __init__(
        self,
        model: nn.Module,
        judge: Callable[[nn.Module], dict[str, float]],
        *,
        every: int,
        selects: str,
        last: Callable[[], int],
    ) -> None:
        """`selects` names the score that decides (lower is better); `last()` is the final step, which is always
        judged."""
        self.model, self.judge, self.every, self.selects, self.last = model, judge, every, selects, last
        self.best = float("inf")
        self.best_step = 0
        self.best_weights: dict[str, Tensor] = {}

    def __call__(self, event: Event) -> Validated | None:
        if event.step % self.every and event.step != self.last():
            return None
        return self.now(event.step)

    def now(self, step: int) -> Validated:
        self.model.eval()
        with torch.no_grad():
            scores = self.judge(self.model)
        self.model.train()
        score = scores[self.selects]
        better = score < self.best - TRIFLE * abs(self.best) if self.best < float("inf") else score == score
        if better or not self.best_weights:
            self.best, self.best_step = score, step
            self.best_weights = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
        return Validated(step, scores, better)

    def state(self) -> dict:
        return {"best": self.best, "best_step": self.best_step}

    def restore(self, state: dict, weights: dict[str, Tensor]) -> None:
        self.best, self.best_step, self.best_weights = float(state["best"]), int(state["best_step"]), dict(weights)
