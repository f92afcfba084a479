"""COLLECT: columns that name picture or sound files become absolute paths. Shared by every source that reads tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._files import MEDIA, absolute, media_kind, split_of, stem, visible

SAMPLE = 50
NAMED = 5
MOST_FOLDERS = 50  # subfolders in which the files are looked for


def with_media(table: Table, path: Path, *, limits: LimitsConfig, split: str | None = None) -> Table:
    """The table with its media columns resolved; rows whose file is missing are left out, named and bounded.

    `path` is the table's file: names are looked up beside it, in a folder of its name, and in its subfolders.
    """
    texts = [name for name, kind in table.frame.schema.items() if kind == pl.String]
    first = table.frame.head(SAMPLE * 4).select(pl.Series(str(i), table.frame[name].head(SAMPLE * 4)) for i, name in enumerate(texts))
    ended = first.select(pl.all().str.contains(r"\.[A-Za-z][A-Za-z0-9]{1,5}$").any()).row(0) if texts else ()
    for name in [name for name, any_file in zip(texts, ended, strict=True) if any_file]:
        kind = _kind(table.frame[name])
        if kind:
            table = _resolved(table, name, kind, path, limits=limits, split=split)
    return table


def _kind(column: pl.Series) -> str | None:
    """ "image", "audio" or "video" where nearly all of the column's first values end like such files."""
    if column.dtype != pl.String:
        return None
    values = [value for value in column.head(SAMPLE * 4).drop_nulls().head(SAMPLE).to_list() if value]
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


def _resolved(table: Table, name: str, kind: str, path: Path, *, limits: LimitsConfig, split: str | None) -> Table:
    values = table.frame[name].to_list()
    base = _best_base([v for v in values[: SAMPLE * 4] if v][:SAMPLE], _bases(path, split))
    if base is None:
        hints = dict(table.hints) | {name: {"role": "ignore", "why": f"names {kind} files that are not there"}}
        note = (
            f"Column {name!r} names {kind} files such as {next(v for v in values if v)!r}, but none of them is "
            f"in {path.parent} or its subfolders; it is ignored."
        )
        return replace(table, hints=hints, notes=(*table.notes, note))
    paths = [_existing(base, value) for value in values]
    missing = [str(value) for value, found in zip(values, paths, strict=True) if found is None]
    hints = dict(table.hints) | {name: {"modality": kind, "why": f"names {kind} files in {base}"}}
    notes, skipped = _judge_missing(missing, name, base, total=len(values), limits=limits)
    frame = table.frame.with_columns(pl.Series(name, paths, dtype=pl.String))
    frame = frame.filter(frame[name].is_not_null())
    return replace(table, frame=frame, hints=hints, notes=(*table.notes, *notes), skipped=(*table.skipped, *skipped))


def _existing(base: Path, value: str | None) -> str | None:
    """The absolute path of a named file, or None. Windows' backslashes are understood."""
    if not value:
        return None
    for spelling in (value, value.replace("\\", "/")):
        found = base / spelling
        if found.is_file():
            return str(absolute(found))
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


def _judge_missing(
    missing: list[str], name: str, base: Path, *, total: int, limits: LimitsConfig
) -> tuple[list[str], list[tuple[str, str]]]:
    if not missing:
        return [], []
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else "")
    what = f"{len(missing):,} of {total:,} files named in column {name!r} are not in {base}: {named}."
    if len(missing) > limits.skip * total:
        raise DataError(what, f"At most {limits.skip:.0%} may be left out.", "Add the files, or allow more: --set limits.skip=0.2")
    return [f"Left out {what}"], [(value, f"named in column {name!r}, but missing") for value in missing]
