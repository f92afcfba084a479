"""COLLECT: an encoded column on disk. Decoded once, memory-mapped, sliced by whole batches."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..core.protocols import Ragged


class Fixed:
    """Rows of one shape: (N, …) in one memory-mapped file."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def take(self, rows: np.ndarray) -> np.ndarray:
        return self.array[rows]


class RaggedStore:
    """Rows of unequal length: one flat file and where each row begins."""

    def __init__(self, flat: np.ndarray, starts: np.ndarray) -> None:
        self.flat, self.starts = flat, starts

    def take(self, rows: np.ndarray) -> Ragged:
        begin, end = self.starts[rows], self.starts[rows + 1]
        lengths = end - begin
        shift = np.repeat(begin - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        return Ragged(self.flat[np.arange(len(shift)) + shift], lengths)


class Writer:
    """Collects encoded chunks into files; a fixed column is written in place, a ragged one appended."""

    def __init__(self, directory: Path | None, name: str, rows: int) -> None:
        self.directory, self.name, self.rows = directory, name, rows
        self.done = 0
        self.fixed: np.ndarray | None = None
        self.file: BinaryIO | None = None
        self.parts: list[np.ndarray] = []
        self.lengths: list[np.ndarray] = []
        self.dtype, self.tail = np.dtype(np.float32), ()

    def add(self, chunk: np.ndarray | Ragged) -> None:
        if isinstance(chunk, Ragged):
            self._append(chunk)
            return
        if self.fixed is None:
            shape = (self.rows, *chunk.shape[1:])
            if self.directory is None:
                self.fixed = np.empty(shape, chunk.dtype)
            else:
                self.fixed = np.lib.format.open_memmap(self.directory / f"{self.name}.npy", "w+", chunk.dtype, shape)
        self.fixed[self.done : self.done + len(chunk)] = chunk
        self.done += len(chunk)

    def _append(self, chunk: Ragged) -> None:
        self.lengths.append(chunk.lengths)
        self.dtype, self.tail = chunk.flat.dtype, chunk.flat.shape[1:]
        if self.directory is None:
            self.parts.append(chunk.flat)
            return
        if self.file is None:
            self.file = open(self.directory / f"{self.name}.bin", "wb")  # noqa: SIM115 - closed in finish()
        self.file.write(np.ascontiguousarray(chunk.flat).tobytes())

    def finish(self) -> Fixed | RaggedStore:
        if not self.lengths:
            if isinstance(self.fixed, np.memmap):
                self.fixed.flush()
                return Fixed(np.load(self.directory / f"{self.name}.npy", mmap_mode="r"))  # type: ignore[operator]
            assert self.fixed is not None
            return Fixed(self.fixed)
        starts = np.concatenate([[0], np.cumsum(np.concatenate(self.lengths))])
        if self.file is None:
            return RaggedStore(np.concatenate(self.parts), starts)
        self.file.close()
        if starts[-1] == 0:
            return RaggedStore(np.zeros((0, *self.tail), self.dtype), starts)
        flat = np.memmap(self.directory / f"{self.name}.bin", self.dtype, "r", shape=(int(starts[-1]), *self.tail))  # type: ignore[operator]
        return RaggedStore(flat, starts)
