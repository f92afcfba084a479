"""COLLECT: one pass over a delimited file that counts its records and finds the ragged ones by line number."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._dialect import SPACE, Dialect
from ._work import CHUNK, fingerprint, work_folder, write_aside

END = "\0end\0"  # a last line of our own: where it is part of a field, a quote was never closed
NAMED = 5  # so many bad lines are named in a message


@dataclass
class Survey:
    """What the pass found. `odd`: the file must be written anew before polars reads it as the csv module does."""

    rows: int = 0
    ragged: list[tuple[int, int]] = field(default_factory=list)  # (line number, fields)
    odd: bool = False


def surveyed(path: Path, dialect: Dialect, *, cache: Path | None) -> Survey:
    """`survey`, remembered in `cache` where that is given."""
    if cache is None:
        return survey(path, dialect)
    memo = work_folder(cache) / f"{fingerprint(path, dialect, 'survey')}.json"
    if not memo.exists():
        write_aside(memo, iter([json.dumps(asdict(survey(path, dialect))).encode()]))
    return Survey(**json.loads(memo.read_text("utf-8")))


def survey(path: Path, dialect: Dialect) -> Survey:
    """Every record counted; a field count other than the header's is ragged."""
    found = Survey(odd=dialect.delimiter == SPACE or dialect.padded or dialect.unheaded)
    width = len(dialect.names)
    for line, record in records(path, dialect):
        if len(record) != width:
            if record:
                found.ragged.append((line, len(record)))
                found.rows += 1
            found.odd = True  # a blank line, too
        else:
            found.rows += 1
            if not found.odd and any('"' in value or "\r" in value for value in record):
                found.odd = True
    return found


def records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields) of every record below the header."""
    with path.open(encoding="utf-8", newline=None if dialect.delimiter == SPACE else "") as file:
        reader = dialect.reader(chain(file, [END]))
        line = 1
        try:
            if dialect.header:
                while not next(reader, ["end"]):
                    pass
            while True:
                line = reader.line_num + 1
                record = next(reader, None)
                if record is None or record == [END]:
                    return
                if record and END in record[-1]:
                    raise csv.Error("the file ends inside a quoted field")
                yield line, record
        except csv.Error as error:
            raise DataError(
                f"{path.name} cannot be read from line {line} on.",
                f"{error}: probably a quote that is never closed.",
                "Close the quote, or double quotes inside quoted fields.",
            ) from None


def judge(found: Survey, dialect: Dialect, path: Path, *, limits: LimitsConfig) -> list[str]:
    """Notes about ragged rows; a DataError that names them where they are more than may be skipped."""
    if found.rows == 0:
        raise DataError(f"{path.name} holds a header and no rows.", "There is nothing to learn from.", "Add rows.")
    if not found.ragged:
        return []
    width, count = len(dialect.names), len(found.ragged)
    lines = ", ".join(f"line {line} ({fields} fields)" for line, fields in found.ragged[:NAMED])
    more = f" and {count - NAMED:,} more" if count > NAMED else ""
    if count > limits.skip * found.rows:
        raise DataError(
            f"{path.name}: {count:,} of {found.rows:,} rows do not have the header's {width} fields: {lines}{more}.",
            f"At most {limits.skip:.0%} of the rows may be left out. A delimiter inside a field needs quotes.",
            "Mend these lines, or allow more: --set limits.skip=0.2",
        )
    return [f"{path.name}: left out {count:,} of {found.rows:,} rows that do not have {width} fields: {lines}{more}."]


def rewritten(path: Path, dialect: Dialect, out: Path, *, delimiter: str) -> Path:
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
