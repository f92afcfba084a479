"""Stops what cannot go on: a loss that is no number, an interruption, a budget of time that is used up."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import torch

from ...core.events import Event, Repeated, Replanned, Stopped
from ..schedule import Schedule

OFTEN = 10  # steps between looks at the loss


class Finite:
    events: tuple[type[Event], ...] = (Repeated,)

    def __call__(self, event: Event) -> Stopped | None:
        assert isinstance(event, Repeated)
        if event.step % OFTEN:
            return None
        for name, losses in event.losses.items():
            if not torch.isfinite(losses.total):
                return Stopped(event.step, f"the loss of {name} is no longer a number; the best weights before are kept")
        return None


class Interrupt:
    """Ctrl-C (and a polite kill) ends the run after the step at hand; a second Ctrl-C ends it at once."""

    events: tuple[type[Event], ...] = (Repeated,)

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interrupt:
        self.old = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.old[number] = signal.signal(number, self._ask)
        return self

    def _ask(self, number, frame) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *_) -> None:
        for number, handler in self.old.items():
            signal.signal(number, handler)

    def __call__(self, event: Event) -> Stopped | None:
        return Stopped(event.step, "interrupted") if self.asked else None


class Clock:
    """Keeps a run within its seconds: when steps take longer than planned, the schedule's end moves closer, in good time."""

    events: tuple[type[Event], ...] = (Repeated,)

    def __init__(self, schedule: Schedule, seconds: float, elapsed: Callable[[], float]) -> None:
        self.schedule, self.seconds, self.elapsed = schedule, seconds, elapsed
        self.looked = time.perf_counter()
        self.first: tuple[int, float] | None = None

    def __call__(self, event: Event) -> Event | None:
        now = time.perf_counter()
        if self.first is None:
            self.first = (event.step, self.elapsed())
        if now - self.looked < 5.0:
            return None
        self.looked = now
        elapsed = self.elapsed()
        if elapsed > 1.1 * self.seconds:
            return Stopped(event.step, f"the {self.seconds / 60:.3g} minutes are used up")
        steps, seconds = event.step - self.first[0], elapsed - self.first[1]
        if steps < 5 or seconds <= 0:
            return None
        affordable = event.step + int(max(0.0, self.seconds - elapsed) * steps / seconds)
        if affordable < 0.95 * self.schedule.total:
            self.schedule.end_at(event.step, affordable)
            return Replanned(event.step, self.schedule.total, f"to keep within {self.seconds / 60:.3g} minutes")
        return None
