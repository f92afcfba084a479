"""The command line, over the public API alone. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations


def main() -> None:
    from . import chat, compare, explain, gallery, generate, label, lessons, listen, scale  # noqa: F401 - their verbs join the others
    from .app import run

    run()
