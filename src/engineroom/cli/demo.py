"""The built-in example: scikit-learn's handwritten digits, as pictures in a table."""

from __future__ import annotations

from typing import Any


def digits_demo(*, minutes: float, run: str | None, show: str) -> dict[str, Any]:
    """Train on 1,797 pictures of 8 × 8 pixels; the report as a dictionary."""
    import numpy as np
    import polars as pl
    from sklearn.datasets import load_digits

    from .. import train

    digits = load_digits()
    pixels = (digits.images * (255 / 16)).astype(np.uint8)
    table = pl.DataFrame({"image": pl.Series(pixels), "digit": [str(d) for d in digits.target]})
    settings: dict[str, Any] = {"minutes": minutes} | ({"run": run} if run else {"run": free_name("digits")})
    return train(table, target="digit", show=show, **settings).report()


def free_name(name: str) -> str:
    import itertools
    from pathlib import Path

    return next(str(p) for p in (Path("runs") / f"{name}-{n}" for n in itertools.count(1)) if not p.exists())
