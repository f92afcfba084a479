"""COLLECT: which rows are the same, or nearly? They form clusters that may not be torn apart by a split."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..core import registry
from ..core.files import blake, blake_file
from ..core.schema import Schema
from ..core.table import Table
from ..modalities.series.series import to_steps
from .near_duplicates import near_pairs

SENTENCE = 5  # words; in shorter texts a number may be all that differs


def find_clusters(table: Table, schema: Schema, *, near: bool = True) -> np.ndarray:
    """(N,) cluster numbers over the input columns: rows of one cluster are twins.

    Nearly the same are rows that are near in one column of pictures, sounds or texts and equal in every other.
    """
    columns = schema.inputs
    if not columns:
        return np.arange(len(table))
    keys = pl.DataFrame(
        {str(i): column_keys(table.frame[c.name], c.modality, near=near) for i, c in enumerate(columns)}
    )
    clusters = first_seen(keys.hash_rows(seed=0).to_numpy())
    for place, column in enumerate(columns if near else ()):
        pairs = near_pairs(table.frame[column.name], column.modality)
        if len(columns) > 1 and len(pairs):
            others = keys.drop(str(place)).hash_rows(seed=0).to_numpy()
            pairs = pairs[others[pairs[:, 0]] == others[pairs[:, 1]]]
        clusters = join(clusters, pairs)
    return clusters


def first_seen(keys: np.ndarray) -> np.ndarray:
    """(N,) the distinct keys, numbered in the order of their first row: the same numbers on every platform."""
    _values, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first, kind="stable"), kind="stable")[place.ravel()].astype(np.int64)


def column_keys(values: pl.Series, modality: str, *, near: bool) -> pl.Series:
    """One comparable value a row; missing media count as different from each other."""
    if modality in ("image", "video") and isinstance(values.dtype, pl.Array):
        flat = values.to_numpy().reshape(len(values), -1)
        return pl.Series([blake(row.tobytes()) for row in flat])
    if modality in ("image", "audio", "video"):
        with ThreadPoolExecutor(2) as pool:
            return pl.Series(list(pool.map(file_key, enumerate(values.to_list()))), dtype=pl.String)
    if modality == "series":
        return pl.Series([series_key(to_steps(cell)) for cell in values])
    spelt = registry.get("modalities", modality).canonical(values)
    if spelt is not None:
        return spelt
    if modality == "text" and near:
        return plain_text(values)
    return (
        values.cast(pl.String) if not values.dtype.is_nested() else pl.Series([str(cell) for cell in values.to_list()])
    )


def plain_text(values: pl.Series) -> pl.Series:
    """Lower case, no punctuation; in sentences every number reads 0. A text of signs alone stays as it is."""
    text = values.cast(pl.String).fill_null("")
    words = text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    sentence = words.str.count_matches(r"\p{L}{2,}") >= SENTENCE
    return pl.select(
        pl.when(words == "").then(text).when(sentence).then(words.str.replace_all(r"\b\p{N}+\b", "0")).otherwise(words)
    ).to_series()


def series_key(steps: np.ndarray) -> str:
    """Equal where two series agree to four places of their largest value."""
    largest = float(np.abs(steps[np.isfinite(steps)]).max(initial=0.0))
    scale = 10.0 ** np.floor(np.log10(largest)) if largest > 0 else 1.0
    return blake(repr((scale, steps.shape)).encode() + (np.round(steps / scale, 4) + 0.0).tobytes())


def file_key(pair: tuple[int, Any]) -> str:
    index, cell = pair
    try:
        return blake(cell) if isinstance(cell, bytes) else blake_file(Path(cell))
    except (OSError, TypeError, ValueError):
        return f"unreadable {index}"


def join(clusters: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Merge the clusters of each pair (connected components)."""
    if not len(pairs):
        return clusters
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = int(clusters.max()) + 1
    links = coo_matrix((np.ones(len(pairs)), (clusters[pairs[:, 0]], clusters[pairs[:, 1]])), shape=(count, count))
    return first_seen(connected_components(links, directed=False)[1][clusters])
