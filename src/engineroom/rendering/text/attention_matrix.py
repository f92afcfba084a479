"""The picture of an answer in text: what was read, what was said, and where it looked while it said each word; one
drawing, no script."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import numpy as np

from ...core.protocols import State
from ...modalities.text.text import load_tokenizer
from ...modalities.text.text_corpus import byte_letters

MOST = 40  # words a side that are drawn
CELL, LETTER, SLANT = 19, 6.6, 0.82  # pixels


def words_of(codes: Iterable[int], state: State) -> tuple[list[str], np.ndarray]:
    """Pieces (T,) → (the words they make, the word of each piece (T,)): a word begins where its piece begins with a
    space."""
    tokenizer, letters = load_tokenizer(state["tokenizer"]), byte_letters()
    spelt: list[bytes] = []
    place = []
    for code in codes:
        piece = bytes(letters[letter] for letter in tokenizer.id_to_token(int(code)))
        if (
            not spelt
            or piece[:1].isspace()
            or (spelt[-1][-1:].isalnum() != piece[:1].isalnum() and piece[0] < 128 and spelt[-1][-1] < 128)
        ):
            spelt.append(b"")
        spelt[-1] += piece
        place.append(len(spelt) - 1)
    return [word.decode("utf-8", "replace").strip() for word in spelt], np.array(place, int)


def by_word(looks: np.ndarray, said: np.ndarray, read: np.ndarray) -> np.ndarray:
    """Weights of pieces (U, T) → of words: summed over what is read, mean over what is said."""
    U, T = int(said.max(initial=-1)) + 1, int(read.max(initial=-1)) + 1
    across = np.zeros((len(looks), T))
    np.add.at(across.T, read, looks.T)
    out = np.zeros((U, T))
    np.add.at(out, said, across)
    return out / np.bincount(said, minlength=U)[:, None].clip(1)


def drawing(looks: np.ndarray, said: Sequence[str], read: Sequence[str]) -> str:
    """looks (U, T) between the words that were `said` (rows) and `read` (columns), as SVG."""
    said, read = list(said)[:MOST], list(read)[:MOST]
    looks = looks[: len(said), : len(read)]
    left = 12 + LETTER * max((len(word) for word in said), default=1)
    top = 14 + SLANT * LETTER * max((len(word) for word in read), default=1)
    width, height = (
        left + CELL * len(read) + SLANT * LETTER * max((len(word) for word in read), default=1),
        top + CELL * len(said) + 6,
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        'font-family="ui-monospace,monospace" font-size="11" role="img">'
    ]
    for t, word in enumerate(read):
        x = left + CELL * t + CELL / 2
        parts.append(
            f'<text transform="translate({x:.1f},{top - 5:.1f}) rotate(-55)" '
            f'fill="currentColor">{html.escape(word)}</text>'
        )
    for u, word in enumerate(said):
        y = top + CELL * u
        parts.append(
            f'<text x="{left - 6:.1f}" y="{y + 13:.1f}" text-anchor="end" '
            f'fill="currentColor">{html.escape(word)}</text>'
        )
        parts += [
            f'<rect x="{left + CELL * t:.1f}" y="{y:.1f}" width="{CELL - 1}" height="{CELL - 1}" fill="#0072b2" '
            f'fill-opacity="{max(0.04, float(share)):.2f}">'
            f"<title>{html.escape(word)} ← {html.escape(read[t])}: {share:.0%}</title></rect>"
            for t, share in enumerate(looks[u])
        ]
    return "".join([*parts, "</svg>"])


def line(label: str, text: str, *, most: int = 700) -> str:
    shown = html.escape(text[:most]) + ("…" if len(text) > most else "")
    return f'<p style="margin:.25em 0;white-space:pre-wrap"><b>{html.escape(label)}</b> {shown}</p>'
