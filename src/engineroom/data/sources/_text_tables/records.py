"""The records of a sample of a delimited text file, and how many fields they usually have."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from .dialect import Dialect


def complete_lines(text: str, *, whole: bool) -> list[str]:
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="").readlines()
    if len(lines) == 1 and "\r" in text:  # line ends of old Macs
        lines = re.split(r"(?<=\r)", text)
    return lines if whole or len(lines) < 2 else lines[:-1]


def number_records(lines: list[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """(lines passed over before it, record) of the first records."""
    reader = dialect.reader(lines)
    before = 0
    while before < 1000:
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            return
        yield before, row
        before = reader.line_num


def read_records(lines: list[str], dialect: Dialect) -> Iterator[list[str]]:
    """The records of the sample; ends quietly where the csv module gives up (the full pass names the line)."""
    reader = dialect.reader(lines)
    while True:
        try:
            row = next(reader)
        except (StopIteration, csv.Error):
            return
        if row:
            yield row


def modal_width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def measure_consistency(rows: Iterable[list[str]]) -> tuple[float, int]:
    widths = Counter(len(row) for row in rows)
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return count / widths.total(), width
