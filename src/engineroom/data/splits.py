"""COLLECT: who learns, who validates, who is tested. Duplicates never stand on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.columns import Schema
from ..core.config import SplitConfig
from ..core.errors import DataError, UserError
from ..core.files import blake
from ..core.seeds import numpy_generator
from ..core.table import Table
from ..modalities.category import to_strings
from ..modalities.datetime import to_timestamps
from ..modalities.number import to_floats
from .duplicates import find_clusters

NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
DROP_LIMIT = 0.2  # up to this share of the training rows is dropped because it stands in the given test rows too


@dataclass(frozen=True)
class Split:
    """Row numbers, sorted; `words` say how they were chosen; `straddling` counts rows moved or dropped because of duplicates."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    by: str
    words: str
    hash: str
    notes: tuple[str, ...] = ()
    duplicates: int = 0  # rows that have a twin somewhere
    dropped: int = 0  # training rows left out because a test row is their twin


def split_rows(table: Table, schema: Schema, config: SplitConfig, *, seed: int, task: str) -> Split:
    """Split by a given column, by groups, by time, or at random within classes; a pure function of data, settings and seed."""
    by, column = choose(schema, config)
    y, known = target_bins(table, schema, task)
    notes = [] if known.all() else [f"{int((~known).sum())} row(s) without a target were left out."]
    clusters = find_clusters(table, schema, near=config.near_duplicates)
    sizes = np.bincount(clusters)
    duplicates = int((sizes[clusters] > 1).sum())
    given = given_parts(table, column) if by == "column" else None
    dropped = 0
    if given is not None:
        test = np.flatnonzero((given == "test") & known)
        rest = np.flatnonzero(np.isin(given, ["train", "val"]) & known)
        twins = np.isin(clusters[rest], clusters[test])
        if 0 < twins.mean() <= DROP_LIMIT if len(rest) else False:
            dropped, rest = int(twins.sum()), rest[~twins]
            notes.append(f"{dropped} training row(s) are the same as a test row (or nearly) and were left out.")
        val = rest[given[rest] == "val"]
        train = rest[given[rest] == "train"]
        inner, inner_column = choose(schema, config.model_copy(update={"by": "auto", "column": None}), given=False)
        words = f"Test rows as given by {column}."
        if not len(test):
            train, test = carve(train, config.test, inner, inner_column, table, clusters, y, seed, "test")
        if not len(val):
            train, val = carve(train, config.val, inner, inner_column, table, clusters, y, seed, "val")
            words += f" {len(val):,} training rows were set aside to validate."
    else:
        rows = np.flatnonzero(known)
        rest, test = carve(rows, config.test, by, column, table, clusters, y, seed, "test")
        train, val = carve(rest, config.val, by, column, table, clusters, y, seed, "val")
        words = {
            "time": f"The latest rows by {column} are the test, those before them validate.",
            "group": f"Rows with the same {column} stay together.",
            "stratified": "At random, every class (or range of the target) in its share.",
            "random": "At random.",
        }[by]
    for name, part in (("train", train), ("val", val), ("test", test)):
        if not len(part):
            raise DataError(
                f"No rows are left for the {name} split.",
                f"There are {int(known.sum())} rows with a target.",
                "Add rows, or change split.test and split.val.",
            )
    code = np.zeros(len(table), np.uint8)
    code[train], code[val], code[test] = 1, 2, 3
    return Split(train, val, test, by, words, blake(code.tobytes()), tuple(notes), duplicates, dropped)


def choose(schema: Schema, config: SplitConfig, *, given: bool = True) -> tuple[str, str]:
    """(how, by which column)."""
    if config.by != "auto":
        if config.by in ("group", "time", "column"):
            names = [config.column] if config.column else [c.name for c in schema.role({"column": "split"}.get(config.by, config.by))]
            if not names:
                raise UserError(f"split.by={config.by} needs a column.", "", "Name it: --set split.column=NAME")
            return config.by, schema[names[0]].name
        return config.by, ""
    for role, by in (("split", "column"), ("group", "group"), ("time", "time")):
        columns = schema.role(role)
        if columns and (given or role != "split"):
            return by, columns[0].name
    return "stratified", ""


def given_parts(table: Table, column: str) -> np.ndarray:
    words = to_strings(table.frame[column]).to_list()
    parts = np.array([NAMES.get((w or "").strip().lower(), "") for w in words])
    if not (parts == "train").any():
        raise DataError(
            f"Column {column!r} names no training rows.",
            f"It holds {sorted({str(w) for w in words})[:8]}.",
            "Use the words train, val and test.",
        )
    return parts


def target_bins(table: Table, schema: Schema, task: str) -> tuple[np.ndarray, np.ndarray]:
    """(stratum of each row, which rows have a target)."""
    values = table.frame[schema.target.name]
    if task == "number":
        x = to_floats(values)
        known = np.isfinite(x)
        if not known.any():
            raise DataError(f"The target {schema.target.name!r} holds no numbers.", "", "Choose another target.")
        edges = np.unique(np.quantile(x[known], np.linspace(0, 1, 11)[1:-1]))
        return np.where(known, np.searchsorted(edges, np.nan_to_num(x)), -1), known
    if task == "labels":
        known = ~values.is_null().to_numpy()
        return np.zeros(len(values), int), known
    words = to_strings(values)
    known = ~(words.is_null() | (words == "")).fill_null(True).to_numpy()
    return words.fill_null("").rank("dense").to_numpy().astype(int), known


def carve(
    rows: np.ndarray, share: float, by: str, column: str, table: Table, clusters: np.ndarray, y: np.ndarray, seed: int, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """(the rest, the part): whole clusters or groups move together."""
    if share == 0 or len(rows) < 2:
        return rows, rows[:0]
    if by == "time":
        when = to_timestamps(table.frame[column]) if not table.frame[column].dtype.is_numeric() else table.frame[column]
        order = rows[np.argsort(to_floats(when)[rows], kind="stable")]
        cut = max(1, round(len(rows) * (1 - share)))
        return np.sort(order[:cut]), np.sort(order[cut:])
    unit = clusters[rows]
    if by == "group":
        unit = to_strings(table.frame[column]).fill_null("").rank("dense").to_numpy()[rows].astype(int)
    first, place = np.unique(unit, return_index=True)[1], np.unique(unit, return_inverse=True)[1]
    generator = numpy_generator(seed, "split", name)
    strata = y[rows][first] if by in ("stratified", "column", "group") else np.zeros(len(first), int)
    picked = np.zeros(len(first), bool)
    for stratum in np.unique(strata):
        units = np.flatnonzero(strata == stratum)
        units = units[generator.permutation(len(units))]
        wanted = share * len(units)
        count = int(wanted) + int(generator.random() < wanted - int(wanted))
        if count == 0 and len(units) >= 4:
            count = 1
        picked[units[: min(count, len(units) - 1)]] = True
    if not picked.any() and len(first) > 1:
        picked[generator.integers(len(first))] = True
    return rows[~picked[place]], rows[picked[place]]
