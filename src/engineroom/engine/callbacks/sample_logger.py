"""Draws what the model makes by now, each time it is judged: the pictures of a time-lapse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import nn

from ...core.events import Event, Validated
from ...core.files import write_atomic


class SampleLogger:
    events: tuple[type[Event], ...] = (Validated,)

    def __init__(self, model: nn.Module, draw: Callable[[nn.Module], bytes], folder: Path) -> None:
        """`draw` gives a PNG; it is kept in `folder` under the step's number, where a resumed run finds those of
        before."""
        self.model, self.draw, self.folder = model, draw, folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, event: Event) -> None:
        was = self.model.training
        self.model.eval()
        write_atomic(self.folder / f"{event.step:09d}.png", self.draw(self.model))
        self.model.train(was)
