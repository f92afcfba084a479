"""COLLECT: a graph whose nodes are the rows: `nodes` and `edges` tables (and `features`) in a folder.

What surrounds a node becomes a column of vectors: the features of its neighbours, their neighbours and so on, the nearer the heavier
(personalised PageRank; Gasteiger et al. 2019). Edges are taken as undirected. Nodes that are judged lend their features, never their answers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import TABLE, ending, run_name, stem, visible
from ._types import plainly_typed
from .table_folder import reader_of

RETURN = 0.1  # chance of going back to the node itself at each hop
HOPS = 10
MOST = 200_000_000  # numbers of all vectors together
AROUND = "neighbourhood"


class NodeGraph:
    def recognises(self, path: Path) -> float:
        return 0.95 if path.is_dir() and {"nodes", "edges"} <= set(_tables(path)) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        files = _tables(path)
        nodes, edges = (_read(files[name], limits, cache) for name in ("nodes", "edges"))
        frame = nodes.frame
        name = next((n for n in ("node", "id", "name") if n in frame.columns), frame.columns[0])
        place = {str(value): row for row, value in enumerate(frame[name])}
        if len(place) < frame.height:
            raise DataError(f"{files['nodes'].name} names {frame.height - len(place)} node(s) twice.", "", f"Each {name} must be there once.")
        pairs, lost = _pairs(edges.frame, place, files["edges"])
        features, notes = _features(files, frame, place, (name, target), limits, cache)
        around = _spread(pairs, features)
        table = frame.with_columns(pl.Series(AROUND, around.astype(np.float32)))
        hints: dict[str, dict[str, Any]] = {name: {"modality": "identifier", "role": "id", "why": "names the nodes"}}
        hints[AROUND] = {"modality": "vector", "role": "input", "why": f"features of the node and of what lies within {HOPS} edges"}
        if "split" in frame.columns:
            hints["split"] = {"modality": "category", "role": "split", "why": "the nodes' own split"}
        if lost:
            notes.append(f"{lost:,} of {edges.frame.height:,} edges lead to nodes that are not there and were left out.")
        return Table(table, run_name(path), {**nodes.hints, **hints}, (*nodes.notes, f"{len(pairs):,} edges join {frame.height:,} nodes.", *notes))


def _tables(path: Path) -> dict[str, Path]:
    """nodes, edges, features → file."""
    found = {stem(file).lower().split("_")[0]: file for file in visible(path)[1] if ending(file) in TABLE}
    return {name: file for name, file in found.items() if name in ("nodes", "edges", "features")}


def _read(path: Path, limits: LimitsConfig, cache: Path | None) -> Table:
    table = reader_of(path).read(path, limits=limits, target=None, cache=cache)
    return replace(table, frame=plainly_typed(table.frame))


def _pairs(frame: pl.DataFrame, place: dict[str, int], file: Path) -> tuple[np.ndarray, int]:
    """((E, 2) rows of the two ends, how many edges had an end that is not there)."""
    if frame.width < 2:
        raise DataError(f"{file.name} has {frame.width} column(s).", "An edge has two ends.", "Give it a source and a target column.")
    names = ["source", "target"] if {"source", "target"} <= set(frame.columns) else frame.columns[:2]
    ends = [[place.get(str(value), -1) for value in frame[name]] for name in names]
    pairs = np.array(ends, np.int64).T.reshape(-1, 2)
    known = (pairs >= 0).all(1)
    return pairs[known], int((~known).sum())


def _features(
    files: dict[str, Path], nodes: pl.DataFrame, place: dict[str, int], told: tuple[str, str | None], limits: LimitsConfig, cache: Path | None
) -> tuple[Any, list[str]]:
    """((nodes, features) sparse, notes): a table of (node, feature[, value]), else the numbers of the nodes' own table, else who it is."""
    from scipy.sparse import csr_matrix, identity

    if "features" in files:
        frame = _read(files["features"], limits, cache).frame
        rows = np.array([place.get(str(value), -1) for value in frame[frame.columns[0]]], np.int64)
        columns = frame[frame.columns[1]].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
        values = frame[frame.columns[2]].cast(pl.Float64).to_numpy() if frame.width > 2 else np.ones(len(rows))
        known = rows >= 0
        matrix = csr_matrix((values[known], (rows[known], columns[known])), shape=(nodes.height, int(columns.max(initial=0)) + 1))
    else:
        numbers = [n for n in nodes.columns if nodes[n].dtype.is_numeric() and n not in (*told, "label", "target", "class", "y")]
        matrix = csr_matrix(nodes.select(numbers).fill_null(0).to_numpy().astype(float)) if numbers else identity(nodes.height, format="csr")
    if matrix.shape[0] * matrix.shape[1] > MOST:
        what = f"{matrix.shape[0]:,} nodes with {matrix.shape[1]:,} features each are more than fit."
        raise DataError(what, f"At most {MOST:,} numbers are kept.", "Leave rare features out.")
    return matrix, [] if "features" in files or matrix.shape[0] != matrix.shape[1] else ["The nodes have no features: only who is near is learnt."]


def _spread(pairs: np.ndarray, features: Any) -> np.ndarray:
    """(nodes, features): each node's and its surroundings' features, of length 1."""
    from scipy.sparse import coo_matrix, diags, identity

    count = features.shape[0]
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count)).tocsr()
    links = ((links + links.T) > 0).astype(float) + identity(count)
    share = diags(np.asarray(links.sum(1)).ravel() ** -0.5)
    walk = share @ links @ share
    own = diags(1 / np.maximum(1e-12, np.asarray(np.abs(features).sum(1)).ravel())) @ features
    now, out = own.toarray(), RETURN * own.toarray()
    for hop in range(HOPS):
        now = (1 - RETURN) * (walk @ now)
        out += now if hop == HOPS - 1 else RETURN * now
    return out / np.maximum(1e-12, np.linalg.norm(out, axis=1, keepdims=True))


SOURCE = NodeGraph()
