"""COLLECT: zip and tar archives, unpacked within bounds and then read like what they hold."""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

import polars as pl

from ...core.config import LimitsConfig
from ...core.errors import DataError
from ...core.table import Table
from ._cache import CHUNK, fingerprint, work_folder
from ._detect import source_of
from ._files import MEDIA, absolute, is_visible, visible

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Member:
    """A plain file of an archive: where it goes and how to read it. Links and devices have no `opened`."""

    name: str
    size: int
    file: zipfile.ZipInfo | tarfile.TarInfo
    kind: str = "file"  # or "link", "device", "encrypted"


@dataclass(frozen=True)
class Archive:
    """Nothing leaves the folder it is unpacked into: no `..`, no absolute names, no links, no devices."""

    nested = True

    def detect(self, path: Path) -> float:
        return 1.0 if path.is_file() and path.name.lower().endswith(ENDINGS) else 0.0

    def read(
        self, path: Path, *, limits: LimitsConfig, target: str | None, cache: Path | None, task: str = "auto"
    ) -> Table:
        folder = work_folder(cache) / f"{fingerprint(path)}-unpacked"
        if not folder.exists():
            _unpacked(path, folder, limits=limits)
        inner = _entered(folder)
        if inner.is_file() and self.detect(inner):
            raise DataError(
                f"{path.name} holds another archive, {inner.name}.",
                "Archives inside archives are not opened.",
                "Unpack it once.",
            )
        table = source_of(inner, task).read(inner, limits=limits, target=target, cache=cache)
        _inside(table, folder, path)
        name = next(
            path.name[: -len(e)] for e in sorted(ENDINGS, key=len, reverse=True) if path.name.lower().endswith(e)
        )
        return replace(table, name=name or "data", root=str(inner if inner.is_dir() else inner.parent))


def _unpacked(path: Path, folder: Path, *, limits: LimitsConfig) -> None:
    """Unpacked beside its place and moved there whole."""
    aside = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        _unpack(path, aside, limits=limits)
        if not folder.exists():  # another process may have been quicker
            aside.replace(folder)
    except DAMAGE as error:
        raise DataError(
            f"{path.name} cannot be unpacked.",
            f"It is damaged or of an unknown kind: {error}.",
            "Download or pack it again.",
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpack(path: Path, folder: Path, *, limits: LimitsConfig) -> None:
    opened: zipfile.ZipFile | tarfile.TarFile
    with zipfile.ZipFile(path) if path.name.lower().endswith(".zip") else tarfile.open(path) as opened:
        total = 0
        for count, member in enumerate(_members(opened), start=1):
            place = _place(member, folder, path)
            if count > limits.archive_files:
                raise _too_much(path, f"more than {limits.archive_files:,} files", "archive_files")
            if total + member.size > limits.archive_bytes:
                raise _too_much(path, f"more than {limits.archive_bytes:,} bytes unpacked", "archive_bytes")
            if member.kind != "file" or not _wanted(member):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            with _stream(opened, member) as source, place.open("xb") as sink:
                total += _copied(source, sink, bound=limits.archive_bytes - total, path=path)


def _members(opened: zipfile.ZipFile | tarfile.TarFile) -> Iterator[Member]:
    if isinstance(opened, zipfile.ZipFile):
        for info in opened.infolist():
            mode = info.external_attr >> 16
            kind = "encrypted" if info.flag_bits & 1 else "link" if stat.S_ISLNK(mode) else "file"
            if not info.filename.endswith("/"):
                yield Member(info.filename, info.file_size, info, kind)
        return
    for entry in opened:
        if not entry.isdir():
            yield Member(
                entry.name,
                entry.size,
                entry,
                "file" if entry.isreg() else "link" if entry.issym() or entry.islnk() else "device",
            )


def _wanted(member: Member) -> bool:
    *folders, name = PurePosixPath(member.name).parts
    return is_visible(name) and all(is_visible(folder, folder=True) for folder in folders)


def _place(member: Member, folder: Path, path: Path) -> Path:
    """Where a member goes. A name that would leave the folder condemns the whole archive."""
    name = member.name.replace("\\", "/")
    parts = [part for part in PurePosixPath(name).parts if part != "."]
    if (
        name.startswith("/")
        or ".." in parts
        or "\0" in name
        or not parts
        or (len(parts[0]) == 2 and parts[0][1] == ":")
    ):
        raise DataError(
            f"{path.name} would write outside its folder: {member.name!r}.",
            "Such an archive is broken or hostile.",
            "Do not use it; ask where it came from.",
        )
    if member.kind == "encrypted":
        raise DataError(
            f"{path.name} is encrypted.",
            f"{member.name} asks for a password.",
            "Unpack it first, or pack it without a password.",
        )
    return folder.joinpath(*parts)


def _stream(opened: zipfile.ZipFile | tarfile.TarFile, member: Member) -> IO[bytes]:
    if isinstance(opened, zipfile.ZipFile):
        return opened.open(member.file)  # type: ignore[arg-type]
    stream = opened.extractfile(member.file)  # type: ignore[arg-type]
    if stream is None:
        raise tarfile.TarError(f"{member.name} has no content")
    return stream


def _copied(source: IO[bytes], sink: IO[bytes], *, bound: int, path: Path) -> int:
    """Bytes written; the sizes an archive declares may lie, so what comes out is counted."""
    total = 0
    while chunk := source.read(CHUNK):
        total += len(chunk)
        if total > bound:
            raise _too_much(path, "more than it declares, or than is allowed", "archive_bytes")
        sink.write(chunk)
    return total


def _too_much(path: Path, what: str, setting: str) -> DataError:
    return DataError(
        f"{path.name} holds {what}.",
        "The bound keeps a hostile archive from filling the disk.",
        f"If it is meant to be so large: --set limits.{setting}=…",
    )


def _entered(folder: Path) -> Path:
    """The folder itself, or the one thing in it."""
    while True:
        folders, files = visible(folder)
        if len(folders) + len(files) != 1:
            return folder
        if files:
            return files[0]
        folder = folders[0]


def _inside(table: Table, folder: Path, path: Path) -> None:
    """Media named by a table of the archive must have come with it."""
    root = str(absolute(folder)) + os.sep
    for name, hint in table.hints.items():
        column = table.frame[name]
        if hint.get("modality") in MEDIA and column.dtype == pl.String:
            outside = column.filter(~column.str.starts_with(root))
            if len(outside):
                raise DataError(
                    f"A table in {path.name} names files outside the archive: {outside[0]}.",
                    "What an archive holds may not reach into other folders.",
                    "Do not use it; ask where it came from.",
                )


SOURCE = Archive()
