"""COLLECT: the header of a delimited file: which line it is, whether there is one, and what its columns are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ....core.schema import unique_names
from .dialect import MISSING, is_number

HIGHEST = 60  # lines that may stand above a header
FEW = 3  # columns from which a lone cell in a wide row is a title


def find_header_line(records: Sequence[tuple[int, list[str]]]) -> int:
    """How many lines stand above the header: a title, remarks, an empty line. `records` are (lines before it, fields).

    The header is the first record as wide as most are (or one narrower or wider, see `name_columns`), and in a wide
    table not one whose single filled cell is a title.
    """
    widths = Counter(len(row) for _, row in records if row)
    if len(records) < 3 or not widths:
        return 0
    width, count = widths.most_common(1)[0]
    if width < 2 or count < 0.5 * widths.total():
        return 0
    following = {before: row for before, row in records}
    for before, row in records:
        if before > HIGHEST:
            return 0
        if not row:
            continue
        filled = sum(bool(cell.strip()) for cell in row)
        title = width >= FEW and filled <= 1
        if len(row) == width and not title:
            return before
        if len(row) in (width - 1, width + 1) and not title and filled > 1 and _next_is_wide(following, before, width):
            return before
    return 0


def _next_is_wide(records: dict[int, list[str]], before: int, width: int) -> bool:
    """The record below is a row of the table, and not the header that this one stands above."""
    rest = [row for place, row in sorted(records.items()) if place > before and row]
    return bool(rest) and len(rest[0]) == width and any(_is_number(cell) for cell in rest[0])


def _is_number(field: str) -> bool:
    try:
        float(field.strip().replace(",", "."))
    except ValueError:
        return False
    return "_" not in field


def has_header(rows: list[list[str]]) -> bool:
    """No header where the first row is numbers, or holds numbers beside words that recur in their own columns."""
    first, rest = [field.strip() for field in rows[0]], rows[1:]
    numbers = [is_number(field) for field in first]
    width = Counter(map(len, rest)).most_common(1)[0][0] if rest else 0
    if rest and not any(character.isalpha() for field in first for character in field) and len(first) < width - 1:
        return False  # a damaged row of numbers
    if not rest or not any(numbers):
        return True
    if all(number or field in MISSING for number, field in zip(numbers, first, strict=True)):
        counted = [str(i) for i in range(len(first))], [str(i + 1) for i in range(len(first))]
        return len(first) >= 3 and first in counted
    counts = Counter(field for field, number in zip(first, numbers, strict=True) if number)
    if max(counts.values()) > 1:
        return False
    recurring = [
        any(column < len(row) and row[column].strip() == first[column] for row in rest)
        for column, number in enumerate(numbers)
        if not number
    ]
    return sum(recurring) <= len(recurring) / 2


def is_trailing(header: list[str] | None, body: list[list[str]], width: int) -> bool:
    """Every row ends in a delimiter: the last field is always empty, and the header has no name for it."""
    if width < 2 or len(body) < 1:
        return False
    if header is not None and not (len(header) == width - 1 or (len(header) == width and not header[-1].strip())):
        return False
    if header is None and len(body) < 3:
        return False
    return all(not row[-1].strip() for row in body if len(row) == width)


def name_columns(first: list[str], width: int, header: bool) -> tuple[tuple[str, ...], list[str]]:
    """(column names, notes): the header's, numbered where it is missing or repeats. Row names without a heading (R) are
    `row`."""
    if not header:
        return tuple(f"column_{i + 1}" for i in range(width)), []
    names = [name.strip() for name in first]
    notes = []
    if len(names) == width - 1:
        names = ["row", *names]
        notes.append(
            "The header has one name fewer than rows have fields: the first column is taken for row names, `row`."
        )
    unique = unique_names(names)
    twice = [f"{name} → {new}" for name, new in zip(names, unique, strict=True) if name and name != new]
    if twice:
        notes.append(f"Column names that occur more than once were numbered: {', '.join(twice[:10])}.")
    return tuple(unique), notes
