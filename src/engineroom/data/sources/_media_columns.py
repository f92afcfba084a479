"""COLLECT: columns that name picture, sound or video files become absolute paths. Shared by every source that reads
tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import MEDIA, absolute, kind_of_files, media_kind, natural, split_of, stem, visible
from ._media_lookup import ANY, FileIndex, NameMatcher

SAMPLE = 50
NAMED = 5
MOST_FOLDERS = 50  # subfolders in which the files are looked for
# numbers in such columns may name files
NAMING = re.compile(r"(image|img|pic|photo|file|path|audio|sound|clip|record|video|(^|_)id$|name)", re.I)
NUMBER = r"^\s*[-+]?[\d.,]+([eE][-+]?\d+)?\s*$"
LEAST_FOUND = 0.9  # of the sample must be files for a column without endings to name them

Finder = Callable[[str], Path | None]  # a cell → its file, or None


def with_media(table: Table, path: Path, *, limits: LimitsConfig, split: str | None = None) -> Table:
    """The table with its media columns resolved to absolute paths; a row whose file is missing keeps the path where it
    should be.

    `path` is the table's file: names are looked up beside it, in a folder of its name and in its subfolders, then by
    their last parts, in any case, with or without ending, among all files below.
    """
    index = FileIndex(path.parent)
    for name in _candidates(table):
        table = _resolved(table, name, path, index, split=split)
    return table


def _candidates(table: Table) -> list[str]:
    """Columns that may name files: text with file endings, other short words, and numbers in columns called so. Wide
    tables are ruled out at once."""
    kinds = dict(table.frame.schema)  # asked once: polars builds it anew each time
    free = {name: kind for name, kind in kinds.items() if table.hints.get(name, {}).get("modality", "image") in MEDIA}
    texts = [name for name, kind in free.items() if kind == pl.String]
    # polars takes * for a pattern
    first = pl.DataFrame([table.frame[name].head(SAMPLE * 4).alias(str(i)) for i, name in enumerate(texts)])
    numbers = first.select(pl.all().str.contains(NUMBER).all()).row(0) if texts else ()
    worded = [name for name, numeric in zip(texts, numbers, strict=True) if not numeric or NAMING.search(name)]
    return worded + [name for name, kind in free.items() if kind.is_integer() and NAMING.search(name)]


def _kind(values: Sequence[str]) -> str | None:
    """ "image", "audio" or "video" where nearly all of these values end like such files."""
    endings = [Path(value).suffix.lower() for value in values]
    kind = media_kind(endings)
    if kind not in MEDIA or any("://" in value or "\0" in value or "\n" in value for value in values):
        return None
    return kind if sum(suffix in MEDIA[kind] for suffix in endings) >= 0.9 * len(endings) else None


def _bases(path: Path, split: str | None) -> list[Path]:
    """Folders the names may be relative to, likeliest first."""
    folder = path.parent
    folders = visible(folder)[0][:MOST_FOLDERS]
    split = split or split_of(stem(path))
    own = [f for f in folders if f.name == stem(path)]
    same = [f for f in folders if split and split_of(f.name) == split]
    others = [f for f in folders if f not in own and f not in same and split_of(f.name) is None]
    near = [folder, *own, *same, *others, *folders]
    below = [inner for f in near[1:] for inner in visible(f)[0][:10]]
    return list(dict.fromkeys([*near, *below]))


def _resolved(table: Table, name: str, path: Path, index: FileIndex, *, split: str | None) -> Table:
    values = table.frame[name].cast(pl.String).to_list()
    sample = [v for v in values[: SAMPLE * 4] if v][:SAMPLE]
    kind = _kind(sample)
    if not sample or (kind is None and not _may_name_files(sample)):
        return table
    bases = _bases(path, split)
    base = _best_base(sample, bases) if kind else None
    finder, how = _choose_finder(values, sample, base, bases, index)
    found = [finder(value) if value else None for value in values]
    hits = [file for value, file in zip(values, found, strict=True) if value and file]
    if kind is None:
        kind = media_kind(file.suffix.lower() for file in hits)
        asked = sum(bool(value) for value in values)
        if (
            kind not in MEDIA
            or len(hits) < LEAST_FOUND * asked
            or len(set(hits)) < LEAST_FOUND * len({v for v in values if v})
        ):
            return table
    if not hits:
        return _nowhere(table, name, kind, sample[0], path)
    kind = kind_of_files(hits) or kind
    home = base or hits[0].parent
    cells = [
        str(file) if file else str(absolute(home / value.replace("\\", "/"))) if value else None
        for value, file in zip(values, found, strict=True)
    ]
    hints = dict(table.hints) | {name: {"modality": kind, "why": f"names {kind} files in {home}"}}
    notes = (
        (f"Column {name!r} names {kind} files {how}: {sample[0]!r} is {finder(sample[0])}.",)
        if how and finder(sample[0])
        else ()
    )
    return replace(
        table,
        frame=table.frame.with_columns(pl.Series(name, cells, dtype=pl.String)),
        hints=hints,
        notes=(*table.notes, *notes),
    )


def _choose_finder(
    values: Sequence[str | None], sample: Sequence[str], base: Path | None, bases: Sequence[Path], index: FileIndex
) -> tuple[Finder, str]:
    """(what finds a cell's file, how the names differ from the files): by the whole name where that finds all of the
    sample, else (another root, another case, no ending) by the last parts of the name too."""
    plain: Finder = (lambda value: _existing(base, value)) if base else lambda value: None
    if base and all(plain(value) for value in sample):
        return plain, ""
    rank = {folder: -position for position, folder in enumerate(bases)}
    matcher = NameMatcher(index, filter(None, values), lambda file: rank.get(file.parent, -len(rank)))

    def finder(value: str) -> Path | None:
        return plain(value) or matcher.find(value)

    return finder, _difference(sample) if any(finder(v) and not plain(v) for v in sample) else ""


def _may_name_files(values: Sequence[str]) -> bool:
    """Short, mostly different words without blanks: names of files may be written without their ending."""
    return len(set(values)) >= 0.9 * len(values) and all(
        len(v) <= 200 and not set(v) & set(" \n\0\t") and "://" not in v for v in values
    )


def _nowhere(table: Table, name: str, kind: str, example: str, path: Path) -> Table:
    hints = dict(table.hints) | {name: {"role": "ignore", "why": f"names {kind} files that are not there"}}
    note = (
        f"Column {name!r} names {kind} files such as {example!r}, but none of them is in {path.parent} or its "
        "subfolders; it is ignored."
    )
    return replace(table, hints=hints, notes=(*table.notes, note))


def _difference(values: Sequence[str]) -> str:
    """In words, how names differ from the files that they mean."""
    bare = any(Path(value).suffix.lower() not in ANY for value in values)
    return "without their ending" if bare else "that lie below another folder or are written in another case"


def _existing(base: Path, value: str | None) -> Path | None:
    """The absolute path of a named file, or None. Windows' backslashes are understood."""
    if not value:
        return None
    for spelling in (value, value.replace("\\", "/")):
        found = base / spelling
        if found.is_file():
            return absolute(found)
    return None


def _best_base(values: Sequence[str], bases: Sequence[Path]) -> Path | None:
    """The folder under which most of the sample exists; the first one of equals."""
    best, most = None, 0
    for base in bases:
        count = sum(_existing(base, value) is not None for value in values)
        if count > most:
            best, most = base, count
        if count == len(values):
            break
    return best


def without_missing_files(table: Table, limits: LimitsConfig) -> Table:
    """The rows to learn from: those whose file is not there are left out, named and bounded."""
    for name in table.frame.columns:
        column, hint = table.frame[name], table.hints.get(name, {})
        if hint.get("modality") not in MEDIA or column.dtype != pl.String or hint.get("role") == "ignore":
            continue
        there = pl.Series([cell is None or Path(cell).is_file() for cell in column], dtype=pl.Boolean)
        if there.all():
            continue
        root = Path(table.root or "/")
        missing = [
            str(Path(cell).relative_to(root) if Path(cell).is_relative_to(root) else cell)
            for cell in column.filter(~there)
        ]
        missing.sort(key=natural)
        named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else "")
        what = f"{len(missing):,} of {len(column):,} files named in column {name!r} are not there: {named}."
        if len(missing) > limits.max_damaged * len(column):
            raise DataError(
                what,
                f"At most {limits.max_damaged:.0%} may be left out.",
                "Add the files, or allow more: --set limits.max_damaged=0.2",
            )
        skipped = [(file, f"named in column {name!r}, but missing") for file in missing]
        table = replace(
            table,
            frame=table.frame.filter(there),
            notes=(*table.notes, f"Left out {what}"),
            skipped=(*table.skipped, *skipped),
        )
    return table
