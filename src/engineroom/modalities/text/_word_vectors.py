"""COLLECT: what words have to do with each other, learnt from the company they keep in the training rows: no labels
needed.

Positive pointwise mutual information of neighbouring tokens, brought to few dimensions by singular values (Levy &
Goldberg 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

WINDOW = 5  # neighbours on each side; nearer ones count more
SMOOTH = 0.75  # rare company is made a little more common
MOST_TOKENS = 3_000_000  # enough to know the common words by


def keep_company(stems: Sequence[Any], tokens: np.ndarray, lengths: np.ndarray, *, std: float, pad: int) -> None:
    """The tables of fresh stems, in place: tokens begin where the company they keep puts them, each network's with a
    little noise of its own."""
    import torch

    vectors = torch.from_numpy(word_vectors(tokens, lengths, *stems[0].table.weight.shape))
    known = vectors.any(1)
    for stem in stems:
        own = stem.table.weight
        own[known] = std * vectors[known].to(own) + 0.2 * own[known]
        own[pad] = 0


def word_vectors(tokens: np.ndarray, lengths: np.ndarray, vocabulary: int, width: int) -> np.ndarray:
    """Rows laid end to end (M,) with their lengths (N,) → (vocabulary, width) float32 of mean square 1 where a word has
    company, else 0."""
    from scipy.sparse import coo_matrix
    from sklearn.utils.extmath import randomized_svd

    tokens, row = tokens[:MOST_TOKENS], np.repeat(np.arange(len(lengths)), lengths)[:MOST_TOKENS]
    out = np.zeros((vocabulary, width), np.float32)
    counts = coo_matrix((vocabulary, vocabulary), dtype=np.float64).tocsr()
    for gap in range(1, WINDOW + 1):
        same = row[:-gap] == row[gap:]
        a, b = tokens[:-gap][same], tokens[gap:][same]
        pairs = coo_matrix((np.full(len(a), 1 / gap), (a, b)), shape=counts.shape).tocsr()
        counts = counts + pairs + pairs.T
    counts = counts.tocoo()
    if not counts.nnz:
        return out
    total = np.bincount(counts.row, counts.data, minlength=vocabulary)
    company = total**SMOOTH / (total**SMOOTH).sum()
    counts.data = np.maximum(np.log(counts.data / (total[counts.row] * company[counts.col])), 0.0)
    k = min(width, vocabulary - 1)
    u, s, _ = randomized_svd(counts.tocsr(), k, random_state=0)
    known = total > 0
    out[known, :k] = (u * s**0.5)[known]
    return out / max(float(np.sqrt((out[known] ** 2).mean())) if known.any() else 1.0, 1e-9)
