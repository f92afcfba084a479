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
    """One SizePoint a size, from few rows to all; the largest parts get the most time, in proportion to the root of
    their rows."""
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
        opened = make_task(config.task, config.options).build_samples(opened, config.target, inference=False)
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
            rows = np.concatenate([split.test, np.sort(pool[:count])])
            frame = opened.frame[rows].with_columns(pl.Series(PART, ["test"] * len(split.test) + ["train"] * count))
            sized = at_size(config, roles, str(Path(folder) / f"rows-{count}"), float(part * minutes))
            points.append(point := train_at_size(sized, frame, count))
            metric = point.task.primary_metric
            ours, theirs = (point.task.compute_metrics(r)[metric] for r in (point.deep, point.baseline))
            say(f"{count:,} rows: {metric} deep {ours:.4g}, classical {theirs:.4g} ({point.seconds:.0f} s)")
    return points


def at_size(config: Config, roles: dict[str, dict[str, str]], run: str, minutes: float) -> Config:
    """The configuration of one size: the columns' roles as they were inferred from all rows, the split in a column."""
    options = config.model_dump()["columns"]
    columns = {
        name: role | {key: value for key, value in (options.get(name) or {}).items() if value is not None}
        for name, role in roles.items()
    }
    columns[PART] = {"modality": "category", "role": "split"}
    layer = config.model_dump() | {"data": "", "test": None, "run": run, "columns": columns}
    layer["split"] = {**layer["split"], "by": "column", "column": PART}
    layer["train"] = {**layer["train"], "minutes": minutes}
    return Config.model_validate(layer)


def train_at_size(config: Config, frame: pl.DataFrame, count: int) -> SizePoint:
    """Both trained on `count` rows and scored on the test rows."""
    begun = time.perf_counter()
    model, _ = train(config, table=frame)
    graded = model.graded(frame.filter(pl.col(PART) == "test").drop(PART))
    return SizePoint(count, graded.deep, model.baseline_records(graded), time.perf_counter() - begun, model.task)


def steps(rows: int, sizes: int) -> list[int]:
    """Sizes in equal ratios from SMALLEST (or a 64th) up to all rows."""
    if rows < 2 * SMALLEST:
        raise DataError(
            f"{rows} rows are too few for a curve.", f"At least {2 * SMALLEST} to learn from are needed.", "Add rows."
        )
    return sorted({round(float(n)) for n in np.geomspace(max(SMALLEST, rows / 64), rows, max(2, sizes))})
