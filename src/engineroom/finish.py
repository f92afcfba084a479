"""What stays: the examination against the baseline, the report, the bundle. The test split is touched here, once."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor, nn

from .bundle.golden import make_golden
from .bundle.grading import finite, positive_class
from .bundle.model import Model
from .bundle.write import write_bundle
from .core import registry
from .core.batch import RowResults
from .core.config import write_yaml
from .core.panels import Panel
from .engine.callbacks.history import read_history
from .evaluate_run import Evaluation, evaluate_all, unfolded
from .evaluation.evaluate import EvaluationResult
from .evaluation.predict import ask
from .evaluation.reproduce import reproduce_command
from .manifest import card, make_manifest, make_provenance
from .networks.multi_column import describe, mirrored
from .prepare import PreparedData, Say
from .rendering.vision.image_features import growth
from .report import sections
from .report.html_report import write_report
from .report.model_comparison import comparison_section, score_tiles

Keeper = Callable[[dict[str, Tensor], dict[str, float], int, float], None]
OTHERS = 256  # test rows that the others on the objective are asked about


def finish(
    ready: PreparedData, cast: nn.ModuleDict, seconds: float, reason: str, budget: dict[str, Any], say: Say
) -> Model:
    """Evaluate on the test split, write report and bundle."""
    # from here on the network is only queried, never trained
    model = mirrored(cast["model"], ready.schema, ready.task).eval()
    found = evaluate_all(ready, cast, model, seconds, say)
    manifest = make_manifest(ready, found.size, found.calibration, budget, make_provenance(ready, seconds, reason)) | {
        "metrics": finite(found.chosen.scores),
        "answer": found.selection.to_json(),
        "deep": {"metrics": finite(found.deep.scores)},
        "baseline": {
            "words": found.baseline.words,
            "metrics": finite(found.baseline.scores),
            "calibration": found.baseline.calibration,
        },
        "verdict": found.verdict.to_json(),
        "positive_class": positive_class(ready.task, ready.schema.target),
    }
    write(ready, cast, model, found, manifest, budget)
    say(
        {
            "event": "finished",
            "run": str(ready.run.path),
            "report": str(ready.run.bundle / "report.html"),
            "metrics": manifest["metrics"],
            "answer": found.selection.use,
            "deep": manifest["deep"]["metrics"],
            "baseline": manifest["baseline"]["metrics"],
            "verdict": found.verdict.to_json(),
        }
    )
    return Model.load(ready.run.path)


def write(
    ready: PreparedData,
    cast: nn.ModuleDict,
    model: nn.Module,
    found: Evaluation,
    manifest: dict[str, Any],
    budget: dict[str, Any],
) -> None:
    """The report and the bundle; caches and checkpoints go."""
    run, data, task, test = ready.run, ready.data, ready.task, ready.data.splits["test"]
    others = registry.get("objectives", task.objective).panels(cast, task, data.batch(test[:OTHERS]))
    samples = [*growth(sorted(run.sketches.glob("*.png"))), *task.sample_panels(model, ready.schema), *others]
    evidence = sections.collect_evidence(model, unfolded(data), test, found.answers, found.deep.records, task)
    results = tuple(
        one for one in (found.deep, found.baseline, found.dummy, found.blend, *found.references) if one is not None
    )
    verdict = found.verdict.to_json() | {"answer": found.selection.use}
    report = make_report(ready, results, verdict, manifest, budget, samples, evidence)

    def more(aside: Path) -> None:
        write_report(report, aside)
        pl.DataFrame(record_columns(found.chosen, test)).write_parquet(aside / "records.parquet")
        (aside / "card.md").write_text(card(manifest, found.verdict.sentence), "utf-8")

    write_bundle(
        run.bundle,
        manifest=manifest,
        weights=model.state_dict(),
        golden=make_golden(model, unfolded(data), test if len(test) else data.splits["val"]),
        baseline=found.baseline_bytes,
        more=more,
    )
    shutil.rmtree(run.cache, ignore_errors=True)
    shutil.rmtree(run.checkpoints, ignore_errors=True)


def bundle_writer(ready: PreparedData, model: nn.Module, budget: dict[str, Any], rows: np.ndarray) -> Keeper:
    """A writer of bundles for while training goes on: they predict, but have no test scores, no baseline and no report
    yet."""
    network = copy.deepcopy(model).cpu()
    best = mirrored(network, ready.schema, ready.task)

    def write(weights: dict[str, Tensor], scores: dict[str, float], step: int, seconds: float) -> None:
        network.load_state_dict(weights)
        calibration = ready.task.fit_calibration(
            ask(best, ready.data, rows, ready.task.for_validation()), ready.validation_targets(rows)
        )
        provenance = make_provenance(ready, seconds, f"still training: the best so far, of step {step}")
        manifest = make_manifest(ready, describe(best), calibration, budget, provenance) | {
            "validation": finite(scores)
        }
        golden = make_golden(best, unfolded(ready.data), rows)
        write_bundle(ready.run.bundle, manifest=manifest, weights=best.state_dict(), golden=golden)

    return write


def record_columns(deep: EvaluationResult, rows: np.ndarray) -> dict[str, Any]:
    """Graded answers as flat columns."""
    columns: dict[str, Any] = {"row": rows}
    for name, values in deep.records.items():
        if values.dtype == object:
            columns[name] = pl.Series([v.tolist() if isinstance(v, np.ndarray) else v for v in values], strict=False)
        else:
            columns[name] = values if values.ndim == 1 else values.tolist()
    return columns


def make_report(
    ready: PreparedData,
    entries: tuple[EvaluationResult, ...],
    verdict: dict,
    manifest: dict,
    budget: dict,
    made: list[Panel],
    besides: RowResults,
) -> dict[str, Any]:
    deep, baseline = entries[:2]
    config, run = ready.config, ready.run
    history = read_history(run.events)
    schema, task, data = ready.schema, ready.task, ready.data
    stopped = next((line for line in reversed(history) if line["event"] == "stopped"), {"step": 0, "reason": "?"})
    speed = [line["samples_per_second"] for line in history if line["event"] == "step"]
    facts: list[list[str]] = [
        ["steps", f"{stopped['step']:,}", f"batches of {budget['batch_size']}"],
        ["time", f"{deep.seconds:.0f} s", "training, validation included"],
        ["speed", f"{np.median(speed) if speed else 0:,.0f}/s", "samples learned from"],
        ["stop reason", str(stopped["reason"]), ""],
    ]
    command = reproduce_command(config, budget)
    return {
        "format": 1,
        "title": run.path.name,
        "created": manifest["provenance"]["created"],
        "version": manifest["version"],
        "task": manifest["task"],
        "target": manifest["target"],
        "positive_class": manifest["positive_class"],
        "verdict": verdict,
        "tiles": score_tiles(list(entries), verdict, task),
        "path": str(run.bundle / "report.html"),
        "sections": [
            s.to_json()
            for s in (
                comparison_section(list(entries), verdict, task, schema.target),
                sections.answers_section(
                    deep, baseline, schema, ready.table.frame, data.splits["test"], task, made, besides
                ),
                sections.data_section(ready.table.frame, schema, data.splits, ready.split_words, ready.findings),
                sections.training_section(history, facts, task.primary_metric),
                sections.model_section(manifest["model"], list(entries), os.cpu_count() or 1, config.train.device),
                sections.reproduce_section(command, write_yaml(config), manifest["provenance"]),
            )
        ],
        "reproduce": command,
    }
