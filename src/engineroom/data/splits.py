"""COLLECT: who learns, who validates, who is tested. Duplicates never stand on both sides."""

from __future__ import annotations

from collections import Counter
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
from ..modalities.multilabel import to_sets
from ..modalities.number import to_floats
from .duplicates import find_clusters, first_seen

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
DROP_LIMIT = 0.2  # up to this share of the training rows is left out because its twins are judged
TRIES = 20  # random picks of groups, of which the one nearest to the wished size and class shares is kept
WORDS = {
    "time": "The latest rows by {} are the test, those before them validate.",
    "group": "Rows with the same {} stay together.",
    "stratified": "At random, every class (or range of the target) in its share.",
    "random": "At random.",
}


@dataclass(frozen=True)
class Split:
    """Row numbers, sorted; `words` and `notes` say how they were chosen."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    by: str
    words: str
    hash: str
    notes: tuple[str, ...] = ()
    duplicates: int = 0  # rows that have a twin somewhere
    dropped: int = 0  # training rows left out because a row that is judged is their twin
    straddling: int = 0  # training rows that still have a twin among the rows that are judged


@dataclass(frozen=True)
class Knife:
    """What a cut depends on: how, by which column, the target (N,) as text or numbers, the twins, the seed."""

    table: Table
    by: str
    column: str
    y: np.ndarray
    clusters: np.ndarray
    seed: int

    def cut(self, rows: np.ndarray, share: float, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(the rest, the part called `name`). Whole groups move together, else whole clusters of twins."""
        if share == 0 or len(rows) < 2:
            return rows, rows[:0]
        if self.by == "time":
            return cut_latest(rows, share, times(self.table, self.column)[rows])
        generator = numpy_generator(self.seed, "split", name)
        strata = np.zeros(len(rows), int) if self.by == "random" else bins(self.y[rows])
        if self.by == "group":
            unit = first_seen(to_strings(self.table.frame[self.column]).fill_null("").to_numpy()[rows])
            picked = pick_groups(unit, strata, share, generator)
        else:
            picked = pick_clusters(first_seen(self.clusters[rows]), strata, share, generator)
        return rows[~picked], rows[picked]


def split_rows(table: Table, schema: Schema, config: SplitConfig, *, seed: int, task: str) -> Split:
    """Split by a given column, by groups, by time, or at random within classes; a pure function of data, settings and seed."""
    by, column = choose(schema, config)
    y, known = read_target(table, schema, task)
    clusters = find_clusters(table, schema, near=config.near_duplicates)
    notes = [] if known.all() else [f"{int((~known).sum())} row(s) without a target were left out."]
    inner = choose(schema, config.model_copy(update={"by": "auto", "column": None}), given=False) if by == "column" else (by, column)
    knife = Knife(table, *inner, y, clusters, seed)
    if by == "column":
        parts = given_parts(table, column, notes)
        train, val, test = (np.flatnonzero((parts == name) & known) for name in ("train", "val", "test"))
        words = f"{' and '.join(n for n, p in (('Test', test), ('validation', val)) if len(p)) or 'Training'} rows as given by {column}."
    else:
        train, val, test = np.flatnonzero(known), np.zeros(0, np.int64), np.zeros(0, np.int64)
        words = WORDS[by].format(column)
    if by == "time" and (lost := int(np.isneginf(times(table, column)[known]).sum())):
        notes.append(f"{lost} row(s) have no time in {column} and count as the oldest.")
    cuts: list[tuple[str, int]] = []
    if not len(test):
        train, test = knife.cut(train, config.test, "test")
        cuts.append(("test", len(test)))
    given_val = bool(len(val))
    dropped, train = leave_out_twins(train, test, clusters)
    more, val = leave_out_twins(val, test, clusters)
    if not given_val:
        train, val = knife.cut(train, config.val, "val")
        again, train = leave_out_twins(train, val, clusters)
        more += again
        cuts.append(("validate", len(val)))
    if by == "column":
        words += "".join(f" {count:,} training rows were set aside to {purpose}{aside(inner)}." for purpose, count in cuts)
    notes += twin_notes(dropped + more, straddling := twins_left(train, val, test, clusters), len(train))
    return finish((train, val, test), known, by, words, notes, (count_twins(clusters), dropped + more, straddling))


def finish(parts: tuple, known: np.ndarray, by: str, words: str, notes: list[str], counts: tuple[int, int, int]) -> Split:
    for name, part in zip(("train", "val", "test"), parts, strict=True):
        if not len(part):
            what = f"There are {int(known.sum())} rows with a target."
            raise DataError(f"No rows are left for the {name} split.", what, "Add rows, or change split.test and split.val.")
    code = np.zeros(len(known), np.uint8)
    for number, part in enumerate(parts, 1):
        code[part] = number
    return Split(*parts, by, words, blake(code.tobytes()), tuple(notes), *counts)


def choose(schema: Schema, config: SplitConfig, *, given: bool = True) -> tuple[str, str]:
    """(how, by which column)."""
    if config.column and config.by not in ("group", "time", "column"):
        raise UserError(
            f"split.column={config.column} says no way to split.", f"split.by is {config.by}.", "Add --set split.by=group, time or column."
        )
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


def given_parts(table: Table, column: str, notes: list[str]) -> np.ndarray:
    words = to_strings(table.frame[column]).to_list()
    parts = np.array([NAMES.get((w or "").strip().lower(), "") for w in words])
    if not (parts == "train").any():
        found = f"It holds {sorted({str(w) for w in words})[:8]}."
        raise DataError(f"Column {column!r} names no training rows.", found, "Use the words train, val and test.")
    if strange := sorted({str(w) for w, part in zip(words, parts, strict=True) if not part}):
        notes.append(f"{int((parts == '').sum())} row(s) whose {column} is none of train, val, test ({strange[0]}, …) were left out.")
    return parts


def read_target(table: Table, schema: Schema, task: str) -> tuple[np.ndarray, np.ndarray]:
    """(what to stratify by: text or numbers, (N,); which rows have a target)."""
    values = table.frame[schema.target.name]
    if task == "number":
        x = to_floats(values)
        if not np.isfinite(x).any():
            raise DataError(f"The target {schema.target.name!r} holds no numbers.", "", "Choose another target.")
        return x, np.isfinite(x)
    if task == "labels":
        sets = to_sets(values)
        common = Counter(label for labels in sets for label in set(labels))
        rarest = [min(labels, key=lambda label: (common[label], label), default="") for labels in sets]  # after Sechidis et al. 2011
        return np.array(rarest, dtype=object), ~values.is_null().to_numpy()
    words = to_strings(values).fill_null("")
    return words.to_numpy(), (words != "").to_numpy()


def bins(y: np.ndarray) -> np.ndarray:
    """(N,) stratum of each row: its class, or its tenth of the numbers. Seen from these rows alone: no other row has a say."""
    if y.dtype.kind == "f":
        return np.searchsorted(np.unique(np.quantile(y, np.linspace(0, 1, 11)[1:-1])), y)
    return np.unique(y.astype(str), return_inverse=True)[1]


def times(table: Table, column: str) -> np.ndarray:
    """(N,) seconds or whatever the numbers count; -inf where no time is known."""
    values = table.frame[column]
    when = to_floats(values if values.dtype.is_numeric() else to_timestamps(values))
    if not np.isfinite(when).any():
        raise DataError(f"Column {column!r} holds no times.", "", "Choose another --set split.column, or split.by=random.")
    return np.where(np.isnan(when), -np.inf, when)


def cut_latest(rows: np.ndarray, share: float, when: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part is the latest share; rows of one moment are not torn apart unless there is only one moment."""
    order = np.argsort(when, kind="stable")
    cut = min(len(rows) - 1, max(1, round(len(rows) * (1 - share))))
    edges = [np.searchsorted(when[order], when[order][cut], side=side) for side in ("left", "right")]
    cut = min((e for e in edges if 0 < e < len(rows)), key=lambda e: abs(e - cut), default=cut)
    return np.sort(rows[order[:cut]]), np.sort(rows[order[cut:]])


def pick_clusters(unit: np.ndarray, strata: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """(N,) bool: from every stratum its share of rows, whole units at a time; the last unit of a class is never taken."""
    first, sizes = np.unique(unit, return_index=True)[1], np.bincount(unit)
    stratum, picked = strata[first], np.zeros(len(first), bool)
    for value in np.unique(stratum):
        units = np.flatnonzero(stratum == value)
        units = units[generator.permutation(len(units))]
        wanted = share * sizes[units].sum()
        count = int(wanted) + int(generator.random() < wanted - int(wanted))
        if count == 0 and len(units) >= 4:
            count = 1
        picked[fill(units[:-1], sizes, count)] = True
    if not picked.any() and len(first) > 1:
        spare = np.flatnonzero(np.bincount(stratum)[stratum] > 1)
        picked[generator.choice(spare if len(spare) else len(first))] = True
    for value in np.setdiff1d(strata, strata[~picked[unit]]):  # twins of different classes can take a whole class along
        picked[unit[strata == value][0]] = False
    return picked[unit]


def fill(units: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """Units in their order, as long as each brings the number of rows nearer to `count`."""
    if len(units) and sizes[units].max() == 1:
        return units[:count]
    taken, total = [], 0
    for unit in units:
        if 2 * (count - total) > sizes[unit]:
            taken.append(unit)
            total += sizes[unit]
    return np.array(taken, np.int64)


def pick_groups(unit: np.ndarray, strata: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """(N,) bool: of some random picks of whole groups the one with the wished size and most even classes; no class is all taken."""
    sizes, shares = np.bincount(unit), np.bincount(strata) / len(strata)
    best, least = np.zeros(len(unit), bool), np.inf
    for _ in range(TRIES if len(sizes) > 1 else 0):
        order = generator.permutation(len(sizes))
        taken = fill(order[:-1], sizes, max(1, round(share * len(unit))))
        picked = np.isin(unit, taken if len(taken) else order[np.argmin(sizes[order])])
        found, left = (np.bincount(strata[side], minlength=len(shares)) for side in (picked, ~picked))
        cost = abs(picked.mean() - share) / share + np.abs(found / found.sum() - shares).sum() + 10 * ((left == 0) & (shares > 0)).sum()
        if cost < least:
            best, least = picked, cost
    return best


def leave_out_twins(rows: np.ndarray, judged: np.ndarray, clusters: np.ndarray) -> tuple[int, np.ndarray]:
    """(how many, the rest): rows that are twins of a row to be judged, where they are few enough to do without."""
    twins = np.isin(clusters[rows], clusters[judged])
    return (int(twins.sum()), rows[~twins]) if twins.sum() <= DROP_LIMIT * len(rows) else (0, rows)


def twins_left(train: np.ndarray, val: np.ndarray, test: np.ndarray, clusters: np.ndarray) -> int:
    return int(np.isin(clusters[train], clusters[np.concatenate([val, test])]).sum())


def count_twins(clusters: np.ndarray) -> int:
    return int((np.bincount(clusters)[clusters] > 1).sum())


def twin_notes(dropped: int, straddling: int, rows: int) -> list[str]:
    notes = [f"{dropped} row(s) to learn from are the same (or nearly) as a row that is judged, and were left out."] if dropped else []
    if straddling:
        notes.append(f"{straddling} of {rows} training rows have a twin among the rows that are judged, as the data give them: scores may flatter.")
    return notes


def aside(inner: tuple[str, str]) -> str:
    """How rows were set aside, where that is not simply at random."""
    return {"group": f" (whole groups of {inner[1]})", "time": f" (the latest by {inner[1]})"}.get(inner[0], "")
