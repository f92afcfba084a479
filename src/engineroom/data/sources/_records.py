"""COLLECT: one pass over a delimited file that counts its records and finds the ragged ones by line number."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._cache import CHUNK, fingerprint, work_folder, write_aside
from ._text_tables.dialect import SPACE, Dialect

END = "\0end\0"  # a last line of our own: where it is part of a field, a quote was never closed
NAMED = 5  # so many bad lines are named in a message
FEW_ROWS = 3


@dataclass
class Survey:
    """What the pass found. `odd`: the file must be written anew before polars reads it as the csv module does."""

    rows: int = 0  # records, the ragged ones among them, blank lines not
    ragged: list[tuple[int, int]] = field(default_factory=list)  # (line number, fields)
    # (place among the rows of the file, line number, fields)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)
    odd: bool = False

    @property
    def blank(self) -> list[int]:
        """Line numbers of the empty lines between rows."""
        return [line for _, line, fields in self.gaps if not fields]


def cached_survey(path: Path, dialect: Dialect, *, cache: Path | None) -> Survey:
    """`survey`, remembered in `cache` where that is given."""
    if cache is None:
        return survey(path, dialect)
    memo = work_folder(cache) / f"{fingerprint(path, dialect, 'survey')}.json"
    if not memo.exists():
        write_aside(memo, iter([json.dumps(asdict(survey(path, dialect))).encode()]))
    return Survey(**json.loads(memo.read_text("utf-8")))


def survey(path: Path, dialect: Dialect) -> Survey:
    """Every record counted; a field count other than the header's is ragged. Empty lines at the end are no rows."""
    found = Survey(odd=not dialect.is_plain)
    width = len(dialect.names)
    empty: list[int] = []  # lines since the last row
    total = 0
    for line, record in records(path, dialect):
        if not record:
            found.odd = True
            empty.append(line)
            continue
        if found.rows or width == 1:
            found.gaps += [(found.rows + total + i, number, 0) for i, number in enumerate(empty)]
            total += len(empty)
        empty = []
        if len(record) != width:
            found.gaps.append((found.rows + total, line, len(record)))
            found.ragged.append((line, len(record)))
            found.odd = True
        elif not found.odd and any('"' in value or "\r" in value for value in record):
            found.odd = True
        found.rows += 1
    if found.rows > FEW_ROWS and total >= 0.8 * (
        found.rows - 1
    ):  # every other line is empty: line ends were written twice
        found.gaps = _ragged_places(path, dialect, width)
    return found


def _ragged_places(path: Path, dialect: Dialect, width: int) -> list[tuple[int, int, int]]:
    rows = (entry for entry in records(path, dialect) if entry[1])
    return [(place, line, len(record)) for place, (line, record) in enumerate(rows) if len(record) != width]


def records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of every record below the header; an empty line is an empty record."""
    with path.open(encoding="utf-8", newline=None if dialect.delimiter == SPACE else "") as file:
        lines = _Counted(chain(file, [END]))
        reader = dialect.reader(lines)
        line, taken = 1, 0
        try:
            if dialect.header:
                while not next(reader, ["end"]):
                    pass
            while True:
                taken = reader.line_num
                line = lines.count + 1
                record = next(reader, None)
                if record is None or record == [END]:
                    return
                if record and END in record[-1]:
                    raise csv.Error("the file ends inside a quoted field")
                yield lines.count - (reader.line_num - taken) + 1, dialect.trim(record)
        except csv.Error as error:
            raise DataError(
                f"{path.name} cannot be read from line {line} on.",
                f"{error}: probably a quote that is never closed.",
                "Close the quote, or double quotes inside quoted fields.",
            ) from None


class _Counted:
    """Lines, counted as they are taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines, self.count = iter(lines), 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.count += 1
        return line


def judge(found: Survey, dialect: Dialect, path: Path, *, limits: LimitsConfig) -> list[str]:
    """Notes about ragged rows; a DataError that names them where they are more than may be skipped."""
    if found.rows == 0:
        raise DataError(f"{path.name} holds a header and no rows.", "There is nothing to learn from.", "Add rows.")
    notes = []
    if found.blank:
        lines = ", ".join(map(str, found.blank[:NAMED])) + (" …" if len(found.blank) > NAMED else "")
        notes.append(
            f"{path.name}: {len(found.blank):,} empty line(s) between the rows hold nothing to learn from (line "
            f"{lines})."
        )
    if not found.ragged:
        return notes
    width, count = len(dialect.names), len(found.ragged)
    lines = ", ".join(f"line {line} ({fields} fields)" for line, fields in found.ragged[:NAMED])
    more = f" and {count - NAMED:,} more" if count > NAMED else ""
    if count > limits.max_damaged * found.rows:
        header = dialect.delimiter.join(dialect.names)
        raise DataError(
            f"{path.name}: {count:,} of {found.rows:,} rows do not have the header's {width} fields: {lines}{more}.",
            f"Line {dialect.skip + 1} was taken for the header: {header[:150]!r}, delimiter {dialect.delimiter!r}. "
            f"At most {limits.max_damaged:.0%} of the rows may be left out. A delimiter inside a field needs quotes.",
            "Name another: --header-row N, --delimiter ';', --comment '#'; or mend these lines, or allow more: --set "
            "limits.max_damaged=0.2",
        )
    return [
        *notes,
        f"{path.name}: left out {count:,} of {found.rows:,} rows that do not have {width} fields: {lines}{more}.",
    ]


def rewrite_records(path: Path, dialect: Dialect, out: Path, *, delimiter: str) -> Path:
    """A plain copy of the well-formed records."""
    if not out.exists():
        width = len(dialect.names)
        good = (record for _, record in records(path, dialect) if len(record) == width)
        write_aside(out, _written(chain([list(dialect.names)], good), delimiter))
    return out


def _written(rows: Iterator[list[str]], delimiter: str) -> Iterator[bytes]:
    buffer = _Buffer()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        writer.writerow([value.replace("\r\n", "\n").replace("\r", "\n") for value in row])
        if buffer.size > CHUNK:
            yield buffer.take()
    yield buffer.take()


class _Buffer:
    """Collects what the csv writer says, to hand it on in large pieces."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)

    def take(self) -> bytes:
        text, self.parts, self.size = "".join(self.parts), [], 0
        return text.encode()
