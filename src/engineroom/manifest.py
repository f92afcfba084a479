"""What a bundle says of itself: the manifest by which it is read again, where it comes from, and its model card."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .prepare import PreparedData

PACKAGES = ("engineroom", "torch", "numpy", "polars", "scikit-learn", "tokenizers", "safetensors")


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
