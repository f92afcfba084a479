"""What tasks that answer with pictures, sounds or texts share: which column holds the media, which names the split,
objects of any shape in an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from ..core import registry
from ..core.errors import DataError, nearest
from ..core.table import Table
from ..data.sources._detect import contents


def media_column(table: Table, wanted: str | None, modality: str, words: str) -> str:
    """The column that is asked for, or the only one that holds what `words` calls it ("pictures")."""
    names = table.frame.columns
    if wanted and wanted not in names:
        raise DataError(f"There is no column {wanted!r} of {words}.", "", nearest(wanted, names, label="Columns"))
    reader = registry.get("modalities", modality)
    found = [
        one
        for one in names
        if table.hints.get(one, {}).get("modality") == modality or reader.detect(table.frame[one]) > 0.5
    ]
    if wanted or len(found) == 1:
        return wanted or found[0]
    raise DataError(
        f"Which column holds the {words}?" if found else f"No column holds {words}.",
        f"Columns: {', '.join(names[:20])}.",
        "Say --target COLUMN",
    )


def answers_there(table: Table, modality: str, words: str, layouts: str) -> None:
    """Raises DataError, with what was found and what would be understood, where a folder of files holds no answers of
    that kind."""
    if any(hint.get("modality") == modality for hint in table.hints.values()) or not any(
        hint.get("modality") == "image" for hint in table.hints.values()
    ):
        return
    reader = registry.get("modalities", "image")
    held = [
        name
        for name in table.frame.columns
        if table.frame[name].dtype == pl.String and reader.detect(table.frame[name]) > 0.5
    ]
    if len(held) < 2:  # a table may hold both in columns of its own
        found = f"Found in {table.root}: {contents(Path(table.root))}."
        raise DataError(
            f"No {words} were found beside the pictures.",
            found,
            f"Understood: {layouts}; or a table with --target COLUMN.",
        )


def split_column(table: Table) -> str | None:
    """The column that says which rows judge: as the source knows it, else one called split that names training and test
    rows."""
    known = table.split
    spoken = "split" in table.frame.columns and {"train", "test"} <= set(
        table.frame["split"].cast(pl.String, strict=False).unique()
    )
    return known or ("split" if spoken else None)


def split_hint(table: Table, split: str | None) -> dict[str, dict[str, Any]]:
    """What a reframed table says of that column."""
    return (
        {split: {"modality": "category", "role": "split", "why": "as the data give it", **table.hints.get(split, {})}}
        if split
        else {}
    )
