"""COLLECT: the dialect of a delimited text file, found from its first characters (as Python's csv.Sniffer does, for
more kinds)."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ....core.config import FormatConfig
from ....core.errors import UserError
from .._files import ending
from .dialect import SPACE, Dialect, is_number
from .header import find_header_line, has_header, is_trailing, name_columns
from .records import complete_lines, measure_consistency, modal_width, number_records, read_records

DELIMITERS = (",", "\t", ";", "|")
RARE_DELIMITERS = ("^", "~", ":", "\x01")  # asked where none of the usual ones cuts the lines evenly
COMMENTS = ("#", "%", "//")
SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.I)  # what Excel writes above a table


def sniff(text: str, path: Path, *, whole: bool = False, wanted: FormatConfig | None = None) -> Dialect:
    """The dialect of a file, from its first characters. `whole` says that `text` is all there is."""
    wanted = wanted or FormatConfig()
    lines = complete_lines(text, whole=whole)
    separator = SEPARATOR_LINE.match(lines[0]) if lines else None
    notes = ["The first line names the delimiter; it is no row."] if separator else []
    skip = int(separator is not None)
    comment = wanted.comment if wanted.comment is not None else _comment(lines[skip:])
    named = _wanted_delimiter(wanted.delimiter) or (separator.group(1) if separator else None)
    delimiter = named or _delimiter(lines, path, Dialect(",", skip=skip, comment=comment))[0]
    dialect = Dialect(delimiter, skip=skip, comment=comment)
    dialect = _quoting(replace(dialect, padded=_padded(lines, delimiter)), lines, text, whole=whole)
    if wanted.header_row:
        dialect = replace(dialect, skip=wanted.header_row - 1)
    else:
        above = find_header_line(list(number_records(lines, dialect)))
        if above:
            shown = "; ".join(repr(line.strip()) for line in lines[dialect.skip : dialect.skip + above][:3])
            notes.append(f"{above} line(s) above the header are no rows: {shown}. If that is wrong: --header-row N.")
            dialect = replace(dialect, skip=dialect.skip + above)
    if comment and (count := sum(line.startswith(comment) for line in lines)):
        notes.append(f"Lines that begin with {comment!r} are comments, no rows ({count} in the first lines).")
    rows = list(read_records(lines, dialect))
    if not rows:
        return dialect
    return _headed(dialect, rows, path, wanted.header_row, notes)


def _headed(dialect: Dialect, rows: list[list[str]], path: Path, header_row: int | None, notes: list[str]) -> Dialect:
    """The dialect with its columns named."""
    header = has_header(rows) if header_row is None else header_row > 0
    body = rows[1:] if header and len(rows) > 1 else rows
    width = modal_width(body)
    if is_trailing(rows[0] if header else None, body, width):
        width -= 1
        dialect = replace(dialect, trailing=True)
        notes.append("Every row ends in a delimiter; the empty field after it is no column.")
        rows = [dialect.trim(row) for row in rows]
    unheaded = header and len(rows[0]) == width - 1
    names, more = name_columns(rows[0], width, header)
    return replace(dialect, header=header, unheaded=unheaded, names=names, notes=(*notes, *more))


def consistency(text: str, path: Path) -> tuple[float, int]:
    """(share of rows with the usual number of fields, that number): how much like a table a text file is."""
    lines = complete_lines(text, whole=False)
    delimiter, _ = _delimiter(lines, path, Dialect(","))
    return measure_consistency(read_records(lines, Dialect(delimiter)))


def _wanted_delimiter(name: str | None) -> str | None:
    if name is None:
        return None
    found = {"tab": "\t", "\\t": "\t", "space": SPACE, "comma": ",", "semicolon": ";"}.get(name.lower(), name)
    if len(found) != 1:
        raise UserError(
            f"A delimiter is one character, not {name!r}.", "", "Examples: --delimiter ';'   --delimiter tab"
        )
    return found


@dataclass(frozen=True)
class _Cut:
    """What a delimiter makes of the lines: how evenly it cuts them, and whether the header has as many names."""

    delimiter: str
    share: float  # of the records from the header on that have the usual number of fields
    width: int
    names: int  # fields of the header
    above: int  # lines above the header

    @property
    def agreement(self) -> int:
        """2: a name for each field, 1: one more or fewer. A decimal comma cuts numbers evenly too, never their
        header."""
        return 2 if self.names == self.width else int(abs(self.names - self.width) == 1)

    @property
    def works(self) -> bool:
        return self.width > 1 and self.share >= 0.95 and self.agreement == 2 and not self.above


def _cut(lines: list[str], dialect: Dialect) -> _Cut:
    numbered = list(number_records(lines, replace(dialect, padded=_padded(lines, dialect.delimiter))))
    above = find_header_line(numbered)
    rows = [row for before, row in numbered if before >= above and row]
    share, width = measure_consistency(rows)
    return _Cut(dialect.delimiter, share, width, len(rows[0]) if rows else 0, above)


def _delimiter(lines: list[str], path: Path, base: Dialect) -> tuple[str, float]:
    """(delimiter, share of rows it cuts into equally many fields). The ending's own delimiter wins where it works."""
    own = {".csv": ",", ".tsv": "\t", ".tab": "\t"}.get(ending(path))
    found = {one: _cut(lines, replace(base, delimiter=one)) for one in DELIMITERS}
    if own and found[own].works:
        return own, found[own].share
    usable = [cut for cut in found.values() if cut.width > 1]
    if max((cut.share for cut in usable), default=0.0) < 0.8:
        spaced = _cut(lines, replace(base, delimiter=SPACE))
        if spaced.width > 1 and spaced.share >= 0.95 and (own is None or spaced.works):
            return SPACE, spaced.share
        rare = [_cut(lines, replace(base, delimiter=one)) for one in RARE_DELIMITERS]
        usable += [cut for cut in rare if cut.works]
    if not usable:
        return own or ",", found[own or ","].share
    best = max(usable, key=lambda cut: (cut.agreement, not cut.above, cut.share, cut.width))
    return best.delimiter, best.share


def _comment(lines: list[str]) -> str:
    """The sign of comments, where the first lines begin with one and the line below them does not."""
    for sign in COMMENTS:
        marked = next((i for i, line in enumerate(lines) if not line.startswith(sign)), 0)
        if marked and not _is_header_of(lines[marked - 1], lines[marked:], sign):
            return sign
    return ""


def _is_header_of(line: str, below: list[str], sign: str) -> bool:
    """`#CHROM POS …` names the columns below it: as many fields, and the line below is no header itself."""
    for delimiter in (*DELIMITERS, SPACE):
        dialect = Dialect(delimiter)
        share, width = measure_consistency(islice(read_records(below, dialect), 200))
        if width > 1 and share >= 0.95:
            named = next(read_records([line.removeprefix(sign)], dialect), [])
            rows = list(islice(read_records(below, dialect), 200))
            return len(named) == width and not (len(rows) > 1 and _looks_named(rows))
    return False


def _looks_named(rows: list[list[str]]) -> bool:
    """The first row holds words where the others hold numbers."""
    return any(
        not is_number(name) and all(is_number(cell[i]) for cell in rows[1:4] if i < len(cell))
        for i, name in enumerate(rows[0])
    )


def _quoting(dialect: Dialect, lines: list[str], text: str, *, whole: bool) -> Dialect:
    """How quotes are written: doubled (the usual way), escaped by a backslash, single, or not at all."""
    best, most = dialect, measure_consistency(read_records(lines, dialect))[0]
    if '\\"' in text and not _is_well_formed(lines, dialect, whole=whole):
        escaped = replace(dialect, escaped=True)
        if _is_well_formed(lines, escaped, whole=whole):
            best, most = escaped, measure_consistency(read_records(lines, escaped))[0]
    if text.count("'") > 1 and (_single_quoted(lines, dialect) or most < 0.9):
        single = replace(dialect, quote="'")
        share = measure_consistency(read_records(lines, single))[0]
        if share > most or (share == most and best is dialect and _single_quoted(lines, dialect)):
            best, most = single, share
    if most < 0.9 and '"' in text:
        plain = replace(dialect, quote="")
        if measure_consistency(read_records(lines, plain))[0] > most:
            best = plain
    return best


def _is_well_formed(lines: list[str], dialect: Dialect, *, whole: bool) -> bool:
    """Whether each closing quote stands before a delimiter or the end of a line. The last record of a sample may be cut
    off."""
    reader = dialect.reader(lines, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error as error:
        return not whole and "end of data" in str(error)
    return True


def _single_quoted(lines: list[str], dialect: Dialect) -> bool:
    """Some column's cells all stand between single quotes."""
    rows = list(islice(read_records(lines, replace(dialect, quote="'")), 1, 200))
    plain = list(islice(read_records(lines, replace(dialect, quote="")), 1, 200))
    width = modal_width(rows)
    if not rows or not width:
        return False
    raw = "".join(lines[1:])
    starts = len(re.findall(rf"(?:^|[{re.escape(dialect.delimiter)}])\s*'", raw, re.M))
    return starts >= 0.9 * min(len(rows), len(plain)) and '"' not in raw


def _padded(lines: list[str], delimiter: str) -> bool:
    if delimiter == SPACE:
        return True
    text = "".join(lines[:200])
    return text.count(delimiter) > 0 and text.count(delimiter + " ") > 0.9 * text.count(delimiter)
