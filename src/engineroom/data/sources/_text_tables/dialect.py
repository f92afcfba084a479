"""COLLECT: the dialect of a delimited text file: where its rows begin and end, its delimiter, quotes, comments,
header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

SPACE = " "  # runs of blanks and tabs
LONGEST_FIELD = 1 << 24  # characters; the csv module's own bound (128 KiB) is too short for articles
MISSING = frozenset({"", "?", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "NAN", "null", "NULL", "None"})
ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


@dataclass(frozen=True)
class Dialect:
    """How the fields of a file are told apart, and what they are called."""

    delimiter: str
    quote: str = '"'  # empty: a quote is a letter like any other
    escaped: bool = False  # a quote inside a quoted field is written \"
    padded: bool = False  # a blank follows each delimiter
    skip: int = 0  # lines above the header (a title, remarks, sep=;)
    comment: str = ""  # lines that begin so are no rows
    header: bool = True
    unheaded: bool = False  # the first column has no heading at all
    trailing: bool = False  # each row ends in a delimiter: its last field is no field
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def quoted(self) -> bool:
        return self.quote == '"' and not self.escaped

    @property
    def is_plain(self) -> bool:
        """Whether polars' reader sees the same records as the csv module."""
        special = self.delimiter == SPACE or self.padded or self.unheaded or self.trailing or self.skip or self.comment
        return self.quoted and not special

    def reader(self, lines: Iterable[str], *, strict: bool = False):
        """The records of `lines`, of which the first `skip` are passed over."""
        csv.field_size_limit(LONGEST_FIELD)
        lines = islice(lines, self.skip, None)
        if self.comment:
            lines = self._without_comments(lines)
        if self.escaped:
            lines = (ESCAPED_QUOTE.sub(r'\1""', line) for line in lines)
        if self.delimiter == SPACE:
            lines = (line.replace("\t", " ").strip() for line in lines)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            skipinitialspace=self.padded or self.delimiter == SPACE,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=strict,
        )

    def _without_comments(self, lines: Iterable[str]) -> Iterator[str]:
        """A line inside a quoted field is no comment, however it begins."""
        open_quote = False
        for line in lines:
            if not open_quote and line.startswith(self.comment):
                continue
            if self.quote and line.count(self.quote) % 2:
                open_quote = not open_quote
            yield line

    def trim(self, record: list[str]) -> list[str]:
        """The record without the empty field after a trailing delimiter."""
        return record[:-1] if self.trailing and len(record) > 1 and not record[-1].strip() else record


def is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field
