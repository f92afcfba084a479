"""Stops what cannot go on: a loss that is no number, an interruption, a budget of time that is used up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import torch

from ...core.events import Event, Repeated, Replanned, Stopped
from ..schedule import Schedule

OFTEN = 10  # steps between looks at the loss
LOOK = 5.0  # seconds between looks at the clock
LATE = 1.1  # beyond this share of its seconds a run is stopped


class TerminateOnNaN:
    events: tuple[type[Event], ...] = (Repeated,)

    def __call__(self, event: Event) -> Stopped | None:
        assert isinstance(event, Repeated)
        if event.step % OFTEN:
            return None
        for name, losses in event.losses.items():
            if not torch.isfinite(losses.total):
                return Stopped(
                    event.step, f"the loss of {name} is no longer a number; the best weights before are kept"
                )
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


class TimeBudget:
    """Keeps a run within its seconds: the schedule's end moves closer while steps take longer than planned, and back
    when they do not."""

    events: tuple[type[Event], ...] = (Repeated,)

    def __init__(self, schedule: Schedule, seconds: float, elapsed: Callable[[], float]) -> None:
        self.schedule, self.seconds, self.elapsed = schedule, seconds, elapsed
        self.last: tuple[int, float] | None = None
        self.pace = 0.0  # seconds a step, lately

    def __call__(self, event: Event) -> Event | None:
        now = self.elapsed()
        if self.last is None:
            self.last = (event.step, now)
        steps, seconds = event.step - self.last[0], now - self.last[1]
        if seconds < LOOK or not steps:
            return None
        self.last = (event.step, now)
        self.pace = seconds / steps if not self.pace else 0.7 * self.pace + 0.3 * seconds / steps
        if now > LATE * self.seconds:
            return Stopped(event.step, f"the {self.seconds / 60:.3g} minutes are used up")
        affordable = min(self.schedule.most, event.step + int(max(0.0, self.seconds - now) / self.pace))
        if abs(affordable - self.schedule.total) < 0.05 * self.schedule.total:
            return None
        self.schedule.end_at(event.step, affordable)
        return Replanned(event.step, self.schedule.total, f"to keep within {self.seconds / 60:.3g} minutes")
