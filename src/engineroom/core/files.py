"""WORDS: writing so that a crash at any instant leaves either the old or the new, whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UserError

if TYPE_CHECKING:
    from filelock import BaseFileLock


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write aside, fsync, rename."""
    raw = data.encode() if isinstance(data, str) else data
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(aside, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise disk_error(error, path) from error


def write_json(path: Path, value: Any) -> None:
    write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def replace_directory(path: Path, fill: Callable[[Path], None]) -> None:
    """`fill` a directory aside, then swap it in for `path`; the old one goes only when the new one stands."""
    aside, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        fill(aside)
        for file in aside.iterdir():
            with open(file, "rb") as handle:
                os.fsync(handle.fileno())
        shutil.rmtree(old, ignore_errors=True)
        if path.exists():
            os.rename(path, old)
        os.rename(aside, path)
        shutil.rmtree(old, ignore_errors=True)
        sync_directory(path.parent)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise disk_error(error, path) from error


def settle_directory(path: Path) -> None:
    """Finish or undo a swap that a crash cut in two."""
    old = path.with_name(f".{path.name}.old")
    if old.exists() and not path.exists():
        os.rename(old, path)
    for left in (old, path.with_name(f".{path.name}.new")):
        shutil.rmtree(left, ignore_errors=True)


def sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock_file(path: Path) -> BaseFileLock:
    """An exclusive lock on `path`, held until it is released.

    Raises BlockingIOError where another process holds it, other OSErrors where it cannot be written.
    """
    from filelock import FileLock, Timeout

    open(path, "ab").close()  # filelock takes a directory that is read-only for a lock that is held
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise BlockingIOError(errno.EWOULDBLOCK, "locked by another process", str(path)) from None
    return lock


def disk_error(error: OSError, path: Path) -> UserError:
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return UserError(
            f"{path} cannot be written.", "The place is read-only for you.", "Name another directory with --run DIR."
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            f"The disk is full; {path} was not written.",
            "What was there before is untouched.",
            "Free some space, then continue with --resume.",
        )
    return UserError(f"{path} cannot be written.", str(error))


def blake(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def blake_file(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
