"""COLLECT: a folder for each class, the files of the class inside it: pictures, recordings or texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._concat_splits import split_name
from ._files import (
    MEDIA,
    SPLIT_ORDER,
    TEXT,
    absolute,
    kind_of_files,
    media_kind,
    natural,
    run_name,
    split_of,
    visible,
    walk,
)
from ._layout import read_name, read_places

PEEK = 3_000  # files looked at to recognise a folder
KNOWN = {**MEDIA, "text": TEXT}


@dataclass(frozen=True)
class Placed:
    """A file and what its folders say about it."""

    path: Path
    folders: tuple[str, ...]  # between the data folder and the file, without the split
    split: str | None


@dataclass(frozen=True)
class ClassFolders:
    """Reads `root[/split]/class/…/file`; the class is the first level of folders that tells files apart."""

    def detect(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        files = list(walk(path, at_most=PEEK))
        kind = media_kind(file.suffix.lower() for file in files)
        media = [file for file in files if kind and file.suffix.lower() in KNOWN[kind]]
        if not media or len(media) < len(files) / 3:
            return 0.0
        placed = _without_wrappers(_placed(media, path)[0])
        classes = {p.folders[0].lower() for p in placed if p.folders}
        inside = sum(bool(p.folders) for p in placed)
        if inside <= 0.9 * len(placed) or all(said.role and not said.left for said in map(read_name, classes)):
            return 0.0  # pictures and what belongs to them are no classes
        return 0.75 if len(classes) > 1 or len(files) == PEEK else 0.5  # the peek may end inside the first class

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        files = list(walk(path))
        shown = media_kind(file.suffix.lower() for file in files) or "image"
        media = [file for file in files if file.suffix.lower() in KNOWN[shown]]
        kind = kind_of_files(media) or shown
        placed, notes = _placed(media, path)
        placed = _without_wrappers(placed)
        notes += _strangers(files, media, kind)
        rows = [p for p in placed if p.folders]
        if len(rows) < len(placed):
            notes.append(
                f"{len(placed) - len(rows):,} files outside the class folders were left out, "
                f"for example {next(p.path.name for p in placed if not p.folders)}."
            )
        rows, skipped = _not_empty(rows, path, limits=limits)
        notes += _lost_classes(path, files, media, {p.folders[0] for p in rows})
        return _table(rows, kind, run_name(path), limits=limits, notes=notes, skipped=skipped)


def _placed(media: list[Path], root: Path) -> tuple[list[Placed], list[str]]:
    """Every file with its class folders and split; where some folders name splits, the others are left out, with a
    word."""
    places = read_places(root, media)
    if not any(place.split for place in places):
        return [Placed(place.path, place.inner, None) for place in places], []
    left = sorted(
        {place.folders[0] if place.folders else place.path.name for place in places if not place.split}, key=natural
    )
    kept = [Placed(place.path, place.inner, place.split) for place in places if place.split]
    return kept, [f"Folders beside train were left out: {', '.join(left[:10])}."] if left else []


def _without_wrappers(placed: list[Placed]) -> list[Placed]:
    """Folders that hold everything (`images/`) say nothing about the class."""
    while placed and len({p.folders[0] if p.folders else "" for p in placed}) == 1 and len(placed[0].folders) > 1:
        if not all(len(p.folders) > 1 for p in placed):
            break
        placed = [Placed(p.path, p.folders[1:], p.split) for p in placed]
    return placed


def _strangers(files: list[Path], media: list[Path], kind: str) -> list[str]:
    if len(files) == len(media):
        return []
    known = set(media)
    endings = Counter(file.suffix.lower() or "no ending" for file in files if file not in known)
    return [
        f"{len(files) - len(media):,} files that are no {kind} were left out: "
        + ", ".join(f"{count} {name}" for name, count in endings.most_common(5))
        + "."
    ]


def _not_empty(rows: list[Placed], root: Path, *, limits: LimitsConfig) -> tuple[list[Placed], list[tuple[str, str]]]:
    """Without files that hold nothing and links that lead nowhere, both named and bounded."""
    why = {
        p.path: "empty file" if p.path.exists() else "a link that leads nowhere"
        for p in rows
        if not p.path.exists() or p.path.stat().st_size == 0
    }
    if not why:
        return rows, []
    names = [str(path.relative_to(root)) for path in why]
    if len(why) > limits.max_damaged * len(rows):
        raise DataError(
            f"{len(why):,} of {len(rows):,} files are empty: {', '.join(names[:5])}.",
            f"At most {limits.max_damaged:.0%} may be left out.",
            "Copy them again, or allow more: --set limits.max_damaged=0.2",
        )
    return [p for p in rows if p.path not in why], list(zip(names, why.values(), strict=True))


def _lost_classes(root: Path, files: list[Path], media: list[Path], classes: set[str]) -> list[str]:
    """Class folders without a usable file, wherever the class level is: empty ones, and those whose files are of
    another kind."""
    folders = [root, *(f for f in visible(root)[0] if split_of(f.name))]
    neighbours = {f for folder in folders for f in visible(folder)[0]}
    siblings = {f.parent for f in neighbours if f.name in classes}
    usable = {above for file in media for above in file.parents}
    lost = sorted(f for f in neighbours if f.parent in siblings and f not in usable)
    held = {f: Counter(file.suffix.lower() or "no ending" for file in files if f in file.parents) for f in lost}
    empty = [str(f.relative_to(root)) for f, endings in held.items() if not endings]
    notes = [f"Empty class folders: {', '.join(empty[:10])}."] if empty else []
    for folder, endings in held.items():
        if endings:
            what = ", ".join(f"{count} {name}" for name, count in endings.most_common(3))
            notes.append(f"No file of the class {folder.name!r} can be read, so the class is missing: {what}.")
    return notes


def _table(
    rows: list[Placed], kind: str, name: str, *, limits: LimitsConfig, notes: list[str], skipped: list[tuple[str, str]]
) -> Table:
    rows = sorted(rows, key=lambda p: SPLIT_ORDER.index(p.split) if p.split else 0)
    cells = [_text(p.path, limits) if kind == "text" else str(absolute(p.path)) for p in rows]
    columns = {
        kind: pl.Series(cells, dtype=pl.String),
        "label": pl.Series([p.folders[0] for p in rows], dtype=pl.String),
    }
    hints = {
        kind: {"modality": kind, "role": "input", "why": "the files of the class folders"},
        "label": {"modality": "category", "role": "target", "why": "the names of the folders"},
    }
    if kind == "text":  # the cells hold what is written in the files: their names are kept beside
        columns["file"] = pl.Series([str(absolute(p.path)) for p in rows], dtype=pl.String)
        hints["file"] = {"modality": "identifier", "role": "id", "why": "the files of the class folders"}
    if rows and rows[0].split is not None:
        column = split_name(list(columns))
        columns[column] = pl.Series([p.split for p in rows], dtype=pl.String)
        hints[column] = {"modality": "category", "role": "split", "why": "folders named train, test, …"}
    return Table(pl.DataFrame(columns), name, hints, tuple(notes), tuple(skipped))


def _text(path: Path, limits: LimitsConfig) -> str:
    """The file's text, bounded; undecodable bytes are read as Western European."""
    with path.open("rb") as file:
        data = file.read(4 * limits.characters)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = error.start >= len(data) - 4  # the bound may fall inside a character
        text = data.decode("utf-8-sig", "ignore") if cut else data.decode("latin-1")
    return text[: limits.characters]


SOURCE = ClassFolders()
