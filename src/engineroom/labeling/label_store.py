"""What was said of which row: an append-only file. Every word is on the disk before the next question; undo is a word
like any other.

A line is {"key", "label"}, {"key", "skip"} or {"undo"}; a row's key is a hash of its cells, so labels stay with their
rows when rows are added or change places, and rows that are alike share one label.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ..core.errors import BundleError, DataError, UserError
from ..core.files import blake, disk_error, lock_file

FORMAT = 1


class LabelStore:
    """`said` {key: label, None where skipped} in the order in which it was said."""

    def __init__(self, path: str | Path, target: str) -> None:
        self.path, self.said, self._turns = Path(path), dict[str, str | None](), list[str]()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "a+b")  # noqa: SIM115 - held while labels are given
            self._lock = lock_file(self.path.with_name(f".{self.path.name}.lock"))
        except BlockingIOError:
            raise BundleError(
                f"{self.path} is in use by another process.",
                "Two people must not write into one file of labels.",
                "Close the other one, or name another file with --labels-file.",
            ) from None
        except OSError as error:
            raise disk_error(error, self.path) from error
        self._read(target)

    def _read(self, target: str) -> None:
        self._file.seek(0)
        raw = self._file.read()
        whole = raw[: raw.rfind(b"\n") + 1]  # a word that was cut off in the middle was never said
        if len(whole) < len(raw):
            self._file.truncate(len(whole))
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                word = json.loads(line)
                if number > 1:
                    self._take(word)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise DataError(
                    f"{self.path}, line {number}: this is no file of labels.",
                    str(error),
                    "Mend or remove that line, or name another file with --labels-file.",
                ) from error
            if number == 1 and (not isinstance(word, dict) or word.get("format") != FORMAT):
                raise DataError(
                    f"{self.path} is no file of labels that this version can read.",
                    "",
                    "Name another file with --labels-file.",
                )
            if number == 1 and word["target"] != target:
                raise UserError(
                    f"{self.path} holds labels of {word['target']!r}, not of {target!r}.",
                    "",
                    f"Say --target {word['target']}, or name another file with --labels-file.",
                )
        if not whole:
            self._write({"format": FORMAT, "target": target})

    def _take(self, word: dict[str, Any]) -> None:
        if "undo" in word:
            del self.said[self._turns.pop()]
            return
        key, label = str(word["key"]), None if word.get("skip") else str(word["label"])
        self.said.pop(key, None)
        self._turns = [one for one in self._turns if one != key]
        self.said[key] = label
        self._turns.append(key)

    def _write(self, word: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(word, ensure_ascii=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_error(error, self.path) from error

    def give(self, key: str, label: str) -> None:
        self._say({"key": key, "label": label})

    def skip(self, key: str) -> None:
        self._say({"key": key, "skip": True})

    def _say(self, word: dict[str, Any]) -> None:
        self._write(word)
        self._take(word)

    def undo(self) -> str | None:
        """The key whose label was taken back; None where there is nothing to take back."""
        if not self._turns:
            return None
        key = self._turns[-1]
        self._say({"undo": key})
        return key

    def close(self) -> None:
        self._file.close()
        self._lock.release()


def row_keys(frame: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """One hash a row over its cells (of a file: over its name and the folder it lies in, so that the whole may be
    moved)."""
    return [
        blake(json.dumps([plain(value) for value in row], ensure_ascii=False).encode())
        for row in frame.select(columns).iter_rows()
    ]


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return blake(value)
    if isinstance(value, str) and value.startswith("/"):
        return value.rsplit("/", 2)[-2:]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
