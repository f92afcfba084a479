"""COLLECT: how a delimited text file is written: its delimiter, its header, what its columns are called."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ...core.columns import unique_names
from ._files import ending

DELIMITERS = (",", "\t", ";", "|")
SPACE = " "  # runs of blanks and tabs
LONGEST_FIELD = 1 << 24  # characters; the csv module's own bound (128 KiB) is too short for articles
MISSING = frozenset({"", "?", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "NAN", "null", "NULL", "None"})


@dataclass(frozen=True)
class Dialect:
    """How the fields of a file are told apart, and what they are called."""

    delimiter: str
    quoted: bool = True  # False: a quote is a letter like any other
    padded: bool = False  # a blank follows each delimiter
    header: bool = True
    unheaded: bool = False  # the first column has no heading at all
    names: tuple[str, ...] = ()

    def reader(self, lines: Iterable[str]):
        csv.field_size_limit(LONGEST_FIELD)
        if self.delimiter == SPACE:
            lines = (line.replace("\t", " ").strip() for line in lines)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            skipinitialspace=self.padded or self.delimiter == SPACE,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
        )


def sniff(text: str, path: Path, *, whole: bool = False) -> Dialect:
    """The dialect of a file, from its first characters. `whole` says that `text` is all there is."""
    lines = _complete_lines(text, whole=whole)
    delimiter, share = _delimiter(lines, path)
    dialect = Dialect(delimiter, padded=_padded(lines, delimiter))
    if share < 0.9 and '"' in text:
        plain = replace(dialect, quoted=False)
        if _consistency(_rows(lines, plain))[0] > share:
            dialect = plain
    rows = list(_rows(lines, dialect))
    if not rows:
        return dialect
    header = _has_header(rows)
    width = _modal_width(rows[1:] if header and len(rows) > 1 else rows)
    unheaded = header and len(rows[0]) == width - 1
    return replace(dialect, header=header, unheaded=unheaded, names=_names(rows[0], width, header, path))


def consistency(text: str, path: Path) -> tuple[float, int]:
    """(share of rows with the usual number of fields, that number): how much like a table a text file is."""
    lines = _complete_lines(text, whole=False)
    delimiter, _ = _delimiter(lines, path)
    return _consistency(_rows(lines, Dialect(delimiter)))


def is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field


def _complete_lines(text: str, *, whole: bool) -> list[str]:
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="").readlines()
    if len(lines) == 1 and "\r" in text:  # line ends of old Macs
        lines = text.splitlines(keepends=True)
    return lines if whole or len(lines) < 2 else lines[:-1]


def _rows(lines: list[str], dialect: Dialect) -> Iterator[list[str]]:
    """The records of the sample; ends quietly where the csv module gives up (the full pass names the line)."""
    reader = dialect.reader(lines)
    while True:
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            return
        if row:
            yield row


def _modal_width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _consistency(rows: Iterable[list[str]]) -> tuple[float, int]:
    widths = Counter(len(row) for row in rows)
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return count / widths.total(), width


def _delimiter(lines: list[str], path: Path) -> tuple[str, float]:
    """(delimiter, share of rows it cuts into equally many fields). The ending's own delimiter wins where it works."""
    own = {".csv": ",", ".tsv": "\t", ".tab": "\t"}.get(ending(path))
    found = {d: _consistency(_rows(lines, Dialect(d))) for d in DELIMITERS}
    if own and found[own][0] >= 0.95 and found[own][1] > 1 and _header_agrees(lines, own, found[own][1]):
        return own, found[own][0]
    usable = {d: (share, width) for d, (share, width) in found.items() if width > 1}
    if not usable or max(share for share, _ in usable.values()) < 0.8:
        share, width = _consistency(_rows(lines, Dialect(SPACE)))
        if width > 1 and own is None and share >= 0.95:
            return SPACE, share
    if not usable:
        return own or ",", found[own or ","][0]
    best = max(usable, key=lambda d: (_header_agrees(lines, d, usable[d][1]), usable[d]))
    return best, usable[best][0]


def _header_agrees(lines: list[str], delimiter: str, width: int) -> bool:
    """A decimal comma cuts the numbers of a ;-file evenly too, but never its header."""
    first = next(_rows(lines, Dialect(delimiter)), [])
    return len(first) in {width, width - 1}


def _padded(lines: list[str], delimiter: str) -> bool:
    if delimiter == SPACE:
        return True
    text = "".join(lines[:200])
    return text.count(delimiter) > 0 and text.count(delimiter + " ") > 0.9 * text.count(delimiter)


def _has_header(rows: list[list[str]]) -> bool:
    """No header where the first row is numbers, or holds numbers beside words that recur in their own columns."""
    first, rest = [field.strip() for field in rows[0]], rows[1:]
    numbers = [is_number(field) for field in first]
    if rest and not any(character.isalpha() for field in first for character in field) and len(first) < _modal_width(rest) - 1:
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


def _names(first: list[str], width: int, header: bool, path: Path) -> tuple[str, ...]:
    """Column names: the header's, numbered where it is missing. Row names without a heading (R) are `row`."""
    if not header:
        return tuple(f"column_{i + 1}" for i in range(width))
    names = [name.strip() for name in first]
    if len(names) == width - 1:
        names = ["row", *names]
    return tuple(unique_names(names))
