"""The evaluation of a run on its test split: network, baseline, dummy and the blend, by one code. The test split is
touched here, once."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from .core import registry
from .core.batch import Predictions
from .core.panels import Finding
from .evaluation.ensemble_selection import Selection, combine, select
from .evaluation.evaluate import EvaluationResult, examine
from .evaluation.fit_baseline import FittedBaselines, fit_baselines
from .evaluation.predict import ask
from .evaluation.verdict import Verdict, judge
from .networks.multi_column import describe, mirrored
from .prepare import PreparedData, Say


@dataclass(frozen=True)
class Evaluation:
    """The network, the baseline and the dummy predictor on the test rows, and what follows."""

    deep: EvaluationResult
    baseline: EvaluationResult
    dummy: EvaluationResult
    blend: EvaluationResult | None  # of network and baseline, where validation rows recommend one
    selection: Selection  # which of them answers
    references: list[EvaluationResult]  # networks that the objective compares with
    answers: Predictions  # of the network
    calibration: dict[str, float]
    size: dict[str, Any]
    verdict: Verdict
    baseline_bytes: bytes

    @property
    def chosen(self) -> EvaluationResult:
        """The test scores of what answers."""
        return {"deep": self.deep, "baseline": self.baseline}.get(self.selection.use) or self.blend or self.deep


def evaluate_all(ready: PreparedData, cast: nn.ModuleDict, model: nn.Module, seconds: float, say: Say) -> Evaluation:
    """Network, references, baseline and dummy on the test split: calibrated on validation rows, scored by one code."""
    config, data, task = ready.config, ready.data, ready.task
    test, val = data.splits["test"], data.splits["val"]
    validated, val_targets = ask(model, data, val, task.for_validation()), ready.validation_targets(val)
    calibration = task.fit_calibration(validated, val_targets)
    begun = time.perf_counter()
    answers = task.apply_calibration(ask(model, unfolded(data), test, task), calibration)
    rate = len(test) / max(1e-6, time.perf_counter() - begun)
    truths = {
        "train": ready.baseline_targets(data.splits["train"]),
        "val": ready.baseline_targets(val),
        "test": ready.targets(test),
    }
    ready.findings += [Finding("warning", note) for note in task.target_notes(truths["test"])]
    size = describe(model)
    words = f"{'+'.join(size['backbones'])}, {size['parameters']:,} parameters"
    cost = {"seconds": seconds, "rate": rate, "megabytes": size["megabytes"], "calibration": calibration}
    deep = examine("deep", words, answers, truths["test"], task, seed=config.seed, **cost)
    say({"event": "baseline"})
    references = []
    for words, one in registry.get("objectives", task.objective).references(cast).items():
        network = mirrored(one, ready.schema, task).eval()
        said = task.apply_calibration(ask(network, unfolded(data), test, task), calibration)
        references.append(examine("before", words, said, truths["test"], task, seed=config.seed))
    fitted = fit_baselines(ready.table.frame, ready.schema, data.splits, truths, task, seed=config.seed)
    selection = select_answer(ready, task.apply_calibration(validated, calibration), fitted)
    blend = None
    if selection.blended:
        pooled = combine(task, answers, fitted.predictions, selection)
        cost = {name: getattr(deep, name) + getattr(fitted.baseline, name) for name in ("seconds", "megabytes")}
        cost["rate"] = 1 / (1 / max(deep.rate, 1e-9) + 1 / max(fitted.baseline.rate, 1e-9))
        blend = examine("blend", selection.words, pooled, truths["test"], task, seed=config.seed, **cost)
    verdict = judge(deep, fitted.baseline, fitted.dummy, task, blend, selection)
    return Evaluation(
        deep, fitted.baseline, fitted.dummy, blend, selection, references, answers, calibration, size, verdict,
        fitted.dump,
    )  # fmt: skip


def select_answer(ready: PreparedData, validated: Predictions, fitted: FittedBaselines) -> Selection:
    """What answers, by the validation rows that taught neither network nor baseline; `validated` are the network's
    predictions for all of them."""
    task, val, rows = ready.task, ready.data.splits["val"], fitted.held_out_rows
    taught = ready.data.fold is None and np.array_equal(val, ready.data.splits["train"])
    if task.averaged is not None and (taught or not len(rows)):
        return Selection("deep", "Every row was learnt from: no validation rows are left to choose by.")
    order = np.argsort(val)
    index = order[np.searchsorted(val, rows, sorter=order)]
    deep = {name: values[index] for name, values in validated.items()}
    return select(task, deep, fitted.held_out, ready.validation_targets(rows))


def unfolded(data):
    """The same data without folds: every member answers (test rows belong to no fold)."""
    return replace(data, fold=None) if data.fold is not None else data
