"""How many rows may a gallery hold? Exact search, as it is kept in a bundle, beside a graph that finds most of the
nearest (HNSW, by the package usearch).

pip install usearch
python bench/gallery.py [--rows 10000 100000 1000000] [--width 128] [--asked 100]
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from engineroom.bundle.gallery import most_alike

TOP = 5
LATENT = 16  # numbers that rows really differ by, as embeddings do


def drawn(rows: int, width: int, seed: int) -> np.ndarray:
    """(rows, width) of length 1."""
    spread = np.random.default_rng(0).standard_normal((LATENT, width), np.float32)
    x = np.random.default_rng(seed).standard_normal((rows, LATENT), np.float32) @ spread
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    ask.add_argument("--width", type=int, default=128)
    ask.add_argument("--asked", type=int, default=100)
    asked = ask.parse_args()
    from usearch.index import Index

    questions = drawn(asked.asked, asked.width, 2)
    for rows in asked.rows:
        known = drawn(rows, asked.width, 1)
        began = time.perf_counter()
        _, right = most_alike(questions, known, TOP)
        together = (time.perf_counter() - began) / asked.asked
        began = time.perf_counter()
        for one in questions[:10]:
            most_alike(one[None], known, TOP)
        single = (time.perf_counter() - began) / 10
        index, began = Index(ndim=asked.width, metric="ip"), time.perf_counter()
        index.add(np.arange(rows), known)
        built, began = time.perf_counter() - began, time.perf_counter()
        found = np.stack([index.search(one, TOP).keys for one in questions])
        walked = (time.perf_counter() - began) / asked.asked
        share = np.mean([len(set(a) & set(b)) / TOP for a, b in zip(found.tolist(), right.tolist(), strict=True)])
        exact = f"exact {1e3 * single:.2f} ms a question, {1e3 * together:.2f} ms of many at once"
        graph = f"graph {1e3 * walked:.2f} ms, {share:.2f} of the nearest found, built in {built:.1f} s"
        print(
            f"{rows:,} rows: {exact}; {graph}; the graph pays after {built / max(1e-9, single - walked):,.0f} "
            "questions",
            flush=True,
        )


if __name__ == "__main__":
    main()
