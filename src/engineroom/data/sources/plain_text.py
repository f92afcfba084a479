"""COLLECT: plain text: one file, or a folder of them, read whole. One row a document, to learn a language from."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import head
from ._concat_splits import split_name
from ._files import TEXT, absolute, ending, run_name, split_of, stem, walk
from ._text_tables.encoding import plain_text

PEEK = 2_000  # files looked at to recognise a folder
NOTE = "These are plain texts. To learn the language itself, say --recipe language_modeling."


class Prose:
    """Reads .txt and .md (.gz, .zst too): `text` and `document`; files or folders called train, val and test keep these
    parts."""

    def detect(self, path: Path) -> float:
        """Less sure than a source that finds columns or classes in such files."""
        if path.is_file():
            return 0.3 if ending(path) in TEXT and b"\0" not in head(path, 4096) and head(path, 4096).strip() else 0.0
        files = list(walk(path, at_most=PEEK))
        return 0.4 if files and sum(ending(file) in TEXT for file in files) > 0.9 * len(files) else 0.0

    def read(self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None) -> Table:
        files = [path] if path.is_file() else [file for file in walk(path) if ending(file) in TEXT]
        rows, notes, skipped = [], [NOTE], []
        for file in files:
            text, said = whole(file, limits=limits, cache=cache)
            notes += said
            if not text.strip():
                skipped.append((file.name, "holds no text"))
                continue
            rows.append(
                (
                    text,
                    file.name if path.is_file() else str(file.relative_to(path)),
                    None if path.is_file() else part(file, path),
                )
            )
        if not rows:
            raise DataError(f"{path} is empty.", "There is no text in it.", "Name a file or folder with text in it.")
        frame = pl.DataFrame(rows, schema={"text": pl.String, "document": pl.String, "part": pl.String}, orient="row")
        hints = {
            "text": {"modality": "text", "role": "input", "why": "plain text"},
            "document": {"modality": "identifier", "role": "id", "why": "the names of the files"},
        }
        parts = frame["part"]
        if parts.null_count() or "train" not in parts.to_list():
            return Table(frame.drop("part"), run_name(absolute(path)), hints, tuple(notes), tuple(skipped))
        column = split_name(["text", "document"])
        hints[column] = {"modality": "category", "role": "split", "why": "files or folders named train, test, …"}
        return Table(frame.rename({"part": column}), run_name(absolute(path)), hints, tuple(notes), tuple(skipped))


def part(file: Path, root: Path) -> str | None:
    """The split that the file's first folder or its own name speaks of."""
    folders = file.relative_to(root).parts[:-1]
    return (split_of(folders[0]) if folders else None) or split_of(stem(file))


def whole(file: Path, *, limits: LimitsConfig, cache: Path | None) -> tuple[str, list[str]]:
    """(the text, with line ends as \\n, notes)."""
    plain, notes = plain_text(file, limits=limits, cache=cache)
    text = plain.read_text("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise DataError(f"{file} is no plain text.", "It holds zero bytes, as binary files do.", "Is its ending right?")
    return text, notes


SOURCE = Prose()
