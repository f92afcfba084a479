"""COLLECT: the same text in two languages, a file each: `train.en` and `train.de`, line by line. A lone file of that
kind holds lines to be translated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._concat_splits import concat_tables
from ._files import ending, run_name, split_of, stem, visible
from .plain_text import whole

# ISO 639-1 but for `ts`, `so`, `md` and the like, which other formats own; and how corpora call the two sides
CODES = frozenset(
    re.findall(
        "[a-z]+",
        "af am ar as az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it "
        "ja ka kk km kn ko ku ky lb lo lt lv mg mi mk ml "
        "mn mr ms mt my ne nl no or pa pl ps pt qu ro ru rw sa sd si sk sl sq sr sv sw ta te tg th tk tl tr tt uk ur "
        "uz vi xh yo zh zu source target",
    )
)


@dataclass(frozen=True)
class Parallel:
    """Reads folders of such pairs (`train.en`, `train.de`, `test.en`, `test.de`), or one file with its sibling. Columns
    are named by the endings."""

    def detect(self, path: Path) -> float:
        if path.is_file():
            return 0.7 if language(path) else 0.0
        return 0.9 if path.is_dir() and any(len(files) > 1 for files in sides(path).values()) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        if path.is_file():
            files = sides(path.parent).get(stem(path), {})
            files = files if len(files) == 2 else {language(path): path}
            return Table(side_by_side(files, limits=limits, cache=cache), run_name(path), hints(files))
        found = {name: files for name, files in sides(path).items() if len(files) > 1}
        parts = [
            (split_of(name), Table(side_by_side(files, limits=limits, cache=cache), name, hints(files)))
            for name, files in found.items()
        ]
        return concat_tables(parts, run_name(path))


def language(path: Path) -> str:
    """The code of the language that the file's ending names; "" where it names none."""
    code = ending(path).removeprefix(".")
    return code if code in CODES else ""


def sides(folder: Path) -> dict[str, dict[str, Path]]:
    """{name: {language: file}} of the files in a folder."""
    found: dict[str, dict[str, Path]] = {}
    for file in visible(folder)[1]:
        if code := language(file):
            found.setdefault(stem(file), {})[code] = file
    return found


def side_by_side(files: dict[str, Path], *, limits: LimitsConfig, cache: Path | None) -> pl.DataFrame:
    """A column a file. Raises DataError where they have not as many lines."""
    columns = {}
    for code, file in files.items():
        text, _ = whole(file, limits=limits, cache=cache)
        columns[code] = text.removesuffix("\n").split("\n")
    counts = {files[code].name: len(lines) for code, lines in columns.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} has {count:,} lines" for name, count in counts.items())
        raise DataError(
            f"The two texts do not go line by line: {said}.",
            "Line n of one must be line n of the other.",
            "Find where they part, and mend it.",
        )
    return pl.DataFrame(
        {code: [line.strip() or None for line in lines] for code, lines in columns.items()},
        schema=dict.fromkeys(columns, pl.String),
    )


def hints(files: dict[str, Path]) -> dict[str, dict[str, str]]:
    return {code: {"modality": "text", "why": f"lines of {file.name}"} for code, file in files.items()}


SOURCE = Parallel()
