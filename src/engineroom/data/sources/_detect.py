"""COLLECT: which source reads a path? The one that is surest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from ...core import registry
from ...core.errors import DataError
from ._files import visible, walk

KIND = "data/sources"
LOOKED, NAMED = 20_000, 12  # files counted for a message; folders named in it
SUPPORTED = (
    "csv, tsv and other text tables, workbooks (xlsx, xls, ods), json and jsonl, parquet, arrow, .ts and UCR series, "
    "IDX, CoNLL, a folder for each class, folders of "
    "media files or tables, nodes with edges, pictures beside masks of the same names, boxes and outlines as VOC XML, "
    "COCO JSON, YOLO text, "
    "Label Studio JSON or CVAT XML, documents "
    "as lines with their boxes (JSON) beside scans, texts in two languages (train.en, train.de), plain texts, MIDI "
    "files and pieces of music as JSON, and zip or tar archives of these"
)


def source_of(path: Path, task: str = "auto") -> Any:
    """The source for a file or folder that exists; a DataError that lists what is supported where none knows it.

    Of several that can read it, one that reads answers for `task` comes first, one that reads answers for other tasks
    alone comes last: the same folder may hold boxes and masks (Pascal VOC), or classes and masks of their flaws (MVTec
    AD).
    """
    sources = registry.every(KIND)
    sure = {name: source.detect(path) for name, source in sources.items()}
    best = max(sure, key=lambda name: (sure[name] > 0, rank_for_task(sources[name], task), sure[name]))
    if sure[best] > 0:
        return sources[best]
    if path.is_dir():
        raise DataError(
            f"{path} holds no data that can be read.", f"Found in it: {contents(path)}.", f"Supported: {SUPPORTED}."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.", "There is nothing to learn from.", "Name a file with rows in it.")
    raise DataError(
        f"{path.name} is in no format that can be read.",
        "Neither its ending nor its content is known.",
        f"Supported: {SUPPORTED}.",
    )


def rank_for_task(source: Any, task: str) -> int:
    """1 for a source that reads answers for this task, -1 for one that reads those of other tasks alone, else 0."""
    tasks = getattr(source, "tasks", ())
    return 0 if task == "auto" or not tasks else 1 if task in tasks else -1


def contents(path: Path) -> str:
    """What lies where in a folder: how many files of which ending, folder by folder, and what is not understood about
    it."""
    counts: dict[str, Counter[str]] = {}
    first: dict[str, str] = {}
    for file in walk(path, at_most=LOOKED):
        folder = str(file.parent.relative_to(path))
        counts.setdefault(folder, Counter())[file.suffix.lower() or "without ending"] += 1
        first.setdefault(folder, file.name)
    places = [
        f"{'the folder itself' if folder == '.' else folder + '/'} "
        f"({', '.join(f'{n} {end}' for end, n in ends.most_common(3))}, such as {first[folder]})"
        for folder, ends in counts.items()
    ]
    more = f" and {len(places) - NAMED:,} more folders" if len(places) > NAMED else ""
    if places:
        return ", ".join(places[:NAMED]) + more
    folders = visible(path)[0]
    return "empty folders: " + ", ".join(folder.name for folder in folders[:NAMED]) if folders else "nothing"
