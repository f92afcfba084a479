"""Ends a run that has settled: no better score for a while, or the score that was asked for is reached."""

from __future__ import annotations

from ...core.events import Event, Replanned, Stopped, Validated
from ..schedule import Schedule

COOLDOWN = 0.1  # of the steps so far: how long the rate falls to zero once the score has settled


class EarlyStopping:
    """After `patience` validations without a better score, bring the schedule to its end instead of stopping cold."""

    events: tuple[type[Event], ...] = (Validated,)

    def __init__(self, schedule: Schedule, patience: int) -> None:
        self.schedule, self.patience = schedule, patience
        self.waited, self.ending = 0, False

    def __call__(self, event: Event) -> Replanned | None:
        assert isinstance(event, Validated)
        self.waited = 0 if event.better else self.waited + 1
        if self.waited < self.patience or self.ending:
            return None
        self.ending = True
        end = event.step + max(1, round(COOLDOWN * event.step))
        if end >= self.schedule.total:
            return None
        self.schedule.end_at(event.step, end, final=True)
        return Replanned(event.step, self.schedule.total, f"no better validation score in {self.patience} checks")

    def state(self) -> dict:
        return {"waited": self.waited, "ending": self.ending}

    def restore(self, state: dict) -> None:
        self.waited, self.ending = int(state["waited"]), bool(state["ending"])


class StopAtMetric:
    """Stops as soon as a validation score is as good as asked for."""

    events: tuple[type[Event], ...] = (Validated,)

    def __init__(self, metric: str, value: float, *, higher_is_better: bool) -> None:
        self.metric, self.value, self.higher = metric, value, higher_is_better

    def __call__(self, event: Event) -> Stopped | None:
        assert isinstance(event, Validated)
        score = event.scores[self.metric]
        if score >= self.value if self.higher else score <= self.value:
            return Stopped(event.step, f"{self.metric} {score:.4f} on the validation split reached {self.value:g}")
        return None
