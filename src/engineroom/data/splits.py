"""COLLECT: who learns, who validates, who is tested. Duplicates never stand on both sides."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..core import registry
from ..core.config import SplitConfig
from ..core.errors import DataError, UserError
from ..core.files import blake
from ..core.schema import Schema
from ..core.table import Table
from ..modalities.tabular.category import to_strings
from ..modalities.tabular.multilabel import to_sets
from ..modalities.tabular.number import to_floats
from .frame_sequences import is_recording
from .split_leakage import agree_by_chance, cluster_duplicates, count_twins, leave_out_twins, twin_notes, twins_left
from .split_strategies import Splitter, times

PARTS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "dev"), "test": ("test", "testing")}
NAMES = {word: part for part, words in PARTS.items() for word in words}
WORDS = {
    "time": "The latest rows by {} are the test, those before them validate.",
    "group": "Rows with the same {} stay together.",
    "stratified": "At random, every class (or range of the target) in its share.",
    "random": "At random.",
    "stretches": "The pictures follow each other like frames of a film: whole stretches of the recording stay "
    "together.",
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


def split_rows(table: Table, schema: Schema, config: SplitConfig, *, seed: int, task: str) -> Split:
    """Split by a given column, by groups, by time, or at random within classes; a pure function of data, settings and
    seed."""
    by, column = choose(schema, config)
    y, known = read_target(table, schema, task)
    clusters, more_notes = cluster_duplicates(table, schema, near=config.near_duplicates)
    notes = [] if known.all() else [f"{int((~known).sum())} row(s) without a target were left out."]
    notes += more_notes
    inner = choose_within(table, schema, config, task, by, column)
    by = inner[0] if by != "column" else by
    apart = agree_by_chance(clusters[known], schema)
    if apart:
        notes.append("Equal rows are so common here that they may stand on both sides of the split.")
    splitter = Splitter(
        table, *inner, y, np.arange(len(table)) if apart else clusters, seed, modality(schema, inner[1])
    )
    if by == "column":
        parts = given_parts(table, column, notes)
        train, val, test = (np.flatnonzero((parts == name) & known) for name in ("train", "val", "test"))
        words = (
            f"{' and '.join(n for n, p in (('test', test), ('validation', val)) if len(p)) or 'training'} "
            "rows".capitalize()
            + f" as given by {column}."
        )
    else:
        train, val, test = np.flatnonzero(known), np.zeros(0, np.int64), np.zeros(0, np.int64)
        words = WORDS["random" if by == "stratified" and not y.any() else by].format(describe_group(schema, column))
    if by == "time" and (lost := int(np.isneginf(times(table, column)[known]).sum())):
        notes.append(f"{lost} row(s) have no time in {column} and count as the oldest.")
    cuts: list[tuple[str, int]] = []
    if not len(test):
        train, test = splitter.cut(train, config.test, "test")
        cuts.append(("test", len(test)))
    given_val = bool(len(val))
    dropped = more = 0
    if by in ("column", "group", "time", "stretches"):  # such a split knows nothing of near-duplicates
        dropped, train = leave_out_twins(train, test, splitter.clusters)
        more, val = leave_out_twins(val, test, splitter.clusters)
    if not given_val:
        train, val = splitter.cut(train, config.val, "val")
        if inner[0] in ("group", "time", "stretches"):
            again, train = leave_out_twins(train, val, splitter.clusters)
            more += again
        cuts.append(("validate", len(val)))
    if by == "column":
        words += "".join(
            f" {count:,} training rows were set aside to {purpose}{describe_cut(inner)}." for purpose, count in cuts
        )
    notes += twin_notes(dropped + more, straddling := twins_left(train, val, test, clusters), len(train))
    return finish((train, val, test), known, by, words, notes, (count_twins(clusters), dropped + more, straddling))


def choose_within(
    table: Table, schema: Schema, config: SplitConfig, task: str, by: str, column: str
) -> tuple[str, str]:
    """(how, by which column) rows are split where no column says it: beside a split column, as if there were none."""
    inner = (
        choose(schema, config.model_copy(update={"by": "auto", "column": None}), given=False)
        if by == "column"
        else (by, column)
    )
    if inner == ("stratified", "") and config.by in ("auto", "column") and is_recording(table, schema, task):
        return "stretches", ""
    return inner


def modality(schema: Schema, column: str) -> str:
    return schema[column].modality if column else "category"


def describe_group(schema: Schema, column: str) -> str:
    """The column, or what its modality groups it by: "Bemis-Murcko scaffold of smiles"."""
    group_name = registry.get("modalities", modality(schema, column)).group_name
    return f"{group_name} of {column}" if group_name else column


def finish(
    parts: tuple[np.ndarray, np.ndarray, np.ndarray],
    known: np.ndarray,
    by: str,
    words: str,
    notes: list[str],
    counts: tuple[int, int, int],
) -> Split:
    for name, part in zip(("train", "val", "test"), parts, strict=True):
        if not len(part):
            what = f"There are {int(known.sum())} rows with a target."
            raise DataError(
                f"No rows are left for the {name} split.", what, "Add rows, or change split.test and split.val."
            )
    code = np.zeros(len(known), np.uint8)
    for number, part in enumerate(parts, 1):
        code[part] = number
    return Split(*parts, by, words, blake(code.tobytes()), tuple(notes), *counts)


def choose(schema: Schema, config: SplitConfig, *, given: bool = True) -> tuple[str, str]:
    """(how, by which column)."""
    if config.column and config.by not in ("group", "time", "column"):
        raise UserError(
            f"split.column={config.column} says no way to split.",
            f"split.by is {config.by}.",
            "Add --set split.by=group, time or column.",
        )
    if config.by != "auto":
        if config.by in ("group", "time", "column"):
            names = (
                [config.column]
                if config.column
                else [c.name for c in schema.role({"column": "split"}.get(config.by, config.by))]
            )
            if config.by == "group":  # a column with a likeness of its own, such as molecules of one scaffold
                names += [c.name for c in schema.inputs if registry.get("modalities", c.modality).group_name]
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
        notes.append(
            f"{int((parts == '').sum())} row(s) whose {column} is none of train, val, test ({strange[0]}, …) were "
            "left out."
        )
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
        # after Sechidis et al. 2011
        rarest = [min(labels, key=lambda label: (common[label], label), default="") for labels in sets]
        return np.array(rarest, dtype=object), ~values.is_null().to_numpy()
    if task != "classes":
        return np.full(len(values), "", object), ~values.is_null().to_numpy()
    words = to_strings(values).fill_null("")
    return words.to_numpy(), (words != "").to_numpy()


def describe_cut(inner: tuple[str, str]) -> str:
    """How rows were set aside, where that is not simply at random."""
    return {
        "stretches": " (whole stretches of the recording)",
        "group": f" (whole groups of {inner[1]})",
        "time": f" (the latest by {inner[1]})",
    }.get(inner[0], "")
