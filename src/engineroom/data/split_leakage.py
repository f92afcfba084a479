"""Leakage between splits: rows of training that are duplicates (twins) of rows that are judged."""

from __future__ import annotations

import numpy as np

from ..core.schema import Schema
from ..core.table import Table
from .duplicates import find_clusters

FEW = 20  # among fewer different rows than this, equal rows are cases that agree, not copies …
MANY = 0.5  # … and so they are in a table of plain values where more than this share of the rows has an equal
CROWD = 0.5  # variants of one template that are more than this share of all rows cannot stand on one side
PLAIN = ("number", "category", "datetime", "multilabel")
DROP_LIMIT = 0.2  # up to this share of the training rows is left out because its twins are judged


def cluster_duplicates(table: Table, schema: Schema, *, near: bool) -> tuple[np.ndarray, list[str]]:
    """(a cluster's number for each row, notes): equal rows share one, and nearly equal ones where `near`, unless these
    are most of the table."""
    clusters = find_clusters(table, schema, near=near)
    if not near or (crowd := int(np.bincount(clusters).max())) <= CROWD * len(table):
        return clusters, []
    note = (
        f"{crowd:,} of {len(table):,} rows are nearly equal to each other: too many to keep on one side, so equal "
        "rows alone are."
    )
    return find_clusters(table, schema, near=False), [note]


def leave_out_twins(rows: np.ndarray, judged: np.ndarray, clusters: np.ndarray) -> tuple[int, np.ndarray]:
    """(how many, the rest): rows that are twins of a row to be judged, where they are few enough to do without."""
    twins = np.isin(clusters[rows], clusters[judged])
    return (int(twins.sum()), rows[~twins]) if twins.sum() <= DROP_LIMIT * len(rows) else (0, rows)


def twins_left(train: np.ndarray, val: np.ndarray, test: np.ndarray, clusters: np.ndarray) -> int:
    return int(np.isin(clusters[train], clusters[np.concatenate([val, test])]).sum())


def agree_by_chance(clusters: np.ndarray, schema: Schema) -> bool:
    """Are equal rows so ordinary that keeping them together would tear the data apart, not copies?"""
    different = len(np.unique(clusters))
    plain = all(column.modality in PLAIN for column in schema.inputs)
    return different < min(FEW, len(clusters)) or (plain and count_twins(clusters) > MANY * len(clusters))


def count_twins(clusters: np.ndarray) -> int:
    return int((np.bincount(clusters)[clusters] > 1).sum())


def twin_notes(dropped: int, straddling: int, rows: int) -> list[str]:
    notes = (
        [f"{dropped} row(s) to learn from are the same (or nearly) as a row that is judged, and were left out."]
        if dropped
        else []
    )
    if straddling:
        notes.append(
            f"{straddling} of {rows} training rows have a twin among the rows that are judged, as the data give them: "
            "scores may flatter."
        )
    return notes
