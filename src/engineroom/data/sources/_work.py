"""COLLECT: where unpacked and converted data live, and plain UTF-8 files out of packed or oddly encoded ones."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ...core.config import LimitsConfig
from ...core.errors import DataError

CHUNK = 1 << 20
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


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
    suffix = path.suffix.lower()
    if suffix not in {".gz", ".zst"}:
        return path
    out = work_folder(cache) / f"{fingerprint(path)}{path.with_suffix('').suffix}"
    if not out.exists():
        write_aside(out, _bounded(_unpack(path, suffix), path, limits))
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


def _unpack(path: Path, suffix: str) -> Iterator[bytes]:
    if suffix == ".zst":
        yield from _unzstd(path)
        return
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged.", f"It cannot be unpacked: {error}.", "Download or pack it again.") from None


def _unzstd(path: Path) -> Iterator[bytes]:
    """zstd through polars' own reader, one line a row, so that no further library is needed."""
    import polars as pl

    try:
        lines = pl.read_csv(
            path,
            has_header=False,
            separator="\x01",
            quote_char=None,
            infer_schema=False,
            new_columns=["line"],
            encoding="utf8-lossy",
            truncate_ragged_lines=True,
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).partition("\n")[0]
        raise DataError(f"{path} is damaged.", f"It cannot be unpacked: {first}.", "Download or pack it again.") from None
    for part in lines.iter_slices(50_000):
        yield ("\n".join(line or "" for line in part["line"].to_list()) + "\n").encode()


def head(path: Path, count: int = 1 << 18) -> bytes:
    """The first bytes, unpacked where the file is packed; empty where that fails (recognition must not raise)."""
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rb") as packed:
                return packed.read(count)
        if path.suffix.lower() == ".zst":
            return next(_unzstd(path), b"")[:count]
        with path.open("rb") as file:
            return file.read(count)
    except (OSError, EOFError, zlib.error, DataError):
        return b""


def encoding_of(path: Path) -> str:
    """utf-8 unless the bytes say otherwise; reads the whole file, because one late byte decides."""
    with path.open("rb") as file:
        first = file.read(4)
        for mark, name in BOMS:
            if first.startswith(mark):
                return name
        file.seek(0)
        sample = file.read(4096)
        zeros = sample.count(0)
        if zeros > len(sample) // 4:
            return "utf-16-le" if sample[1::2].count(0) > zeros // 2 else "utf-16-be"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = b""
        try:
            while following := file.read(CHUNK):
                chunk = following
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "damaged utf-8" if _mostly_utf8(chunk) else "cp1252"
    return "utf-8"


def _mostly_utf8(chunk: bytes) -> bool:
    """A few broken letters among many good ones: damage, not another encoding."""
    text = chunk.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = len(chunk) - len(chunk.decode("ascii", "ignore")) - broken
    return good > 20 * broken


def plain_text(path: Path, *, limits: LimitsConfig, cache: Path | None) -> tuple[Path, list[str]]:
    """(a plain UTF-8 file, notes): unpacked and re-encoded where that is needed, else the file itself."""
    plain = plain_bytes(path, limits=limits, cache=cache)
    encoding = encoding_of(plain)
    if encoding == "utf-8":
        return plain, []
    out = work_folder(cache) / f"{fingerprint(path, encoding)}-utf8{plain.suffix}"
    if not out.exists():
        write_aside(out, _recoded(plain, encoding))
    notes = {
        "damaged utf-8": [f"{path.name} holds letters that are not UTF-8; they are shown as \ufffd."],
        "cp1252": [f"{path.name} is not UTF-8; read as Western European (cp1252, latin-1)."],
        "utf-8-sig": [],
    }.get(encoding, [f"{path.name} is {encoding.upper()}."])
    return out, notes


def _recoded(path: Path, encoding: str) -> Iterator[bytes]:
    """cp1252 leaves five bytes undefined; latin-1 gives each of them a meaning."""
    with path.open("rb") as file:
        if encoding == "cp1252":
            while chunk := file.read(CHUNK):
                try:
                    yield chunk.decode("cp1252").encode()
                except UnicodeDecodeError:
                    yield chunk.decode("latin-1").encode()
            return
        decoder = codecs.getincrementaldecoder(encoding.removeprefix("damaged "))(errors="replace")
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
