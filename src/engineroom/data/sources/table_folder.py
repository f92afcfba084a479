"""COLLECT: a folder of tables: one of them, or train, val and test, with whatever media files they name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ...core import registry
from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._concat_splits import concat_tables
from ._files import TABLE, ending, run_name, split_of, stem, visible, without_split
from ._layout import read_name

SIDE = frozenset({".json"})  # beside other tables these describe; they hold no rows
READERS = ("delimited", "json_lines", "parquet_arrow", "workbook", "sktime_ts", "ucr_text", "conll")


@dataclass(frozen=True)
class TableFolder:
    """Reads the table files at the top of a folder, or inside its train/ and test/ folders."""

    def detect(self, path: Path) -> float:
        return 0.85 if path.is_dir() and (_tables(path) or _split_folders(path)) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        tables = _tables(path)
        if not tables:
            folders: list[tuple[str | None, Table]] = [
                (split, self.read(folder, limits=limits, target=target, cache=cache))
                for split, folder in _split_folders(path).items()
            ]
            return concat_tables(folders, run_name(path))
        chosen = _chosen(tables, path)
        parts: list[tuple[str | None, Table]] = [
            (split, reader_of(file).read(file, limits=limits, target=target, cache=cache)) for split, file in chosen
        ]
        left = [file.name for file in tables if file not in {file for _, file in chosen}]
        table = concat_tables(parts, run_name(path))
        return (
            replace(table, notes=(*table.notes, f"Other tables in the folder were left out: {', '.join(left[:10])}."))
            if left
            else table
        )


def reader_of(path: Path):
    """The source that reads this one file."""
    known = [registry.get("data/sources", name) for name in READERS if name in registry.names("data/sources")]
    return max(known, key=lambda source: source.detect(path))


def _is_table(path: Path) -> bool:
    """Text files count only where they are series, or numbers in columns; a list of names is no table."""
    if ending(path) in TABLE:
        return True
    return ending(path) == ".txt" and registry.get("data/sources", "ucr_text").detect(path) > 0


def _tables(folder: Path) -> list[Path]:
    found = [file for file in visible(folder)[1] if _is_table(file)]
    main = [file for file in found if ending(file) not in SIDE]
    return main or found


def _split_folders(folder: Path) -> dict[str, Path]:
    """split → folder, where train/ (and others) hold a table of their own."""
    said = [(read_name(f.name), f) for f in visible(folder)[0]]
    found = {one.split: f for one, f in said if one.split and not one.left and _tables(f)}
    return {str(split): f for split, f in found.items()} if "train" in found else {}


def _chosen(tables: list[Path], folder: Path) -> list[tuple[str | None, Path]]:
    """The (split, file) pairs that make up the data; a DataError where the folder holds several data sets."""
    if len(tables) == 1:
        return [(None, tables[0])]
    named = [(split_of(stem(file)), file) for file in tables]
    with_split = [(split, file) for split, file in named if split]
    if "train" in dict(with_split):
        if len({split for split, _ in with_split}) == len(with_split):
            return list(with_split)
        groups = {without_split(stem(file)) for split, file in with_split}
        raise _several(folder, sorted(f"{group} (…train, …test)" for group in groups))
    plain = [file for split, file in named if not split]
    if len(plain) == 1:
        return [(None, plain[0])]
    raise _several(folder, [file.name for file in tables])


def _several(folder: Path, names: list[str]) -> DataError:
    return DataError(
        f"{folder} holds {len(names)} tables: {', '.join(names[:12])}.",
        "A run learns from one of them.",
        "Name the file, and its test file as --test FILE.",
    )


SOURCE = TableFolder()
