"""How a drawing is spelt: point by point, how far right and how far down from the one before, a character each; a bar
where the pen is lifted.

Every drawing is brought to SPAN steps of its longer side, so small and large ones read alike. The characters are
Braille patterns, for there are 256 of them: 128 ways across, 128 ways down (offsets as in sketch-rnn, Ha & Eck 2018; on
a grid, so that they are tokens).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...core.errors import UserError

Stroke = list[tuple[int, int]]  # places on the grid, x to the right, y down

ACROSS, DOWN = 0x2800, 0x2880
SPAN = 63  # steps of the longer side; an offset is -SPAN … SPAN
MIDDLE = 64
UP, BEGIN = "|", "\n"  # the pen is lifted; a drawing begins, or ends


def fitted(strokes: Iterable[Sequence[Sequence[float]]]) -> list[Stroke]:
    """Strokes of (x, y) of any size → on the grid, from 0; points that fall together count once."""
    kept = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes if len(stroke)]
    if not kept:
        return []
    every = np.concatenate(kept)
    if not np.isfinite(every).all():
        raise ValueError("a point is no number")
    low, size = every.min(0), float(np.ptp(every, axis=0).max())
    out: list[Stroke] = []
    for stroke in kept:
        places = np.rint((stroke - low) * (SPAN / max(size, 1e-9))).astype(int)
        new = np.concatenate([[True], (places[1:] != places[:-1]).any(1)])
        out.append([(int(x), int(y)) for x, y in places[new]])
    return out


def spell(strokes: Iterable[Stroke]) -> str:
    """Strokes → the text a network reads; the pen begins in the upper left corner."""
    out, x, y = [], 0, 0
    for stroke in strokes:
        for right, down in stroke:
            out.append(chr(ACROSS + MIDDLE + right - x) + chr(DOWN + MIDDLE + down - y))
            x, y = right, down
        out.append(UP)
    return "".join(out)


def whole(strokes: Iterable[Stroke]) -> str:
    """A drawing as a row of text: it ends as it begins, so that a network learns when it is done."""
    return BEGIN + spell(strokes) + BEGIN


def strokes_of(text: str) -> list[Stroke]:
    """The text a network wrote → strokes; half a point, and what stands after the last bar, is left out."""
    out: list[Stroke] = []
    x = y = 0
    for part in text.split(UP)[:-1]:
        stroke: Stroke = []
        across: int | None = None
        for character in part:
            code = ord(character) - ACROSS
            if 0 <= code < 128:
                across = code - MIDDLE
            elif 128 <= code < 256 and across is not None:
                x, y = x + across, y + code - 128 - MIDDLE
                stroke.append((x, y))
                across = None
        if stroke:
            out.append(stroke)
    return out


def from_offsets(rows: np.ndarray) -> list[Stroke]:
    """(N, 3) stroke-3: right, down, is the pen lifted after it → strokes on the grid."""
    places = np.cumsum(rows[:, :2].astype(float), axis=0)
    ends = [*(np.flatnonzero(rows[:-1, 2] > 0) + 1), len(rows)]
    return fitted(places[a:b].tolist() for a, b in zip([0, *ends[:-1]], ends, strict=True) if b > a)


def readable(text: str) -> str:
    """The network's text as people read it: right,down of each point, | where the pen is lifted."""
    out = []
    for character in text:
        code = ord(character) - ACROSS
        if 0 <= code < 128:
            out.append(f"{code - MIDDLE},")
        elif 128 <= code < 256:
            out.append(f"{code - 128 - MIDDLE} ")
        elif character == UP:
            out.append("| ")
    return "".join(out)


def parse(words: str) -> str:
    """right,down right,down | … → the text a network reads. Raises UserError at a word that is no point."""
    out = []
    for word in words.replace(UP, f" {UP} ").split():
        if word == UP:
            out.append(UP)
            continue
        try:
            right, down = (int(one) for one in word.split(","))
            if max(abs(right), abs(down)) > SPAN:
                raise ValueError
        except ValueError:
            why = f"Points are right,down from the one before, {-SPAN} to {SPAN}; | lifts the pen."
            raise UserError(f"{word!r} is no point.", why, "Example: --prompt '0,20 20,0 | '") from None
        out.append(chr(ACROSS + MIDDLE + right) + chr(DOWN + MIDDLE + down))
    return "".join(out)
