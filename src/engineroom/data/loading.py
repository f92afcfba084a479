"""COLLECT, first step: whatever the user names (a file, a folder, an archive, a Python table) becomes one Table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from ..core import registry
from ..core.config import ColumnConfig, LimitsConfig
from ..core.errors import DataError, nearest
from ..core.files import blake
from ..core.table import Table
from .conventions import read_conventions
from .fingerprint import fingerprint
from .plain_columns import same
from .sources._cache import work_folder
from .sources._concat_splits import concat_tables
from .sources._detect import source_of
from .sources._files import absolute, visible
from .sources._media_columns import without_missing_files
from .sources._python_tables import from_python
from .sources._text_tables.memory_map import LARGE, map_frame

Progress = Callable[[str], None]


def open_table(
    data: Any,
    *,
    test: Any = None,
    target: str | None = None,
    limits: LimitsConfig | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    task: str = "auto",
    inference: bool = False,
    columns: Mapping[str, ColumnConfig] | None = None,
    classes: bool = False,
    conventions: Mapping[str, Mapping[str, Any]] | None = None,
) -> Table:
    """The rows of `data` and, where `test` is given, of both, with a column that says which is which; their cells
    typed.

    `conventions` are those of training, by which the cells are read; without them they are decided from the cells, what
    the user says of
    `columns` and whether the target names `classes`.

    `task` decides where a folder can be read in several ways. For `inference` every row is kept, also one whose file is
    not there: it gets no answer, but the answers stay in line; else such rows are left out, named and bounded by
    limits.max_damaged.
    `cache` is a folder for unpacked archives and converted tables; without it they live as long as the process.
    `progress` is told in words what takes time.
    """
    limits = limits or LimitsConfig()
    asked: dict[str, Any] = {"target": target, "limits": limits, "cache": cache, "progress": progress, "task": task}
    table = _one(data, **asked)
    if test is not None:
        table = with_test(table, _one(test, **asked))
    if not inference:
        table = without_missing_files(table, limits)
    if not len(table):
        raise DataError(f"{table.name} has no rows.", "There is nothing to learn from.")
    keep = partial(held, folder=cache) if cache is not None and table.frame.estimated_size() > LARGE else same
    return read_conventions(table, target=target, columns=columns, classes=classes, known=conventions, keep=keep)


def held(values: pl.Series, folder: Path) -> pl.Series:
    """A column of a large table, mapped from a file in `folder`."""
    frame = values.to_frame()
    name = blake(f"{values.name} {fingerprint(frame)}".encode())[:20]
    return map_frame(frame.lazy, work_folder(folder) / f"{name}.arrow")[0].to_series()


def with_test(table: Table, test: Table) -> Table:
    """Both tables under one another. Training data with a test set of their own are refused; a val part is kept."""
    split = next((name for name, hint in table.hints.items() if hint.get("role") == "split"), None)
    if split is None:
        return concat_tables([("train", table), ("test", _without_split(test))], table.name)
    parts = table.frame[split].unique().to_list()
    if "test" in parts:
        raise DataError(
            f"There are two test sets: the one in {table.name} and the one given as test.",
            f"The data already say which rows are for testing (column {split!r}).",
            "Leave --test out, or name the training part alone.",
        )
    bare = _without_split(table)
    kept = [
        (
            part,
            replace(bare, frame=bare.frame.filter(table.frame[split] == part), skipped=bare.skipped if i == 0 else ()),
        )
        for i, part in enumerate(parts)
    ]
    return concat_tables([*kept, ("test", _without_split(test))], table.name)


def _without_split(table: Table) -> Table:
    gone = [name for name, hint in table.hints.items() if hint.get("role") == "split"]
    hints = {name: hint for name, hint in table.hints.items() if name not in gone}
    return replace(table, frame=table.frame.drop(gone), hints=hints)


def _one(
    data: Any, *, target: str | None, limits: LimitsConfig, cache: Path | None, progress: Progress | None, task: str
) -> Table:
    if not isinstance(data, str | os.PathLike):
        return from_python(data)
    path = absolute(Path(data).expanduser())
    if not path.exists():
        named = _named(str(data))
        if named is None:
            raise _absent(path)
        return named.read(str(data), limits=limits)
    if progress is not None:
        progress(f"Reading {path.name}")
    source = source_of(path, task)
    more = {"task": task} if getattr(source, "nested", False) else {}  # what an archive holds is chosen like any folder
    table = source.read(path, limits=limits, target=target, cache=cache, **more)
    return table if table.root else replace(table, root=str(path if path.is_dir() else path.parent))


def _named(text: str) -> Any:
    """What knows something of that name that is no file; None where nothing does."""
    return next((one for one in registry.every("data/named").values() if one.detect(text)), None)


def full_name(data: str) -> str:
    """The same data, named so that they are found from any folder."""
    path = Path(data)
    named = None if path.expanduser().exists() else _named(data)
    return str(path.resolve()) if named is None else named.full(data)


def _absent(path: Path) -> DataError:
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    folders, files = visible(folder)
    return DataError(
        f"There is no file or folder {path}.",
        f"Looked in {folder.resolve()}.",
        nearest(path.name, (p.name for p in [*folders, *files]), label="There"),
    )
