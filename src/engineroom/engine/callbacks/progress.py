"""Shows the diary's lines while they are written: a live bar, or JSON lines, or nothing."""

from __future__ import annotations

import json
import sys
from typing import Any


def json_lines(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Bar:
    """step, loss, score, samples/s and time left on standard error; plain lines where it is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

        self.score = ""
        self.console = Console(stderr=True, highlight=False)
        self.bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self.task: TaskID | None = None

    def __call__(self, line: dict[str, Any]) -> None:
        kind = line["event"]
        if kind == "validated":
            primary_metric = next(iter(line["scores"]), "")  # the headline stands first
            value = line["scores"].get(primary_metric)
            self.score = f"{primary_metric} {value:.4g}" if value is not None else ""
            if not self.console.is_terminal:
                self.console.print(
                    f"step {line['step']}: validation {self.score}" + (" (best)" if line["better"] else "")
                )
        elif kind == "step" and self.console.is_terminal:
            if self.task is None:
                self.bar.start()
                self.task = self.bar.add_task("training", total=line["total"], facts="")
            facts = (
                f"step {line['step']}/{line['total']} · loss {line['loss']:.4g} · "
                f"{self.score or 'not yet judged'} · "
                f"{line['samples_per_second']:,.0f} samples/s"
            )
            self.bar.update(self.task, completed=line["step"], total=line["total"], facts=facts)
        elif kind == "replanned":
            self.console.print(f"ending at step {line['total']}: {line['reason']}", style="dim")
        elif kind == "stopped":
            self.bar.stop()
            self.console.print(f"stopped at step {line['step']}: {line['reason']}", style="dim")
