"""Errors that a user sees: three lines, what happened, why, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Exit codes are part of the contract with scripts (see `engineroom train --help`).
EXIT_USAGE = 2
EXIT_DATA = 3
EXIT_BUNDLE = 4
EXIT_INTERRUPTED = 130


class UserError(Exception):
    """Something a user can cause and mend: `what` went wrong, `why`, and how to `fix` it. Exit code 2."""

    code = EXIT_USAGE

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.fix = what, why, fix

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.why, self.fix) if line)

    def __reduce__(self):
        return type(self), (self.what, self.why, self.fix)


class DataError(UserError):
    """The data cannot be used as it is. Exit code 3."""

    code = EXIT_DATA


class BundleError(UserError):
    """A bundle or run directory is damaged, foreign or busy. Exit code 4."""

    code = EXIT_BUNDLE


def install_hint(extra: str) -> str:
    """How to install an extra. The package is on no index, where somebody else may take its name; so: from the
    checkout."""
    return f"in the checkout of Engine Room: pip install '.[{extra}]'"


def missing_extra(extra: str, library: str, what: str, *, instead: str = "") -> UserError:
    """A library of an extra is not installed."""
    fix = install_hint(extra) + (f", or {instead}" if instead else "")
    return UserError(
        f"{what} are read by {library}, which is not installed.", "It is large and few need it, so it is an extra.", fix
    )


def nearest(word: str, known: Iterable[str], *, label: str = "Known") -> str:
    """A line of advice: the nearest known word, and the known ones (at most 20 of them)."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.5)
    close = close or [name for name in names if name.lower() == str(word).lower()]
    listed = ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")
    return (f"Did you mean {close[0]!r}? " if close else "") + f"{label}: {listed or 'none'}."
