"""COLLECT: nearly the same? A picture saved again, a recording in another format, a text with a word changed.

Pictures and sounds are described by the slopes of a small picture of them (after the difference hash, Zauner 2010),
kept as numbers: signs alone turn with the noise where a small picture is flat. Texts: MinHash of word shingles (Broder
1997).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from ..modalities.audio._audio_decoding import open_sound
from ..modalities.vision import image as pictures
from ..modalities.vision._image_decoding import decode

SIDE = 12  # a picture is looked at as SIDE × SIDE greys, a recording as SIDE bands × 2 SIDE moments
PICTURES_ALIKE = 0.99  # cosine of two descriptions; distinct digits of MNIST reach 0.98, distinct photographs 0.93
SOUNDS_ALIKE = 0.997  # steady noises differ less
EVEN = 6.0  # dB; a sound that varies less is silence, of which there is one kind
TINT = 10.0  # of 255: mean difference of the colours of a ninth of the picture
LOOSE = 16  # directions in which neighbours are looked for
NEIGHBOURS = 8
BLOCK = 8192
SECONDS = 10.0  # of each recording
# two texts of 20 words that each changed another word of one template share half
SHINGLE_WORDS, BUCKETS, JACCARD = (3, 16, 0.5)
# where words are not parted, letters stand for them
WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")
LONG_TEXT = 12  # words; shorter texts are compared whole


def near_pairs(values: pl.Series, modality: str) -> np.ndarray:
    """(P, 2) row numbers that are nearly the same; other modalities know no nearly."""
    if modality == "image":
        return alike(described(pictures.cells(values), picture_look), PICTURES_ALIKE)
    if modality == "audio":
        return alike(described(values.to_list(), sound_look), SOUNDS_ALIKE)
    return near_texts(values) if modality == "text" else np.zeros((0, 2), np.int64)


def described(cells: Any, describe: Callable[[Any], np.ndarray]) -> dict[int, np.ndarray]:
    """{row: (h, w, C) uint8}; what cannot be read is left out here and reported when it is encoded."""

    def attempt(cell: Any) -> np.ndarray | None:
        try:
            return describe(cell)
        except (OSError, ValueError, SyntaxError, TypeError, RuntimeError, MemoryError):
            return None

    with ThreadPoolExecutor(2) as pool:
        return {row: look for row, look in enumerate(pool.map(attempt, cells)) if look is not None}


def picture_look(cell: Any) -> np.ndarray:
    """(SIDE, SIDE, 3) uint8."""
    from PIL import Image as Pillow

    picture = decode(cell, pixels=64_000_000, near=(4 * SIDE, 4 * SIDE))
    image = Pillow.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture).convert("RGB")
    # a box would see another picture at another size
    return np.asarray(image.resize((SIDE, SIDE), Pillow.Resampling.LANCZOS))


def sound_look(cell: Any) -> np.ndarray:
    """(SIDE, 2 SIDE + 1, 1) uint8: loudness by band and moment, 60 dB below the loudest being black; the last column
    tells the length."""
    from scipy.signal import stft

    with open_sound(cell) as file:
        rate, wave = file.samplerate, file.read(int(SECONDS * file.samplerate), dtype="float32", always_2d=True).mean(1)
    power = np.abs(stft(wave, rate, nperseg=min(len(wave), 512))[2]) ** 2
    edges = np.unique(np.geomspace(1, min(len(power), max(2, 257 * 8000 // rate)), SIDE + 1).astype(int))
    bands = np.stack([power[low:high].mean(0) for low, high in pairwise(edges)])
    moments = [bands[:, part].mean(1) for part in np.array_split(np.arange(bands.shape[1]), 2 * SIDE) if len(part)]
    loud = 10 * np.log10(np.stack(moments, 1) + 1e-12)
    greys = np.zeros((SIDE, 2 * SIDE + 1), np.uint8)
    if np.ptp(loud) < EVEN:
        return greys[:, :, None]
    greys[: len(loud), : loud.shape[1]] = np.clip((loud - loud.max() + 60) / 60, 0, 1) * 255
    greys[:, -1] = min(255, int(np.log2(len(wave) / rate + 1e-3) * 25 + 128))
    return greys[:, :, None]


def slopes(looks: np.ndarray) -> np.ndarray:
    """(N, h, w, C) uint8 → (N, F) float32 of length 1: grey steps to the right and downwards; where all is flat, all
    0."""
    grey = looks.mean(3, dtype=np.float32)
    steps = np.concatenate(
        [np.diff(grey, axis=2).reshape(len(grey), -1), np.diff(grey, axis=1).reshape(len(grey), -1)], 1
    )
    length = np.linalg.norm(steps, axis=1, keepdims=True)
    return np.where(length > SIDE, steps / np.maximum(length, 1e-6), 0.0)


def tints(looks: np.ndarray) -> np.ndarray:
    """(N, h, w, C) uint8 → (N, 9, C) float32: what each ninth has of every colour beyond grey."""
    ninths = [
        p.mean((1, 2), dtype=np.float32)
        for row in np.array_split(looks, 3, axis=1)
        for p in np.array_split(row, 3, axis=2)
    ]
    colours = np.stack(ninths, 1)
    return colours - colours.mean(2, keepdims=True)


def alike(found: dict[int, np.ndarray], least: float) -> np.ndarray:
    """(P, 2) rows that look the same: neighbours in LOOSE main directions, which only brings them nearer, then looked
    at in full."""
    from scipy.spatial import cKDTree

    if len(found) < 2:
        return np.zeros((0, 2), np.int64)
    rows, looks = np.array(list(found)), np.stack(list(found.values()))
    sample = slopes(looks[np.unique(np.linspace(0, len(rows) - 1, 2000).astype(int))])
    directions = np.linalg.eigh(sample.T @ sample)[1][:, -LOOSE:]
    points = np.concatenate([slopes(looks[start : start + BLOCK]) @ directions for start in range(0, len(rows), BLOCK)])
    reach = float(np.sqrt(2 - 2 * least))
    nearest = cKDTree(points).query(points, NEIGHBOURS + 1, distance_upper_bound=reach, workers=2)[1]
    left, place = np.nonzero(nearest < len(rows))
    right = nearest[left, place]
    left, right = left[left != right], right[left != right]
    same = [
        look_same(looks[left[i : i + BLOCK]], looks[right[i : i + BLOCK]], least) for i in range(0, len(left), BLOCK)
    ]
    kept = np.concatenate(same) if same else np.zeros(0, bool)
    return np.sort(np.stack([rows[left[kept]], rows[right[kept]]], 1).astype(np.int64), axis=1)


def look_same(a: np.ndarray, b: np.ndarray, least: float) -> np.ndarray:
    """(N,) bool: the same slopes, and the same colours, for sometimes they are all that differs."""
    return ((slopes(a) * slopes(b)).sum(1) >= least) & (np.abs(tints(a) - tints(b)).mean(2).max(1) <= TINT)


def near_texts(values: pl.Series) -> np.ndarray:
    """(P, 2) texts whose sets of word shingles have a Jaccard similarity of at least JACCARD: MinHash finds whom to
    compare, the sets themselves decide. In a bucket each text is compared with the one before it, so that crowds cost
    no more."""
    rows: list[int] = []
    shingles: list[np.ndarray] = []
    salts = np.random.default_rng(0).integers(1, 2**61, BUCKETS, dtype=np.uint64) | np.uint64(1)
    signatures = []
    for index, text in enumerate(values.cast(pl.String).fill_null("")):
        words = WORD.findall(text.lower()[:4000])
        if len(words) < LONG_TEXT:
            continue
        spans = (" ".join(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1))
        grams = np.unique(np.array([crc32(span.encode()) for span in spans], np.uint64))
        rows.append(index)
        shingles.append(grams)
        signatures.append((grams[:, None] * salts).min(0))
    if len(rows) < 2:
        return np.zeros((0, 2), np.int64)
    table = np.stack(signatures)
    pairs = [bucket_pairs(np.unique(table[:, i], return_inverse=True)[1].ravel()) for i in range(BUCKETS)]
    found = np.unique(np.concatenate(pairs), axis=0)
    same = np.array([jaccard(shingles[a], shingles[b]) >= JACCARD for a, b in found], bool)
    return np.array(rows, np.int64)[found[same]]


def jaccard(a: np.ndarray, b: np.ndarray) -> float:
    """Shared elements among all of two sorted sets."""
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / (len(a) + len(b) - common)


def bucket_pairs(keys: np.ndarray) -> np.ndarray:
    """(P, 2) neighbours within each bucket of equal keys."""
    order = np.argsort(keys, kind="stable")
    left = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    return np.sort(np.stack([order[left], order[left + 1]], 1), axis=1).astype(np.int64)
