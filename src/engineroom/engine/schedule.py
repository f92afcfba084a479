"""REPEAT: the learning rate climbs for a moment, then falls in a straight line to zero (Bergsma et al. 2025, "Straight
to Zero").

The end may move: when time runs short or the score has settled, the line is drawn anew from where it is, without a
jump. What was decided is part of the checkpoint, so a resumed run follows the same line.
"""

from __future__ import annotations

import torch

WARMUP = 0.05


class Schedule:
    """Share of the peak learning rate at each step, as straight lines between knots [(step, share), …]."""

    def __init__(self, total: int) -> None:
        warm = max(1, min(round(WARMUP * total), 1000))
        self.knots: list[tuple[int, float]] = [(0, 0.02), (warm, 1.0), (max(total, warm + 1), 0.0)]
        self.total = self.most = total  # `most`: the end may come nearer and move away again, but not beyond this
        self.peaks: dict[int, list[float]] = {}

    def share(self, step: int) -> float:
        for (a, low), (b, high) in zip(self.knots, self.knots[1:], strict=False):
            if step <= b:
                return low + (high - low) * (step - a) / (b - a)
        return 0.0

    def end_at(self, step: int, total: int, *, final: bool = False) -> None:
        """From `step` on, fall to zero at `total`, never later than planned; a `final` end is the plan from now on.

        A rate that still climbs climbs on: a clock that finds the first steps slow must not leave the whole run at a
        small part of its rate.
        """
        total = min(self.most, max(total, step + 1))
        self.most = total if final else self.most
        now = self.share(step)
        top = [] if final else [knot for knot in self.knots if step < knot[0] < total and knot[1] > now]
        self.knots = [knot for knot in self.knots if knot[0] < step] + [(step, now), *top, (total, 0.0)]
        self.total = total

    def apply(self, optimizer: torch.optim.Optimizer, step: int) -> None:
        """Set the rate for the step after `step`."""
        peaks = self.peaks.setdefault(id(optimizer), [group["lr"] for group in optimizer.param_groups])
        share = self.share(step + 1) if step + 1 < self.total else self.share(max(0, self.total - 1))
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * share

    def state(self) -> dict:
        return {"knots": [list(k) for k in self.knots], "total": self.total, "most": self.most}

    def restore(self, state: dict) -> None:
        self.knots = [(int(s), float(v)) for s, v in state["knots"]]
        self.total, self.most = int(state["total"]), int(state["most"])
