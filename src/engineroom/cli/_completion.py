"""What Tab offers: the names of a registered kind."""

from __future__ import annotations

from collections.abc import Callable

from ..core import registry


def names_of(kind: str, *more: str) -> Callable[[str], list[str]]:
    """A completion for `more` and the names in the folder `kind`."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in (*more, *registry.names(kind)) if name.startswith(incomplete)]

    return complete
