"""COLLECT: where unpacked and converted data live, and plain files out of packed ones."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ._files import PACKED

CHUNK = 1 << 20


@cache
def _process_folder() -> tempfile.TemporaryDirectory[str]:
    """Removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="engineroom-")


def work_folder(cache: Path | None) -> Path:
    """The user's cache folder, or one that lives as long as this process."""
    folder = Path(cache) if cache is not None else Path(_process_folder().name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fingerprint(path: Path, *more: object) -> str:
    """Names a converted copy: place, size and time of the original and how it was converted."""
    stat = path.stat()
    words = (str(path.resolve()), stat.st_size, stat.st_mtime_ns, *more)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:20]


def plain_bytes(path: Path, *, limits: LimitsConfig, cache: Path | None) -> Path:
    """The file itself, or its unpacked copy where it is packed (.gz, .zst)."""
    if path.suffix.lower() not in PACKED:
        return path
    out = work_folder(cache) / f"{fingerprint(path)}{path.with_suffix('').suffix}"
    if not out.exists():
        write_aside(out, _bounded(_unpack(path), path, limits))
    return out


def write_aside(out: Path, chunks: Iterator[bytes]) -> None:
    """Written beside its place and moved there whole, so that a crash leaves no half file under the good name."""
    aside = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


def _bounded(chunks: Iterator[bytes], path: Path, limits: LimitsConfig) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limits.archive_bytes:
            raise DataError(
                f"{path.name} unpacks to more than {limits.archive_bytes:,} bytes.",
                "The bound keeps a damaged or hostile file from filling the disk.",
                "If it is meant to be so large: --set limits.archive_bytes=…",
            )
        yield chunk


def _open_packed(path: Path) -> BinaryIO:
    """The unpacked bytes of a .gz or .zst file as a stream: memory does not grow with its size."""
    if path.suffix.lower() == ".zst":
        return cast(BinaryIO, _zstd().open(path, "rb"))
    return cast(BinaryIO, gzip.open(path, "rb"))


def _zstd() -> Any:
    """The standard library's module from Python 3.14 on, its backport before."""
    try:
        return importlib.import_module("compression.zstd")
    except ImportError:
        return importlib.import_module("backports.zstd")


def _broken() -> tuple[type[Exception], ...]:
    """What the unpackers raise on damaged files."""
    return (OSError, EOFError, zlib.error, _zstd().ZstdError)


def _unpack(path: Path) -> Iterator[bytes]:
    try:
        with _open_packed(path) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except _broken() as error:
        raise DataError(
            f"{path} is damaged.", f"It cannot be unpacked: {error}.", "Download or pack it again."
        ) from None


def head(path: Path, count: int = 1 << 18) -> bytes:
    """The first bytes, unpacked where the file is packed; empty where that fails (recognition must not raise)."""
    try:
        with _open_packed(path) if path.suffix.lower() in PACKED else path.open("rb") as file:
            return file.read(count)
    except _broken():
        return b""
