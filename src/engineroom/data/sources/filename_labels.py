"""COLLECT: a flat folder whose file names carry the labels: `6_george_26.flac` is the digit, the speaker, the take."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.table import Table
from ._concat_splits import concat_tables
from ._files import MEDIA, absolute, kind_of_files, media_kind, run_name, split_of, visible
from ._layout import places_below

MOST_PARTS, NAMED = 8, 5


@dataclass(frozen=True)
class NameLabels:
    """Reads media files that lie side by side, alone or in train/ and test/; each part of their names is a column."""

    def detect(self, path: Path) -> float:
        if not path.is_dir():
            return 0.0
        return 0.6 if _media(path)[1] or len(_splits(path)) > 1 else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        splits = _splits(path)
        folders: dict[str | None, Path] = splits if len(splits) > 1 else {None: path}
        found = {split: _media(folder) for split, folder in folders.items()}
        kind = next(kind_of_files(files) or kind for kind, files in found.values() if files)
        names = [file.stem for _, files in found.values() for file in files]
        cut = _cut(names)
        parts = [(split, _part(files, kind, cut)) for split, (_, files) in found.items()]
        below = [file for split, (_, files) in found.items() for file in files if file.parent != folders[split]]
        table = concat_tables(parts, run_name(path))
        if below:
            homes = sorted({str(file.parent.relative_to(path)) for file in below})
            table = replace(
                table,
                notes=(*table.notes, f"{len(below):,} files of subfolders are read too: {', '.join(homes[:NAMED])}."),
            )
        return _hinted(table, kind, names[0] if names else "", target=target)


def _splits(path: Path) -> dict[str | None, Path]:
    """split → folder, for train/ and test/ that hold media files directly."""
    found: dict[str | None, Path] = {}
    for folder in visible(path)[0]:
        split = split_of(folder.name)
        if split and split not in found and _media(folder)[1]:
            found[split] = folder
    return found if "train" in found else {}


def _media(folder: Path) -> tuple[str, list[Path]]:
    """The kind of the media files that lie directly in a folder, and all of that kind in it, those of its subfolders
    too, but for masks."""
    every = set().union(*MEDIA.values())
    direct = [file for file in visible(folder)[1] if file.suffix.lower() in every]
    kind = media_kind(file.suffix.lower() for file in direct) or "image"
    if not direct:
        return kind, []
    places = places_below(folder, MEDIA[kind])
    return kind, [place.path for place in places if place.role != "mask" or not place.folders]


def _cut(names: list[str]) -> re.Pattern[str] | None:
    """The separator that cuts every name into the same number of parts, if there is one."""
    for separator in ("[_-]+", "_+", "-+", r"\.+", " +"):
        pattern = re.compile(separator)
        counts = {len(pattern.split(name)) for name in names}
        if len(counts) == 1 and 1 < next(iter(counts)) <= MOST_PARTS:
            return pattern
    return None


def _part(files: list[Path], kind: str, cut: re.Pattern[str] | None) -> Table:
    columns: dict[str, list[str]] = {kind: [str(absolute(file)) for file in files]}
    if cut is not None:
        cells = [cut.split(file.stem) for file in files]
        columns |= {f"part{i + 1}": list(values) for i, values in enumerate(zip(*cells, strict=True))}
    return Table(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))


def _hinted(table: Table, kind: str, example: str, *, target: str | None) -> Table:
    """Parts are ignored unless one is the target: the rest of a file's name would give the answer away."""
    parts = [name for name in table.frame.columns if name.startswith("part")]
    hints = dict(table.hints) | {kind: {"modality": kind, "role": "input", "why": "the files of the folder"}}
    for name in parts:
        role = "target" if name == target else "ignore"
        hints[name] = {"modality": "category", "role": role, "why": "from the file name"}
    if not parts:
        notes = ["The file names do not split into the same number of parts, so they carry no labels."]
    else:
        notes = [
            f"The file names (such as {example}) have {len(parts)} parts: "
            + "; ".join(_described(table.frame[name]) for name in parts)
            + ". "
            f"Choose what to predict, for example --target {_likeliest(table.frame, parts)}."
        ]
    return Table(table.frame, table.name, hints, (*table.notes, *notes), table.skipped)


def _described(column: pl.Series) -> str:
    counts = Counter(column.to_list())
    examples = ", ".join(name for name, _ in counts.most_common(3))
    return f"{column.name} has {len(counts):,} distinct values ({examples}{', …' if len(counts) > 3 else ''})"


def _likeliest(frame: pl.DataFrame, parts: list[str]) -> str:
    """The first part with at least two values, each seen several times."""
    for name in parts:
        if 2 <= frame[name].n_unique() <= frame.height / 4:
            return name
    return parts[0]


SOURCE = NameLabels()
