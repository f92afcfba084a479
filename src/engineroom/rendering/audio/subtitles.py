"""Words with their moments: phrases, subtitles, NIST's time marks, and a drawing of what was heard and what was
said."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core import registry
from ...core.errors import UserError
from ...core.files import disk_error
from ...core.schema import Schema

FRAME = 0.04  # seconds: frames of 10 ms, four brought to one
LINE, GAP = 7, 1.0  # words of a subtitle at most; seconds of silence that end one


@dataclass(frozen=True)
class Said:
    text: str
    begin: float  # seconds
    end: float
    sure: float


def phrases(characters: Sequence[Said]) -> list[Said]:
    """Characters → words, cut at the spaces."""
    words: list[list[Said]] = [[]]
    for one in characters:
        if one.text == " ":
            words.append([])
        else:
            words[-1].append(one)
    return [
        Said("".join(c.text for c in word), word[0].begin, word[-1].end, sum(c.sure for c in word) / len(word))
        for word in words
        if word
    ]


def write(path: Path, names: Sequence[str], channels: Sequence[int], rows: Sequence[Sequence[Said]]) -> None:
    """`channels`: which speaker of a recording a row is, from 1 on; 0 where there is one."""
    if path.suffix.lower() == ".ctm":
        each = zip(names, channels, rows, strict=True)
        lines = [
            f"{Path(name).stem.replace(' ', '_')} {channel or 1} {w.begin:.2f} {w.end - w.begin:.2f} {w.text} "
            f"{w.sure:.3f}"
            for name, channel, row in each
            for w in row
        ]
    elif len(set(names)) > 1 or len(set(channels)) < len(rows):
        raise UserError(
            f"Subtitles belong to one recording; there are {len(rows):,}.",
            "Their clocks all begin at 0.",
            "Ask for one row, or say -o words.ctm or -o words.csv",
        )
    else:
        lines = subtitles(channels, rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise disk_error(error, path) from error


def subtitles(channels: Sequence[int], rows: Sequence[Sequence[Said]]) -> list[str]:
    """SubRip: number, from --> to, text, an empty line; a line ends where somebody pauses. Several speakers take turns,
    each named by a number."""
    lines = sorted(
        ((channel, line) for channel, row in zip(channels, rows, strict=True) for line in pauses(row)),
        key=lambda one: one[1][0].begin,
    )
    out: list[str] = []
    for number, (channel, line) in enumerate(lines, 1):
        said = " ".join(word.text for word in line)
        out += [
            str(number),
            f"{stamp(line[0].begin)} --> {stamp(line[-1].end)}",
            f"[{channel}] {said}" if channel else said,
            "",
        ]
    return out


def pauses(row: Sequence[Said]) -> list[list[Said]]:
    """Words → lines of at most LINE words, cut where somebody pauses."""
    lines: list[list[Said]] = []
    for word in row:
        if not lines or len(lines[-1]) == LINE or word.begin - lines[-1][-1].end > GAP:
            lines.append([])
        lines[-1].append(word)
    return lines


def stamp(seconds: float) -> str:
    whole = round(1000 * seconds)
    return f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d},{whole % 1000:03d}"


def drawn(frame: pl.DataFrame, row: int, schema: Schema, said: str, wanted: str | None) -> str:
    """The recording, what was heard and what was said."""
    column = next(c for c in schema.inputs if c.modality == "speech")
    shown = registry.get("modalities", "speech").to_html(frame[column.name][row], column.state)
    true = "" if wanted is None else f"<p><small>said</small> {html.escape(wanted)}</p>"
    return f"{shown}<p><small>heard</small> <b>{html.escape(said) or '–'}</b></p>{true}"
