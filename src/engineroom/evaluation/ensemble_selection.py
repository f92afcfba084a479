"""Ensemble selection: the deep model, the classical baseline, or the weighted average of both answers, whichever
validation rows recommend (a linear opinion pool; Caruana et al. 2004). No test row is involved."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..core.batch import Predictions
from ..core.errors import UserError
from ..core.panels import spoken

WEIGHTS = np.linspace(0.0, 1.0, 21)  # of the deep model
FEW_ROWS = 20  # validation rows below which nothing is chosen
USES = ("best", "deep", "baseline", "blend")
NAMES = {"deep": "the deep model", "baseline": "the classical baseline", "blend": "the blend"}


@dataclass(frozen=True)
class Selection:
    """What answers: `use` is deep, baseline or blend; `weight` is the deep model's share in the blend."""

    use: str
    reason: str
    weight: float = 1.0
    scores: dict[str, float] = field(default_factory=dict)  # the task's `monitor` on validation rows, lower is better
    calibration: dict[str, float] = field(default_factory=dict)  # of the blend

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Selection:
        chosen = cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})
        if chosen.use not in NAMES or not 0.0 <= chosen.weight <= 1.0:
            raise ValueError("an impossible selection")
        return chosen

    def resolve(self, wanted: str) -> str:
        """deep, baseline or blend for what a user asked for (`best` = what validation recommends)."""
        if wanted not in USES:
            raise UserError(f"--with cannot be {wanted!r}.", "", f"It is one of {', '.join(USES)}.")
        if wanted == "blend" and not self.blended:
            raise UserError("This model has no blend.", self.reason, "Use --with deep or --with baseline.")
        return self.use if wanted == "best" else wanted

    @property
    def words(self) -> str:
        return f"{self.weight:.2g} × deep model + {1 - self.weight:.2g} × classical baseline"

    @property
    def blended(self) -> bool:
        return 0.0 < self.weight < 1.0


def select(task: Any, deep: Predictions, baseline: Predictions, targets: np.ndarray) -> Selection:
    """The selection by calibrated predictions for the same validation rows and their targets."""
    if task.averaged is None:
        return Selection("deep", f"For {task.output_type} the network alone answers.")
    if len(targets) < FEW_ROWS:
        return Selection("deep", f"{len(targets)} validation rows are too few to choose by.")

    def error(predictions: Predictions) -> float:
        value = task.compute_metrics(task.score_rows(predictions, targets)).get(task.monitor, float("nan"))
        return float(value) if np.isfinite(value) else float("inf")

    errors = {"deep": error(deep), "baseline": error(baseline)}
    weight = 1.0 if errors["deep"] <= errors["baseline"] else 0.0
    calibration: dict[str, float] = {}
    if task.averaged and np.isfinite(list(errors.values())).all():
        pools = {w: average(deep, baseline, w, task.averaged) for w in WEIGHTS[1:-1].tolist()}
        best = min(pools, key=lambda w: error(pools[w]))
        calibration = task.fit_calibration(pools[best], targets)
        errors["blend"] = error(task.apply_calibration(pools[best], calibration))
        if errors["blend"] < min(errors["deep"], errors["baseline"]):
            weight = round(best, 3)
    use = "deep" if weight == 1.0 else "baseline" if weight == 0.0 else "blend"
    shown = ", ".join(f"{spoken(value)} with {NAMES[name]}" for name, value in errors.items())
    reason = f"{task.monitor} on {len(targets):,} validation rows (lower is better): {shown}."
    return Selection(use, reason, weight, {k: v for k, v in errors.items() if np.isfinite(v)}, calibration)


def average(deep: Predictions, baseline: Predictions, weight: float, names: tuple[str, ...]) -> Predictions:
    """`weight` · deep + (1 - `weight`) · baseline, array by array; what is not averaged is the deep model's."""
    return deep | {name: mean(deep[name], baseline[name], weight) for name in names if name in deep}


def mean(deep: np.ndarray, baseline: np.ndarray, weight: float) -> np.ndarray:
    """The weighted mean of two arrays, or of two object arrays of arrays."""
    if deep.dtype == object:
        out = np.empty(len(deep), object)
        out[:] = [mean(np.asarray(a), np.asarray(b), weight) for a, b in zip(deep, baseline, strict=True)]
        return out
    return weight * deep + (1.0 - weight) * baseline


def combine(task: Any, deep: Predictions, baseline: Predictions, selection: Selection) -> Predictions:
    """The blend of calibrated predictions, calibrated itself."""
    return task.apply_calibration(average(deep, baseline, selection.weight, task.averaged), selection.calibration)
