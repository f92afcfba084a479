"""COLLECT: do rows come in groups (patients, speakers, machines) whose rows share one answer? Then a random split
leaks.

A model that has seen nine of a patient's ten rows recognises the patient, not the illness. scikit-learn's GroupKFold
and StratifiedGroupKFold keep groups together; here the column that names them is found before the split is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from ..core.config import ColumnConfig, Config
from ..core.panels import Finding
from ..core.schema import Schema
from ..modalities.tabular.category import to_strings
from ..modalities.tabular.number import to_floats
from .splits import Split

LEAST_GROUPS = 10  # of two rows and more
REPEATED = 0.8  # share of the rows that stand in such groups
SAME = 0.99  # share of the pairs of rows of a group that have the same answer
ORDINARY = 0.95  # where any two rows agree this often, agreement within groups says nothing
WITHIN = 1e-3  # share of a number's variance that is left within groups
NAMES = re.compile(
    r"(^|[\W_])(id|ids|uid|uuid|guid|nr|no|num|key|code|patient|subject|participant|person|user|customer|client|session|speaker|"
    r"case|device|machine|household|student|group|animal|specimen|sample|slide|video|clip|track|recording|scan|study|plate|name)"
    r"([\W_]|\d|$)",
    re.I,
)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
CODE = r"^[A-Za-z]{0,6}[-_ ]?\d+[A-Za-z]?$"


@dataclass(frozen=True)
class Groups:
    """A column whose values repeat and whose rows share one answer."""

    column: str
    count: int
    rows: float  # of an ordinary group
    target: str

    @property
    def words(self) -> str:
        return (
            f"{self.column!r} repeats: {self.count:,} values with about {self.rows:g} rows each, and each has one "
            f"{self.target!r}."
        )


def find_groups(frame: pl.DataFrame, schema: Schema, task: str) -> list[Groups]:
    """Columns that name groups of rows with one answer each, the coarsest first. For classes and numbers."""
    if task not in ("classes", "number") or not schema.role("target"):
        return []
    target = frame[schema.target.name]
    known = target.is_not_null()
    found = []
    for column in schema:
        if column.role in ("input", "id", "group") and column.modality in ("category", "number", "identifier", "text"):
            values = frame[column.name].filter(known)
            groups = _groups(column.name, values, target.filter(known), task)
            if groups is not None:
                found.append(groups)
    return sorted(found, key=lambda groups: (groups.count, groups.column))


def _groups(name: str, values: pl.Series, target: pl.Series, task: str) -> Groups | None:
    if not _names_things(name, values):
        return None
    keys = to_strings(values)
    rows = pl.DataFrame(
        {"key": keys, "target": to_floats(target) if task == "number" else to_strings(target)}
    ).drop_nulls()
    sizes = rows.group_by("key").len()
    repeated = sizes.filter(pl.col("len") > 1)
    if repeated.height < LEAST_GROUPS or repeated["len"].sum() < REPEATED * len(values):
        return None
    agrees = _one_number(rows) if task == "number" else _one_class(rows)
    typical = float(np.median(repeated["len"].to_numpy()))
    return Groups(name, sizes.height, typical, target.name) if agrees else None


def _names_things(name: str, values: pl.Series) -> bool:
    """An identifier by its name (patient_id, PatientID, subject) or, for text, by its values (P001). A measure is
    none."""
    if values.dtype.is_float() or not (values.dtype == pl.String or values.dtype.is_integer()):
        return False
    if NAMES.search(CAMEL.sub("_", name)):
        return True
    distinct = values.drop_nulls().unique() if values.dtype == pl.String else pl.Series(dtype=pl.String)
    return len(distinct) >= 2 * LEAST_GROUPS and float(distinct.str.contains(CODE).mean() or 0) > 0.95  # type: ignore[arg-type]


def _one_class(rows: pl.DataFrame) -> bool:
    """Two rows of a group nearly always have the same class, any two rows do not."""
    size = rows.group_by("key").len()["len"].cast(pl.Float64)
    pairs = float((size * (size - 1)).sum())
    both = rows.group_by("key", "target").len()["len"].cast(pl.Float64)
    shares = rows["target"].value_counts()["count"].to_numpy() / len(rows)
    within = float((both * (both - 1)).sum()) / max(1.0, pairs)
    return within >= SAME and float((shares**2).sum()) <= ORDINARY


def _one_number(rows: pl.DataFrame) -> bool:
    """The number varies between groups, not within them."""
    within = rows.group_by("key").agg((pl.col("target") - pl.col("target").mean()).pow(2).sum().alias("s"))["s"].sum()
    total = float(((rows["target"] - rows["target"].mean()) ** 2).sum())
    return total > 0 and float(within) <= WITHIN * total


def group_by_identifier(schema: Schema, groups: list[Groups], config: Config) -> tuple[Schema, list[Finding]]:
    """The schema with the coarsest group column in the role `group` (split_rows keeps its rows together), and the word
    for it.

    Nothing changes where the user chose a split or the column's role; then a warning is all.
    """
    if not groups:
        return schema, []
    chosen = next((one for one in groups if schema[one.column].role == "group"), groups[0])
    asked = config.columns.get(chosen.column, ColumnConfig()).role
    if schema[chosen.column].role == "group" or config.split.by == "group":
        return schema, []
    if (
        config.split.by != "auto"
        or asked is not None
        or schema.role("split")
        or schema.role("group")
        or schema.role("time")
    ):
        why = "A random split shows rows of one of them on both sides: the score would tell how well it is recognised."
        return schema, [
            Finding(
                "warning",
                chosen.words,
                why,
                f"Keep them together: --set split.by=group --set split.column={chosen.column}",
            )
        ]
    for one in groups:
        role: Literal["group", "id"] = "group" if one is chosen else "id"
        if config.columns.get(one.column, ColumnConfig()).role is None:
            schema = schema.with_column(
                replace(schema[one.column], role=role, why="names groups of rows that share one answer")
            )
    why = (
        "At random, rows of one of them would stand on both sides, and the score would tell how well it is recognised."
    )
    fix = (
        "It is kept together in the split and not learnt from. If that is wrong: --set "
        f"columns.{chosen.column}.role=input"
    )
    return schema, [Finding("warning", chosen.words, why, fix)]


def straddling(groups: list[Groups], frame: pl.DataFrame, split: Split) -> Iterator[Finding]:
    """Groups on both sides of a split that was given."""
    for one in groups[:1]:
        keys = to_strings(frame[one.column])
        learnt = set(keys.gather(split.train).drop_nulls())
        test = keys.gather(split.test)
        seen = int(test.is_in(list(learnt)).sum())
        if seen > 0.05 * max(1, len(test)) and split.by == "column":
            what = (
                f"{seen:,} of {len(test):,} test rows belong to a {one.column!r} that is learnt from, and each has "
                "one answer."
            )
            yield Finding(
                "warning", what, "The score tells how well they are recognised, not how new ones fare.", "Split by it."
            )
