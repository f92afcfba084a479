"""Hand-made eyes: histograms of oriented gradients (Dalal & Triggs 2005), colours, a thumbnail. Features only; the
learner is scikit-learn's."""

from __future__ import annotations

import numpy as np

ANGLES = 9
CELLS = 8  # a picture is cut into CELLS × CELLS places
THUMB = 8
COLOURS = 8


def picture_features(pixels: np.ndarray) -> np.ndarray:
    """(N, C, H, W) uint8 → (N, F) float32."""
    parts = [hog(pixels), thumbnails(pixels)]
    if pixels.shape[1] == 3:
        parts.append(colours(pixels))
    return np.concatenate(parts, 1)


def hog(pixels: np.ndarray) -> np.ndarray:
    """(N, C, H, W) → (N, (CELLS-1)² · 4 · ANGLES): gradient directions by place, normalised over blocks of 2 × 2
    places."""
    out = []
    for start in range(0, len(pixels), 512):
        grey = pixels[start : start + 512].astype(np.float32).mean(1) / 255
        dy, dx = np.gradient(grey, axis=(1, 2))
        strength, turn = np.hypot(dx, dy), np.arctan2(dy, dx) % np.pi * (ANGLES / np.pi)
        low = np.floor(turn).astype(int)
        share = turn - low
        N, H, W = grey.shape
        rows, columns = (np.arange(H) * CELLS // H)[:, None], (np.arange(W) * CELLS // W)[None, :]
        place = np.broadcast_to(rows * CELLS + columns, (N, H, W))
        base = (np.arange(N)[:, None, None] * CELLS * CELLS + place) * ANGLES
        size = N * CELLS * CELLS * ANGLES
        bins = np.bincount((base + low % ANGLES).ravel(), (strength * (1 - share)).ravel(), size) + np.bincount(
            (base + (low + 1) % ANGLES).ravel(), (strength * share).ravel(), size
        )
        cells = bins.reshape(N, CELLS, CELLS, ANGLES)
        blocks = np.concatenate([cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, :-1, 1:], cells[:, 1:, 1:]], -1)
        blocks /= np.linalg.norm(blocks, axis=-1, keepdims=True) + 0.05
        out.append(np.minimum(blocks, 0.4).reshape(N, -1).astype(np.float32))
    return np.concatenate(out) if out else np.zeros((0, (CELLS - 1) ** 2 * 4 * ANGLES), np.float32)


def thumbnails(pixels: np.ndarray) -> np.ndarray:
    """(N, C · THUMB²): mean light of each place."""
    N, _C, H, W = pixels.shape
    rows, columns = [np.array_split(np.arange(side), min(THUMB, side)) for side in (H, W)]
    small = np.stack(
        [
            pixels[:, :, r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean((2, 3), dtype=np.float32)
            for r in rows
            for c in columns
        ],
        -1,
    )
    return (small / 255).reshape(N, -1).astype(np.float32)


def colours(pixels: np.ndarray) -> np.ndarray:
    """(N, 3 · COLOURS): how much of each shade."""
    N = len(pixels)
    shade = (pixels.reshape(N, 3, -1) >> 5).astype(np.int64)
    base = (np.arange(N)[:, None, None] * 3 + np.arange(3)[None, :, None]) * COLOURS
    counts = np.bincount((base + shade).ravel(), minlength=N * 3 * COLOURS).reshape(N, -1)
    return np.sqrt(counts / shade.shape[2]).astype(np.float32)
