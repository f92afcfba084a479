"""Puts the best so far to use while training goes on: a bundle that can already predict, renewed whenever there is
something better."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...core.events import Event, Repeated, Validated


class SaveBest:
    events: tuple[type[Event], ...] = (Validated, Repeated)

    def __init__(self, write: Callable[[dict[str, float], int], None], *, seconds: float) -> None:
        """`write(scores, step)` stores the best weights; at most once in `seconds`, however often they improve."""
        self.write, self.seconds = write, seconds
        self.last = time.perf_counter()
        self.better: Validated | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Validated) and event.better:
            self.better = event
        if self.better and time.perf_counter() - self.last >= self.seconds:
            self.write(self.better.scores, self.better.step)
            self.better, self.last = None, time.perf_counter()
