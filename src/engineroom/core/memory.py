"""WORDS: giving back what is no longer needed. The C library keeps freed memory for itself; preparing much data leaves
much of it."""

from __future__ import annotations

import contextlib
import ctypes
import gc


def give_back() -> None:
    """Hand freed memory to the system, where the C library (glibc) can be asked to; elsewhere nothing happens."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
