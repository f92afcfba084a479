"""COLLECT: files by name: annotations and tables name files below another root, in another case, with backslashes,
without ending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path

from ._files import MEDIA, absolute, walk

MOST, SAMPLE = 200_000, 500  # files looked through; names by which it is decided how many folders differ
ANY = frozenset().union(*MEDIA.values())


class FileIndex:
    """The media files below a folder by the last parts of their names, in lower case, with and without ending; read
    when first asked."""

    def __init__(self, folder: Path, endings: frozenset[str] = ANY) -> None:
        self.folder, self.endings = folder, endings

    @cached_property
    def files(self) -> dict[tuple[str, ...], list[Path]]:
        found: dict[tuple[str, ...], list[Path]] = {}
        for file in walk(self.folder, at_most=MOST):
            if file.suffix.lower() in self.endings:
                parts = tuple(part.lower() for part in file.relative_to(self.folder).parts)
                bare = (*parts[:-1], Path(parts[-1]).stem)
                for key in (parts, bare):
                    for start in range(len(key)):
                        found.setdefault(key[start:], []).append(file)
        return found

    def candidates(self, parts: tuple[str, ...], drop: int) -> list[Path]:
        """The files whose paths end in these parts, without at most `drop` of the first ones; then those of the name
        without its ending."""
        for start in range(min(drop, len(parts) - 1) + 1):
            if files := self.files.get(parts[start:]):
                return files
        bare = (*parts[:-1], Path(parts[-1]).stem) if parts and Path(parts[-1]).suffix in self.endings else ()
        for start in range(min(drop, len(bare) - 1) + 1 if bare else 0):
            if files := self.files.get(bare[start:]):
                return files
        return []


class NameMatcher:
    """Which file each of many names means. Folders at the beginning of the names may be others than here, but as many
    for all of them, and only while no two names become the same: a wrong file is worse than none."""

    def __init__(self, index: FileIndex, names: Iterable[str], prefer: Callable[[Path], int] = lambda file: 0) -> None:
        self.index, self.prefer = index, prefer
        every = {cut(name) for name in names}
        sample = sorted(every)[:: max(1, len(every) // SAMPLE)]
        deepest = max((len(parts) for parts in sample), default=1)
        hits = [sum(bool(index.candidates(parts, drop)) for parts in sample) for drop in range(deepest)]
        # what few lack is missing, not elsewhere
        self.drop = next((drop for drop, found in enumerate(hits) if found >= max(hits) / 2), 0)
        self.shared = {tail for tail, count in Counter(self.tail(parts) for parts in every).items() if count > 1}

    def tail(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        return parts[min(self.drop, len(parts) - 1) :] if parts else parts

    def find(self, name: str) -> Path | None:
        """The one file of that name; of several the one preferred most; None where that leaves a choice."""
        parts = cut(name)
        drop = 0 if self.tail(parts) in self.shared else self.drop
        files = self.index.candidates(parts, drop) if parts else []
        if len(files) > 1:
            best = max(map(self.prefer, files))
            files = [file for file in files if self.prefer(file) == best]
        return absolute(files[0]) if len(files) == 1 else None


def cut(name: str) -> tuple[str, ...]:
    """The parts of a name as somebody else's machine wrote it, in lower case."""
    return tuple(
        part.lower() for part in name.replace("\\", "/").split("?")[0].split("/") if part not in ("", ".", "..")
    )
