"""COLLECT: which rows are the same, or nearly? They form clusters that may not be torn apart by a split.

Pictures: difference hash (Zauner 2010). Long texts: MinHash of word shingles (Broder 1997). Everything else: equal values.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from ..core.columns import Schema
from ..core.files import blake
from ..core.table import Table
from ..modalities import image as pictures
from ..modalities.series import to_steps

SIDE = 16  # the difference hash has SIDE × SIDE bits
NEAR_BITS = 6  # pictures whose hashes differ in at most this many bits look the same
BANDS = 8  # each hash is cut into bands; near twins agree in at least one whole band
SHINGLE_WORDS, HASHES = 5, 16
SENTENCE = 5  # words; in shorter texts a number may be all that differs
LONG_TEXT = 12  # words; shorter texts are compared whole


def find_clusters(table: Table, schema: Schema, *, near: bool = True) -> np.ndarray:
    """(N,) cluster numbers over the input columns: rows of one cluster are twins."""
    columns = schema.inputs
    media = [c for c in columns if c.modality in ("image", "audio", "series", "text")]
    keys = [column_keys(table.frame[c.name], c.modality, near=near) for c in columns]
    if not keys:
        return np.arange(len(table))
    frame = pl.DataFrame({str(i): key for i, key in enumerate(keys)})
    clusters = first_seen(frame.hash_rows(seed=0).to_numpy())
    if near and len(columns) == 1 and media:
        pairs = near_pairs(table.frame[columns[0].name], columns[0].modality)
        clusters = join(clusters, pairs)
    return clusters


def first_seen(keys: np.ndarray) -> np.ndarray:
    """(N,) the distinct keys, numbered in the order of their first row: the same numbers on every platform."""
    _values, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first, kind="stable"), kind="stable")[place.ravel()].astype(np.int64)


def column_keys(values: pl.Series, modality: str, *, near: bool) -> pl.Series:
    """One comparable value a row; missing media count as different from each other."""
    if modality == "image" and isinstance(values.dtype, pl.Array):
        flat = values.to_numpy().reshape(len(values), -1)
        return pl.Series([blake(row.tobytes()) for row in flat])
    if modality in ("image", "audio"):
        with ThreadPoolExecutor(2) as pool:
            return pl.Series(list(pool.map(file_key, enumerate(values.to_list()))), dtype=pl.String)
    if modality == "series":
        return pl.Series([blake(np.round(to_steps(cell), 5).tobytes()) for cell in values])
    if modality == "text" and near:
        return plain_text(values)
    return values.cast(pl.String) if not values.dtype.is_nested() else pl.Series([str(cell) for cell in values.to_list()])


def plain_text(values: pl.Series) -> pl.Series:
    """Lower case, no punctuation; in sentences any number reads 0. A text of signs alone stays as it is."""
    text = values.cast(pl.String).fill_null("")
    words = text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    sentence = words.str.count_matches(r"\p{L}{2,}") >= SENTENCE
    return pl.select(
        pl.when(words == "").then(text).when(sentence).then(words.str.replace_all(r"\p{N}+", "0")).otherwise(words)
    ).to_series()


def file_key(pair: tuple[int, Any]) -> str:
    index, cell = pair
    try:
        return blake(cell if isinstance(cell, bytes) else Path(cell).read_bytes())
    except (OSError, TypeError):
        return f"unreadable {index}"


def near_pairs(values: pl.Series, modality: str) -> np.ndarray:
    """(P, 2) rows that are nearly the same."""
    if modality == "image":
        return near_pictures(values)
    if modality == "text":
        return near_texts(values)
    return np.zeros((0, 2), np.int64)


def near_pictures(values: pl.Series) -> np.ndarray:
    cells = pictures.cells(values)
    with ThreadPoolExecutor(2) as pool:
        hashes = list(pool.map(difference_hash, cells))
    known = np.array([i for i, h in enumerate(hashes) if h is not None], np.int64)
    if len(known) < 2:
        return np.zeros((0, 2), np.int64)
    bits = np.stack([hashes[i] for i in known])
    packed = np.packbits(bits, axis=1)
    pairs = []
    for band in np.array_split(packed, BANDS, axis=1):
        key = np.ascontiguousarray(band).view([("", band.dtype)] * band.shape[1]).ravel()
        pairs.append(bucket_pairs(np.unique(key, return_inverse=True)[1].ravel()))
    found = np.unique(np.concatenate(pairs), axis=0)
    distance = (bits[found[:, 0]] != bits[found[:, 1]]).sum(1)
    return known[found[distance <= NEAR_BITS]]


def difference_hash(cell: Any) -> np.ndarray | None:
    """(SIDE², ) bool: is each place brighter than its neighbour? None where the picture is unreadable or has no structure to compare."""
    from PIL import Image as Pillow

    try:
        picture = pictures.decode(cell, pixels=64_000_000, near=(4 * SIDE, 4 * SIDE))
    except (OSError, ValueError, SyntaxError, TypeError, MemoryError):
        return None
    grey = (
        Pillow.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture)
        .convert("L")
        .resize((SIDE + 1, SIDE), Pillow.Resampling.BOX)
    )
    small = np.asarray(grey, np.int16)
    step = small[:, 1:] - small[:, :-1]
    # Flat areas say nothing: drawings on an empty ground would all look alike.
    return (step > 0).ravel() if (np.abs(step) > 3).mean() > 0.6 else None


def near_texts(values: pl.Series) -> np.ndarray:
    """Texts of which most word shingles agree."""
    rows, signatures = [], []
    salts = np.random.default_rng(0).integers(1, 2**61, HASHES, dtype=np.uint64) | np.uint64(1)
    for index, text in enumerate(values.cast(pl.String).fill_null("")):
        words = re.findall(r"\w+", text.lower()[:4000])
        if len(words) < LONG_TEXT:
            continue
        grams = np.array([crc32(" ".join(words[i : i + SHINGLE_WORDS]).encode()) for i in range(len(words) - SHINGLE_WORDS + 1)], np.uint64)
        rows.append(index)
        signatures.append((grams[:, None] * salts).min(0))
    if len(rows) < 2:
        return np.zeros((0, 2), np.int64)
    table = np.stack(signatures)
    pairs = [bucket_pairs(np.unique(table[:, i], return_inverse=True)[1].ravel()) for i in range(0, HASHES, 2)]
    found = np.unique(np.concatenate(pairs), axis=0)
    same = (table[found[:, 0]] == table[found[:, 1]]).mean(1)
    return np.array(rows, np.int64)[found[same >= 0.7]]


def bucket_pairs(keys: np.ndarray, most: int = 50) -> np.ndarray:
    """Pairs of neighbours within each bucket of equal keys; crowded buckets say too little and are left out."""
    order = np.argsort(keys, kind="stable")
    sizes = np.bincount(keys)
    same = keys[order][1:] == keys[order][:-1]
    few = sizes[keys[order][1:]] <= most
    left = np.flatnonzero(same & few)
    return np.sort(np.stack([order[left], order[left + 1]], 1), axis=1).astype(np.int64)


def join(clusters: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Merge the clusters of each pair (connected components)."""
    if not len(pairs):
        return clusters
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = int(clusters.max()) + 1
    links = coo_matrix((np.ones(len(pairs)), (clusters[pairs[:, 0]], clusters[pairs[:, 1]])), shape=(count, count))
    return connected_components(links, directed=False)[1][clusters]
