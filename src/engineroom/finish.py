"""What stays: the examination against the baseline, the report, the bundle. The test split is touched here, once."""

from __future__ import annotations

import copy
import os
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
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
from .core.panels import Finding, Panel
from .engine.callbacks.history import read_history
from .evaluation.evaluate import EvaluationResult, examine, judge
from .evaluation.fit_baseline import face
from .evaluation.predict import ask
from .evaluation.reproduce import reproduce_command
from .networks.multi_column import describe, mirrored
from .prepare import PreparedData, Say
from .rendering.vision.image_features import growth
from .report import sections
from .report.html_report import write_report

Keeper = Callable[[dict[str, Tensor], dict[str, float], int, float], None]
OTHERS = 256  # test rows that the others on the objective are asked about
PACKAGES = ("engineroom", "torch", "numpy", "polars", "scikit-learn", "tokenizers", "safetensors")


def finish(
    ready: PreparedData, cast: nn.ModuleDict, seconds: float, reason: str, budget: dict[str, Any], say: Say
) -> Model:
    """Examine, compare, report, bundle."""
    config, run = ready.config, ready.run
    # from here on it is only queried, never trained
    model, data, task = (mirrored(cast["model"], ready.schema, ready.task).eval(), ready.data, ready.task)
    test, val = data.splits["test"], data.splits["val"]
    calibration = task.fit_calibration(ask(model, data, val, task.for_validation()), ready.validation_targets(val))
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
    deep = examine(
        "deep",
        f"{'+'.join(size['backbones'])}, {size['parameters']:,} parameters",
        answers,
        truths["test"],
        task,
        seed=config.seed,
        seconds=seconds,
        rate=rate,
        megabytes=size["megabytes"],
        calibration=calibration,
    )
    say({"event": "baseline"})
    objective = registry.get("objectives", task.objective)
    before = [
        examine(
            "before",
            words,
            task.apply_calibration(
                ask(mirrored(one, ready.schema, task).eval(), unfolded(data), test, task), calibration
            ),
            truths["test"],
            task,
            seed=config.seed,
        )
        for words, one in objective.references(cast).items()
    ]
    baseline, dummy, dump = face(ready.table.frame, ready.schema, data.splits, truths, task, seed=config.seed)
    verdict = judge(deep, baseline, dummy, task)
    manifest = make_manifest(ready, size, calibration, budget, make_provenance(ready, seconds, reason)) | {
        "metrics": finite(deep.scores),
        "baseline": {"words": baseline.words, "metrics": finite(baseline.scores), "calibration": baseline.calibration},
        "verdict": verdict.to_json(),
        "positive_class": positive_class(task, ready.schema.target),
    }
    others = objective.panels(cast, task, data.batch(test[:OTHERS]))
    made = [*growth(sorted(run.sketches.glob("*.png"))), *task.sample_panels(model, ready.schema), *others]
    besides = sections.where_from(model, unfolded(data), test, answers, deep.records, task)
    report = make_report(ready, (deep, baseline, dummy, *before), verdict.to_json(), manifest, budget, made, besides)

    def more(aside: Path) -> None:
        write_report(report, aside)
        pl.DataFrame(record_columns(deep, test)).write_parquet(aside / "records.parquet")
        (aside / "card.md").write_text(card(manifest, verdict.sentence), "utf-8")

    write_bundle(
        run.bundle,
        manifest=manifest,
        weights=model.state_dict(),
        golden=make_golden(model, unfolded(data), test if len(test) else val),
        baseline=dump,
        more=more,
    )
    shutil.rmtree(run.cache, ignore_errors=True)
    shutil.rmtree(run.checkpoints, ignore_errors=True)
    say(
        {
            "event": "finished",
            "run": str(run.path),
            "report": str(run.bundle / "report.html"),
            "metrics": manifest["metrics"],
            "baseline": manifest["baseline"]["metrics"],
            "verdict": verdict.to_json(),
        }
    )
    return Model.load(run.path)


def keep(ready: PreparedData, model: nn.Module, budget: dict[str, Any], rows: np.ndarray) -> Keeper:
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


def make_manifest(
    ready: PreparedData, size: dict[str, Any], calibration: dict, budget: dict[str, Any], provenance: dict[str, Any]
) -> dict[str, Any]:
    """What a bundle must know of itself to be read again."""
    return {
        "version": version("engineroom"),
        "task": ready.task_name,
        "target": ready.schema.target.name,
        "objective": ready.task.objective,
        "schema": ready.schema.to_json(),
        "conventions": ready.conventions,
        "config": ready.config.model_dump(),
        "calibration": calibration,
        "model": {**size, "rows": ready.n_train_rows, "networks": ready.networks, "precision": budget["precision"]},
        "provenance": provenance,
    }


def unfolded(data):
    """The same data without folds: every member answers (test rows belong to no fold)."""
    return replace(data, fold=None) if data.fold is not None else data


def record_columns(deep: EvaluationResult, rows: np.ndarray) -> dict[str, Any]:
    """Graded answers as flat columns."""
    columns: dict[str, Any] = {"row": rows}
    for name, values in deep.records.items():
        if values.dtype == object:
            columns[name] = pl.Series([v.tolist() if isinstance(v, np.ndarray) else v for v in values], strict=False)
        else:
            columns[name] = values if values.ndim == 1 else values.tolist()
    return columns


def make_provenance(ready: PreparedData, seconds: float, reason: str) -> dict[str, Any]:
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": ready.config.data,
        "data_fingerprint": ready.fingerprint,
        "split_hash": ready.split_hash,
        "seed": ready.config.seed,
        "seconds": round(seconds, 1),
        "stopped": reason,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {p: version(p) for p in PACKAGES},
    }


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
        "tiles": sections.tiles(list(entries), verdict, task),
        "path": str(run.bundle / "report.html"),
        "sections": [
            s.to_json()
            for s in (
                sections.versus_section(list(entries), verdict, task, schema.target),
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


def card(manifest: dict[str, Any], sentence: str) -> str:
    """A model card in a screenful of Markdown."""
    scores = "\n".join(
        f"| {k} | {v:.4g} | {manifest['baseline']['metrics'].get(k, float('nan')):.4g} |"
        for k, v in manifest["metrics"].items()
    )
    p = manifest["provenance"]
    return (
        f"# {manifest['task']} of {manifest['target']}\n\n{sentence}\n\n| score on the test split | deep | classical "
        f"|\n|---|---|---|\n{scores}\n\n"
        f"- model: {', '.join(manifest['model']['backbones'])}, {manifest['model']['parameters']:,} parameters\n- "
        f"baseline: {manifest['baseline']['words']}\n"
        f"- data: {Path(p['data']).name} (fingerprint {p['data_fingerprint']}), split {p['split_hash']}, seed "
        f"{p['seed']}\n- trained {p['created']} with engineroom {manifest['version']}\n\n"
        "Made for data like the training data; look at the report's mistakes before you rely on it.\n"
    )
