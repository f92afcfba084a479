"""How music is spelt: frame by frame, the pitches that sound from high to low, one character each, then a bar. Struck
and held notes differ.

A pitch is a MIDI number (60 = C4, middle C). The characters are Braille patterns, for there are 256 of them: 128
struck, 128 held.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...core.errors import UserError

Frame = list[tuple[int, bool]]  # (pitch, is it held from before?)

STRUCK, HELD = 0x2800, 0x2880
END, BEGIN = "|", "\n"  # of a frame; of a piece
PITCHES = 128
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def spell(frames: Iterable[Frame]) -> str:
    """Frames → the text a network reads."""
    return "".join(
        "".join(chr((HELD if held else STRUCK) + pitch) for pitch, held in sorted(frame, reverse=True)) + END
        for frame in frames
    )


def frames_of(text: str) -> list[Frame]:
    """The text a network wrote → frames; a pitch said twice counts once, what stands after the last bar is left out."""
    out: list[Frame] = []
    for part in text.split(END)[:-1]:
        frame: dict[int, bool] = {}
        for character in part:
            code = ord(character) - STRUCK
            if 0 <= code < 2 * PITCHES:
                frame.setdefault(code % PITCHES, code >= PITCHES)
        out.append(sorted(frame.items(), reverse=True))
    return out


def chords(rows: Iterable[Iterable[int]]) -> list[Frame]:
    """Rows of pitches, none of which says whether it is held: all are struck. Silence (-1) is left out."""
    return [
        [(pitch, False) for pitch in sorted({int(p) for p in row if 0 <= int(p) < PITCHES}, reverse=True)]
        for row in rows
    ]


def voices(rows: Iterable[Iterable[int]]) -> list[Frame]:
    """Rows of one pitch a voice: a voice that stays holds its note."""
    out: list[Frame] = []
    before: list[int] = []
    for row in rows:
        now = [int(p) for p in row]
        held = {p for p, q in zip(now, before, strict=False) if p == q}
        out.append([(p, p in held) for p in sorted({p for p in now if 0 <= p < PITCHES}, reverse=True)])
        before = now
    return out


def roll(frames: list[Frame]) -> np.ndarray:
    """(T, 128) uint8: 0 silent, 1 held, 2 struck."""
    out = np.zeros((len(frames), PITCHES), np.uint8)
    for t, frame in enumerate(frames):
        for pitch, held in frame:
            out[t, pitch] = 1 if held else 2
    return out


def notes(frames: list[Frame]) -> list[tuple[int, int, int]]:
    """(pitch, first frame, frames) of every note; a held note that nothing began begins there."""
    out: list[tuple[int, int, int]] = []
    open_: dict[int, int] = {}
    for t, frame in enumerate([*frames, []]):
        held = {pitch for pitch, is_held in frame if is_held}
        for pitch in [p for p in open_ if p not in held]:
            begun = open_.pop(pitch)
            out.append((pitch, begun, t - begun))
        for pitch, _ in frame:
            open_.setdefault(pitch, t)
    return sorted(out, key=lambda note: (note[1], -note[0]))


def readable(text: str) -> str:
    """The network's text as people read it: C5 E4~ G3 | (~ is held)."""
    out = []
    for character in text:
        code = ord(character) - STRUCK
        if 0 <= code < 2 * PITCHES:
            out.append(f"{named(code % PITCHES)}{'~' if code >= PITCHES else ''} ")
        elif character == END:
            out.append("| ")
    return "".join(out)


def named(pitch: int) -> str:
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def parse(words: str) -> list[Frame]:
    """C5 E4~ G3 | … → frames. Raises UserError at a word that names no pitch."""
    pitches = {named(pitch): pitch for pitch in range(PITCHES)}
    parts = words.split("|")
    out: list[Frame] = []
    for part in parts if parts[-1].strip() else parts[:-1]:
        frame: dict[int, bool] = {}
        for word in part.split():
            if word.rstrip("~") not in pitches:
                raise UserError(
                    f"{word!r} names no pitch.",
                    "Pitches are C-1 to G9, with # for sharps; ~ says that a note is held; | ends a frame.",
                    "Example: --prompt 'C5 G4 E4 C3 | C5~ A4 F4 C3 |'",
                )
            frame[pitches[word.rstrip("~")]] = word.endswith("~")
        out.append(sorted(frame.items(), reverse=True))
    return out
