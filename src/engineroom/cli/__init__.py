"""The command line, over the public API alone. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

from importlib import import_module

# in the order of --help
VERBS = (
    "train",
    "predict",
    "listing",
    "demo",
    "chat",
    "compare",
    "explain",
    "gallery",
    "generate",
    "label",
    "lessons",
    "listen",
    "scale",
)


def main() -> None:
    from .app import run

    for verb in VERBS:
        import_module(f".{verb}", __package__)
    run()
