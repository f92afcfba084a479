"""COLLECT: music: MIDI files, or a JSON file of pieces as rows of pitches. One row a piece, spelt as text (see
modalities/symbolic/_note_encoding.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ...modalities.symbolic._midi import ENDINGS, read_midi
from ...modalities.symbolic._note_encoding import BEGIN, Frame, chords, spell, voices
from ._cache import head
from ._concat_splits import split_name
from ._files import absolute, ending, run_name, split_of, walk

PEEK = 2_000  # files looked at to recognise a folder
BEAT = 4  # frames a quarter note, in MIDI files
MOST_BYTES = 256 * 2**20
NOTE = "This is music. To learn to go on with it, say --recipe music."


class Music:
    """Reads .mid files and folders of them, and JSON: pieces, or {"train": pieces, "valid": …}; a piece is rows of MIDI
    pitches."""

    def detect(self, path: Path) -> float:
        if path.is_file():
            if ending(path) in ENDINGS:
                return 1.0
            return 0.95 if ending(path) == ".json" and pitched(path) else 0.0
        files = list(walk(path, at_most=PEEK))
        return 0.9 if files and sum(file.suffix.lower() in ENDINGS for file in files) > 0.9 * len(files) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        rows: list[tuple[str, str, str | None]] = []
        skipped: list[tuple[str, str]] = []
        if path.is_file() and ending(path) not in ENDINGS:
            rows = from_json(path)
        else:
            for file in (
                [path] if path.is_file() else sorted(one for one in walk(path) if one.suffix.lower() in ENDINGS)
            ):
                name = file.name if path.is_file() else str(file.relative_to(path))
                try:
                    frames = read_midi(file, beat=BEAT)
                except DataError as error:
                    if path.is_file():
                        raise
                    skipped.append((name, str(error.why or error.what)))
                    continue
                folders = () if path.is_file() else file.relative_to(path).parts[:-1]
                rows.append((BEGIN + spell(frames), name, split_of(folders[0]) if folders else None))
        if not rows:
            raise DataError(
                f"{path} holds no music that can be read.",
                "; ".join(f"{name}: {why}" for name, why in skipped[:3]),
                "Bring MIDI files with notes.",
            )
        frame = pl.DataFrame(rows, schema={"music": pl.String, "piece": pl.String, "part": pl.String}, orient="row")
        hints: dict[str, dict[str, Any]] = {
            "music": {"modality": "text", "role": "input", "why": "notes, frame by frame"},
            "piece": {"modality": "identifier", "role": "id", "why": "the names of the pieces"},
        }
        parts = frame["part"]
        if parts.null_count() or "train" not in parts.to_list():
            return Table(frame.drop("part"), run_name(absolute(path)), hints, (NOTE,), tuple(skipped))
        column = split_name(["music", "piece"])
        hints[column] = {"modality": "category", "role": "split", "why": "as the data give it"}
        return Table(frame.rename({"part": column}), run_name(absolute(path)), hints, (NOTE,), tuple(skipped))


def pitched(path: Path) -> bool:
    """Does the file begin like pieces of rows of pitches?"""
    begin = head(path, 4096).decode("utf-8", "replace").translate(str.maketrans("", "", " \t\r\n"))
    if begin.startswith("{"):
        begin = begin.partition(":")[2]
    return begin.startswith("[[[") and begin[3:4] in "-0123456789"


def from_json(path: Path) -> list[tuple[str, str, str | None]]:
    """(text, name, part) of every piece. Rows of one constant length are voices, whose notes are held while they stay;
    others are chords."""
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES >> 20} MiB.", "", "Cut it into several files.")
    try:
        data = json.loads(path.read_text("utf-8"))
        parts = data if isinstance(data, dict) else {"": data}
        out = []
        for part, pieces in parts.items():
            for number, piece in enumerate(pieces):
                frames = frames_in(piece)
                if any(frames):
                    out.append((BEGIN + spell(frames), f"{part or 'piece'}-{number}", split_of(part)))
        return out
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} does not hold pieces of rows of pitches.",
            str(error)[:160],
            'Example: {"train": [[[60, 64, 67], [60, 65, 69]]], "test": …}',
        ) from None


def frames_in(piece: list[list[int]]) -> list[Frame]:
    widths = {len(row) for row in piece}
    return (
        voices(piece)
        if len(widths) == 1
        and any(p < 0 or piece[k][v] == p for k, row in enumerate(piece[1:]) for v, p in enumerate(row))
        else chords(piece)
    )


SOURCE = Music()
