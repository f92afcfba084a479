"""COLLECT: which character encoding a text file is in, and a plain UTF-8 copy where it is another."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from ....core.config import LimitsConfig
from ....core.errors import UserError
from .._cache import CHUNK, fingerprint, head, plain_bytes, work_folder, write_aside

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does, so it is asked first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNICODE = {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"}
TELLING = 1 << 16  # bytes from which an encoding is guessed
LONGEST_LINE = 4096


def head_text(path: Path, count: int = 1 << 18) -> str:
    """`head` as text, whatever its encoding; what cannot be decoded is replaced."""
    data = head(path, count)
    encoding = next((name for mark, name in BOMS if data.startswith(mark)), None) or _without_mark(data) or "utf-8"
    return data.decode(encoding, "replace").removeprefix("\ufeff")


def encoding_of(path: Path) -> tuple[str, str]:
    """(encoding, how it is known): a byte order mark, valid UTF-8 throughout, else chardet's guess from the letters.

    The whole file is read for UTF-8, because one late byte decides; the guess is made from the lines that hold such
    bytes, because a sea of ASCII says nothing.
    """
    with path.open("rb") as file:
        first = file.read(4096)
        for mark, name in BOMS:
            if first.startswith(mark):
                return name, "its first bytes say so"
        wide = _without_mark(first)
        if wide:
            return wide, "every other byte is zero"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk, ascii_only = b"", True
        try:
            while following := file.read(CHUNK):
                chunk = following
                ascii_only = ascii_only and chunk.isascii()
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return (
                ("utf-8", "damaged")
                if _mostly_utf8(chunk)
                else (_guess(_telling_lines(path)), "guessed from its letters")
            )
    return "utf-8", "ASCII" if ascii_only else "valid throughout"


def _without_mark(sample: bytes) -> str | None:
    """UTF-16 without a byte order mark: ASCII letters leave a zero in every other byte."""
    zeros = sample.count(0)
    if zeros <= len(sample) // 4:
        return None
    return "utf-16-le" if sample[1::2].count(0) > zeros // 2 else "utf-16-be"


def _telling_lines(path: Path) -> bytes:
    """The lines that hold more than ASCII, at most TELLING bytes of them."""
    found = bytearray()
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                found += line[:LONGEST_LINE]
            if len(found) > TELLING:
                break
    return bytes(found)


def _guess(data: bytes) -> str:
    """The name of a codec that Python knows; cp1252 (Western European) where chardet has no answer."""
    import chardet

    found = chardet.detect(data)["encoding"] or "cp1252"
    try:
        name = codecs.lookup(found).name
    except LookupError:
        return "cp1252"
    return "cp1252" if name in UNICODE or name == "ascii" else name  # both were ruled out


def _mostly_utf8(chunk: bytes) -> bool:
    """A few broken letters among many good ones: damage, not another encoding."""
    text = chunk.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = len(chunk) - len(chunk.decode("ascii", "ignore")) - broken
    return good > 20 * broken


def plain_text(path: Path, *, limits: LimitsConfig, cache: Path | None) -> tuple[Path, list[str]]:
    """(a plain UTF-8 file, notes): unpacked and re-encoded where that is needed, else the file itself."""
    plain = plain_bytes(path, limits=limits, cache=cache)
    encoding, why = encoding_of(plain)
    wanted = limits.format.encoding
    if wanted and (encoding not in UNICODE or why in {"damaged", "ASCII"}):
        encoding, why = _known_codec(wanted), "as you said"
    if encoding == "utf-8" and why != "damaged":
        return plain, _ignored(path, wanted, "UTF-8")
    out = work_folder(cache) / f"{fingerprint(path, encoding)}-utf8{plain.suffix}"
    if not out.exists():
        write_aside(out, _recoded(plain, encoding))
    if encoding in UNICODE and why != "damaged":
        return out, _ignored(path, wanted, encoding.upper()) + (
            [] if encoding == "utf-8-sig" else [f"{path.name} is {encoding.upper()}."]
        )
    lost = _count_replaced(out)
    notes = (
        []
        if why == "damaged"
        else [f"{path.name} is not UTF-8: read as {encoding} ({why}). If letters look wrong: --encoding NAME."]
    )
    if lost:
        notes.append(f"{path.name} holds {lost:,} letters that are not {encoding.upper()}; they are shown as \ufffd.")
    return out, notes


def _ignored(path: Path, wanted: str | None, found: str) -> list[str]:
    """A file that is plainly Unicode is read as such, whatever was said of its kind."""
    if not wanted or _known_codec(wanted) in {found.lower(), "ascii"} | UNICODE:
        return []
    return [f"{path.name} is valid {found} throughout and is read so, not as {wanted}."]


def _known_codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise UserError(
            f"There is no encoding {name!r}.", "", "Examples: --encoding cp1251, shift_jis, gb18030, latin-1, utf-16"
        ) from None


def _count_replaced(path: Path) -> int:
    mark = "\ufffd".encode()
    count, rest = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            count += (rest + chunk).count(mark)
            rest = chunk[-2:]
    return count


def _recoded(path: Path, encoding: str) -> Iterator[bytes]:
    """As UTF-8. cp1252 leaves five bytes undefined, which latin-1 knows; what no letter stands for is replaced."""
    errors = "latin1-letters" if encoding == "cp1252" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors=errors)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()


def _latin1_letters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin1-letters", _latin1_letters)
