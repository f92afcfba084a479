"""COLLECT: JSON, one object a line or a list of objects; nested objects become columns `outer.inner`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import head
from ._cells import frame_of
from ._files import ending, run_name
from ._media_columns import with_media
from ._text_tables.encoding import plain_text

LINES = frozenset({".jsonl", ".ndjson"})
NAMED = 5
Bad = list[tuple[int, str]]  # (line number, reason)


@dataclass(frozen=True)
class Json:
    """Reads .jsonl and .ndjson line by line, and .json files that hold a list of objects, or columns."""

    def detect(self, path: Path) -> float:
        if not path.is_file() or ending(path) not in LINES | {".json"}:
            return 0.0
        return (
            0.9 if ending(path) in LINES or head(path, 4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"} else 0.3
        )

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        plain, notes = plain_text(path, limits=limits, cache=cache)
        if ending(path) in LINES or _looks_like_lines(plain):
            rows, bad = _lines(plain)
        else:
            rows, bad = _document(plain, path), []
        if not rows and not bad:
            raise DataError(f"{path} is empty.", "There is nothing to learn from.", "Name a file with objects in it.")
        notes += _judge(bad, len(rows) + len(bad), path, limits=limits)
        frame, hints = frame_of(rows, path.name)
        skipped = tuple((f"{path.name}, line {line}", why) for line, why in bad)
        return with_media(Table(frame, run_name(path), hints, tuple(notes), skipped), path, limits=limits)


def _looks_like_lines(path: Path) -> bool:
    """A .json file whose first line is a whole object and whose second begins another."""
    with path.open(encoding="utf-8") as file:
        first, second = file.readline(1 << 20).strip(), file.readline(1 << 20).strip()
    return first.startswith("{") and first.endswith("}") and second.startswith("{")


def _lines(path: Path) -> tuple[list[dict[str, Any]], Bad]:
    rows: list[dict[str, Any]] = []
    bad: Bad = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in _present(file):
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                bad.append((number, f"broken JSON ({getattr(error, 'msg', 'nested too deeply')})"))
                continue
            if isinstance(row, dict):
                rows.append(row)
            else:
                bad.append((number, f"a {type(row).__name__}, no object"))
    return rows, bad


def _present(file: Any) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(file, start=1) if line.strip())


def _document(path: Path, shown: Path) -> list[dict[str, Any]]:
    """The rows of a JSON document: a list of objects, columns of equal length, or the one list in an object."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"{shown.name} is broken JSON at line {error.lineno}.", f"{error.msg}.", "Mend the file."
        ) from None
    except RecursionError:
        raise DataError(f"{shown.name} is nested too deeply.", "", "Flatten it first.") from None
    if isinstance(value, dict):
        value = _from_object(value)
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):  # pandas' orient="values"
        value = [{f"column_{i + 1}": cell for i, cell in enumerate(row)} for row in value]
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise DataError(
            f"{shown.name} holds no rows.",
            'Rows are a list of objects, as [{"a": 1}, {"a": 2}].',
            "Write it in this form, or as JSON lines.",
        )
    return value


def _from_object(value: dict[str, Any]) -> Any:
    """Rows out of an object: columns as lists, the one list of objects in it, or what pandas' to_json writes."""
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):  # orient="split"
        names = [str(name) for name in value["columns"]]
        return [dict(zip(names, row, strict=False)) for row in value["data"] if isinstance(row, list)]
    if isinstance(value.get("schema"), dict) and isinstance(value.get("data"), list):  # orient="table"
        return value["data"]
    inner = list(value.values())
    if inner and all(isinstance(one, dict) for one in inner):
        keys = set(inner[0])
        cells = all(not isinstance(cell, dict | list) for one in inner for cell in one.values())
        if cells and all(set(one) == keys for one in inner):
            return _from_nested(value)
    columns = [v for v in value.values() if isinstance(v, list)]
    nested = any(isinstance(cell, dict) for column in columns for cell in column)
    if not nested and len(columns) == len(value) and len({len(column) for column in columns}) == 1:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]
    lists = [v for v in columns if v and all(isinstance(row, dict) for row in v)]
    return lists[0] if len(lists) == 1 else None


def _from_nested(value: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """pandas' orient="columns" (its default: column → row label → cell) or "index" (row label → column → cell).

    The side whose labels are whole numbers is the rows'; where neither or both are, the outer labels are the columns,
    as pandas writes by itself.
    """
    inner = list(next(iter(value.values())))
    if all(map(_is_count, value)) and not all(map(_is_count, inner)):
        return list(value.values())
    return [{name: cells[label] for name, cells in value.items()} for label in inner]


def _is_count(label: str) -> bool:
    return label.isascii() and label.isdecimal()


def _judge(bad: Bad, total: int, path: Path, *, limits: LimitsConfig) -> list[str]:
    if not bad:
        return []
    lines = ", ".join(f"line {line} ({why})" for line, why in bad[:NAMED])
    more = f" and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
    what = f"{len(bad):,} of {total:,} lines of {path.name} cannot be read: {lines}{more}."
    if len(bad) > limits.max_damaged * total:
        raise DataError(
            what,
            f"At most {limits.max_damaged:.0%} of them may be left out.",
            "Mend these lines, or allow more: --set limits.max_damaged=0.2",
        )
    return [f"Left out {what}"]


SOURCE = Json()
