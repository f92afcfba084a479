"""Train both on growing parts of the same rows, one within the other, and judge all on one test split that none of them
saw."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..collect import pick_task, wants_classes
from ..core.batch import RowResults
from ..core.config import Config
from ..core.errors import DataError
from ..core.seeds import numpy_generator
from ..data.loading import open_table
from ..data.schema_inference import infer_schema
from ..data.splits import split_rows
from ..run import train
from ..tasks._base import make_task

PART = "_part"
SMALLEST = 40  # rows of the smallest part; fewer cannot be split
Say = Callable[[str], None]


@dataclass(frozen=True)
class SizePoint:
    """Both at one size: graded answers to the same test rows, and what it took."""

    rows: int
    deep: RowResults
    baseline: RowResults
    seconds: float
    task: Any


def grow(config: Config, table: Any, *, minutes: float, sizes: int, say: Say) -> list[SizePoint]:
    """One Point a size, from few rows to all; the largest parts get the most time, in proportion to the root of their
    rows."""
    data = table if table is not None else config.data
    opened = open_table(
        data,
        test=config.test,
        target=config.target,
        limits=config.limits,
        task=config.task,
        columns=config.columns,
        classes=wants_classes(config),
    )
    if config.task != "auto":
        opened = make_task(config.task, config.options).build_samples(opened, config.target, asking=False)
    schema = infer_schema(opened, config)
    task = make_task(pick_task(schema, config), config.options).for_column(schema.target)
    split = split_rows(opened, schema, config.split, seed=config.seed, task=task.output_type)
    pool = numpy_generator(config.seed, "scale").permutation(np.concatenate([split.train, split.val]))
    counts = steps(len(pool), sizes)
    roles = {c.name: {"modality": c.modality, "role": "ignore" if c.role == "split" else c.role} for c in schema}
    share = np.sqrt(counts) / np.sqrt(counts).sum()
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for count, part in zip(counts, share, strict=True):
            begun = time.perf_counter()
            rows = np.concatenate([split.test, np.sort(pool[:count])])
            frame = opened.frame[rows].with_columns(pl.Series(PART, ["test"] * len(split.test) + ["train"] * count))
            columns = {
                **{name: {**roles[name], **given(config, name)} for name in roles},
                PART: {"modality": "category", "role": "split"},
            }
            layer = config.model_dump() | {
                "data": "",
                "test": None,
                "run": str(Path(folder) / f"rows-{count}"),
                "columns": columns,
            }
            layer["split"] = {**layer["split"], "by": "column", "column": PART}
            layer["train"] = {**layer["train"], "minutes": float(part * minutes)}
            model, _ = train(Config.model_validate(layer), table=frame)
            graded = model.graded(frame.filter(pl.col(PART) == "test").drop(PART))
            points.append(
                SizePoint(
                    count, graded.deep, model.baseline_records(graded), time.perf_counter() - begun, model.task
                )
            )
            ours, theirs = (
                model.task.compute_metrics(r)[model.task.primary_metric] for r in (points[-1].deep, points[-1].baseline)
            )
            say(
                f"{count:,} rows: {model.task.primary_metric} deep {ours:.4g}, classical {theirs:.4g} "
                f"({points[-1].seconds:.0f} s)"
            )
    return points


def given(config: Config, name: str) -> dict[str, Any]:
    """What the user said about a column."""
    said = config.model_dump()["columns"].get(name) or {}
    return {key: value for key, value in said.items() if value is not None}


def steps(rows: int, sizes: int) -> list[int]:
    """Sizes in equal ratios from SMALLEST (or a 64th) up to all rows."""
    if rows < 2 * SMALLEST:
        raise DataError(
            f"{rows} rows are too few for a curve.", f"At least {2 * SMALLEST} to learn from are needed.", "Add rows."
        )
    return sorted({round(float(n)) for n in np.geomspace(max(SMALLEST, rows / 64), rows, max(2, sizes))})
