"""Writes the run's diary: events.jsonl, one JSON object a line, only ever appended. Everything that shows a run reads
it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.events import Event, Repeated, Replanned, Stopped, Validated


class History:
    events: tuple[type[Event], ...] = (Repeated, Validated, Replanned, Stopped)

    def __init__(
        self,
        path: Path,
        *,
        elapsed: Callable[[], float],
        total: Callable[[], int],
        rate: Callable[[], float],
        also: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """`also` hears every line too (progress bars, --json)."""
        self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open for the whole run
        self.elapsed, self.total, self.rate, self.also = elapsed, total, rate, also
        self.seen = 0
        self.step = 0  # the newest step that was heard of
        self.last_line, self.last_step = 0.0, 0
        self.begun = time.perf_counter()

    def write(self, event: str, **facts: Any) -> None:
        line = {"event": event, "seconds": round(self.elapsed(), 3), **facts}
        self.file.write(json.dumps(line, allow_nan=True) + "\n")
        self.file.flush()
        if self.also:
            self.also(line)

    def __call__(self, event: Event) -> None:
        self.step = event.step
        if isinstance(event, Repeated):
            self.seen += len(event.batch)
            self._train_line(event)
        elif isinstance(event, Validated):
            self.write(
                "validated",
                step=event.step,
                better=event.better,
                scores={k: round(v, 6) for k, v in event.scores.items()},
            )
        elif isinstance(event, Replanned):
            self.write("replanned", step=event.step, total=event.total, reason=event.reason)
        elif isinstance(event, Stopped):
            self.write("stopping", step=event.step, reason=event.reason)

    def _train_line(self, event: Repeated) -> None:
        """About 200 lines a run, never more than ten a second, and at least one in two seconds."""
        now = time.perf_counter()
        waited = now - self.last_line
        if waited < 0.1 or (event.step - self.last_step < self.total() // 200 and waited < 2.0):
            return
        rate = self.seen / max(1e-9, now - (self.last_line or self.begun))
        self.last_line, self.last_step, self.seen = now, event.step, 0
        losses = {name: round(float(loss.total.detach()), 6) for name, loss in event.losses.items()}
        self.write(
            "step",
            step=event.step,
            total=self.total(),
            loss=next(iter(losses.values()), None),
            lr=round(self.rate(), 8),
            samples_per_second=round(rate, 1),
        )

    def close(self) -> None:
        self.file.close()


def read_history(path: Path) -> list[dict[str, Any]]:
    """The diary as it counts: what a crash made the run do twice is left out, a torn last line too."""
    lines: list[dict[str, Any]] = []
    if not path.exists():
        return lines
    for text in path.read_text("utf-8").splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if line.get("event") == "resumed":
            lines = [old for old in lines if old.get("step", 0) <= line["step"]]
        lines.append(line)
    return lines
