"""What a recipe is: settings with a story, and data to try it on that need no download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Recipe:
    """`settings` are configuration below whatever the user says; `demo()` makes a table with the column `target`, or
    names something with one."""

    title: str
    story: str
    data: str  # in words: what the data must look like
    answers: str  # in words: what `predict` writes
    target: str  # of the demo
    demo: Callable[[], pl.DataFrame | str]
    settings: Mapping[str, Any]
    minutes: float = 1.0  # a demo takes at most this long to train
    expect: str = ""  # what the demo reached when it was last looked at
