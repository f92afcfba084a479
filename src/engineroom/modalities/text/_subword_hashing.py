"""COLLECT: what a word is made of, so that words never seen say something too: pieces of 2 to 4 letters with its ends
marked, and its shape.

After fastText (Bojanowski et al. 2017): pieces are hashed into buckets, whose vectors are learnt.
"""

from __future__ import annotations

import re
from itertools import groupby
from zlib import crc32

import numpy as np

BUCKETS = 8_192
MOST = 24  # pieces a word; its ends and its shape first
SIZES = (3, 4, 2)


def shape(word: str) -> str:
    """ "McDonald's" → "XxXx'x": what kind of signs follow each other."""
    kinds = ("X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c for c in word)
    return "".join(kind for kind, _ in groupby(kinds))[:8]


def pieces(word: str) -> list[str]:
    """At most MOST names of pieces, those that begin or end the word first."""
    marked = f"<{word.lower()[:40]}>"
    ends = [marked[:n] for n in (2, 3, 4) if n < len(marked)] + [marked[-n:] for n in (2, 3, 4) if n < len(marked)]
    inner = [marked[i : i + n] for n in SIZES for i in range(len(marked) - n + 1)]
    return list(dict.fromkeys([f"#{shape(word)}", *ends, *inner]))[:MOST]


def piece_table(words: list[str]) -> np.ndarray:
    """(U, MOST) int32 bucket numbers of each word's pieces, 0 where there are no more."""
    out = np.zeros((len(words), MOST), np.int32)
    for row, word in enumerate(words):
        codes = [crc32(piece.encode()) % (BUCKETS - 1) + 1 for piece in pieces(word)]
        out[row, : len(codes)] = codes
    return out


def split_text(text: str) -> list[str]:
    """A sentence as its words: cut at spaces."""
    return re.split(r"\s+", text.strip()) if text.strip() else []
