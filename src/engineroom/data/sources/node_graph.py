"""COLLECT: a graph whose nodes are the rows: `nodes` and `edges` tables (and `features`) in a folder.

What surrounds a node becomes a column of vectors: the features of its neighbours, their neighbours and so on, the
nearer the heavier (personalised PageRank; Gasteiger et al. 2019). Edges are taken as undirected. Nodes that are judged
lend their features, never their answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import TABLE, ending, run_name, stem, visible
from ._text_tables.types import plainly_typed
from .table_folder import reader_of

RETURN = 0.1  # chance of going back to the node itself at each hop
HOPS = 10
MOST = 200_000_000  # numbers of all vectors together
AROUND = "neighbourhood"
NAMED = 5
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", re.I)
ENDS = (
    ("source", "target"),
    ("src", "dst"),
    ("from", "to"),
    ("from_node", "to_node"),
    ("head", "tail"),
    ("u", "v"),
    ("node1", "node2"),
)


class NodeGraph:
    def detect(self, path: Path) -> float:
        return 0.95 if path.is_dir() and {"nodes", "edges"} <= set(_tables(path)) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        files = _tables(path)
        nodes, edges = (_read(files[name], limits, cache) for name in ("nodes", "edges"))
        frame = nodes.frame
        name = next((n for n in ("node", "id", "name") if n in frame.columns), frame.columns[0])
        place = {key(value): row for row, value in enumerate(frame[name])}
        if len(place) < frame.height:
            raise DataError(
                f"{files['nodes'].name} names {frame.height - len(place)} node(s) twice.",
                "",
                f"Each {name} must be there once.",
            )
        pairs, lost = _pairs(edges.frame, place, files["edges"])
        judge_lost(lost, edges.frame, place, end_columns(edges.frame), files, limits)
        features, notes = _features(files, frame, place, (name, target), limits, cache)
        around = _spread(pairs, features)
        table = frame.with_columns(pl.Series(AROUND, around.astype(np.float32)))
        hints: dict[str, dict[str, Any]] = {name: {"modality": "identifier", "role": "id", "why": "names the nodes"}}
        hints[AROUND] = {
            "modality": "vector",
            "role": "input",
            "why": f"features of the node and of what lies within {HOPS} edges",
        }
        if "split" in frame.columns:
            hints["split"] = {"modality": "category", "role": "split", "why": "the nodes' own split"}
        if lost:
            notes.append(
                f"{lost:,} of {edges.frame.height:,} edges lead to nodes that are not there and were left out."
            )
        return Table(
            table,
            run_name(path),
            {**nodes.hints, **hints},
            (*nodes.notes, f"{len(pairs):,} edges join {frame.height:,} nodes.", *notes),
        )


def _tables(path: Path) -> dict[str, Path]:
    """nodes, edges, features → file."""
    found = {stem(file).lower().split("_")[0]: file for file in visible(path)[1] if ending(file) in TABLE}
    return {name: file for name, file in found.items() if name in ("nodes", "edges", "features")}


def _read(path: Path, limits: LimitsConfig, cache: Path | None) -> Table:
    table = reader_of(path).read(path, limits=limits, target=None, cache=cache)
    return replace(table, frame=plainly_typed(table.frame))


def key(value: Any) -> str:
    """One spelling a node: 0001, 1 and 1.0 are the same number."""
    text = str(value).strip()
    if NUMBER.fullmatch(text):
        number = float(text)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(number)
    return text


def _pairs(frame: pl.DataFrame, place: dict[str, int], file: Path) -> tuple[np.ndarray, int]:
    """((E, 2) rows of the two ends, how many edges had an end that is not there)."""
    if frame.width < 2:
        raise DataError(
            f"{file.name} has {frame.width} column(s).",
            "An edge has two ends.",
            "Give it a source and a target column.",
        )
    source, target = end_columns(frame)
    ends = [[place.get(key(value), -1) for value in frame[name]] for name in (source, target)]
    pairs = np.array(ends, np.int64).T.reshape(-1, 2)
    known = (pairs >= 0).all(1)
    return pairs[known], int((~known).sum())


def end_columns(frame: pl.DataFrame) -> tuple[str, str]:
    """The columns of an edge's two ends: those that are called so, else the first two beside a row number without a
    name."""
    lower = {name.strip().lower(): name for name in frame.columns}
    for pair in ENDS:
        if all(name in lower for name in pair):
            return lower[pair[0]], lower[pair[1]]
    names = [name for name in frame.columns if not (counts_rows(frame[name]) and unnamed(name, frame.columns))]
    if len(names) < 2:
        names = frame.columns
    return names[0], names[1]


def counts_rows(values: pl.Series) -> bool:
    """Does a column hold 0, 1, 2, … or 1, 2, 3, …?"""
    numbers = values.cast(pl.Float64, strict=False).to_numpy()
    return (
        len(numbers) > 2
        and bool(np.isfinite(numbers).all())
        and numbers[0] in (0, 1)
        and bool((np.diff(numbers) == 1).all())
    )


def unnamed(name: str, names: Sequence[str]) -> bool:
    """Has it no name of its own (pandas' index column), while there are two columns beside it?"""
    return len(names) > 2 and (
        not name.strip() or name.lower().startswith(("unnamed", "column_", "index", "_duplicated"))
    )


def judge_lost(
    lost: int,
    edges: pl.DataFrame,
    place: dict[str, int],
    names: tuple[str, str],
    files: dict[str, Path],
    limits: LimitsConfig,
) -> None:
    """Edges between nodes that are not there are an error where they are more than may be left out."""
    if lost <= limits.max_damaged * edges.height:
        return
    examples = [str(value) for name in names for value in edges[name].head(1_000) if key(value) not in place][:NAMED]
    raise DataError(
        f"{lost:,} of {edges.height:,} edges in {files['edges'].name} lead to nodes that {files['nodes'].name} does "
        f"not hold, such as {', '.join(examples)}.",
        f"The ends were read from the columns {names[0]!r} and {names[1]!r}; nodes are called "
        f"{', '.join(list(place)[:3])}, … At most {limits.max_damaged:.0%} may be left out.",
        "Call the columns source and target, spell nodes alike in both files, or allow more: --set "
        "limits.max_damaged=0.5",
    )


def _features(
    files: dict[str, Path],
    nodes: pl.DataFrame,
    place: dict[str, int],
    named_columns: tuple[str, str | None],
    limits: LimitsConfig,
    cache: Path | None,
) -> tuple[Any, list[str]]:
    """((nodes, features) sparse, notes): a table of (node, feature[, value]), else the numbers of the nodes' own table,
    else who it is."""
    from scipy.sparse import csr_matrix, identity

    if "features" in files:
        frame = _read(files["features"], limits, cache).frame
        rows = np.array([place.get(key(value), -1) for value in frame[frame.columns[0]]], np.int64)
        columns = frame[frame.columns[1]].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
        values = frame[frame.columns[2]].cast(pl.Float64).to_numpy() if frame.width > 2 else np.ones(len(rows))
        known = rows >= 0
        matrix = csr_matrix(
            (values[known], (rows[known], columns[known])), shape=(nodes.height, int(columns.max(initial=0)) + 1)
        )
    else:
        numbers = [
            n
            for n in nodes.columns
            if nodes[n].dtype.is_numeric() and n not in (*named_columns, "label", "target", "class", "y")
        ]
        matrix = (
            csr_matrix(nodes.select(numbers).fill_null(0).to_numpy().astype(float))
            if numbers
            else identity(nodes.height, format="csr")
        )
    if matrix.shape[0] * matrix.shape[1] > MOST:
        what = f"{matrix.shape[0]:,} nodes with {matrix.shape[1]:,} features each are more than fit."
        raise DataError(what, f"At most {MOST:,} numbers are kept.", "Leave rare features out.")
    return matrix, [] if "features" in files or matrix.shape[0] != matrix.shape[1] else [
        "The nodes have no features: only who is near is learnt."
    ]


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
