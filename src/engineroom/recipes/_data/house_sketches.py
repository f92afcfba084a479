"""Houses drawn with a pen, for the demo of drawing."""

from __future__ import annotations


def houses(count: int = 900):
    """Houses: walls, a roof, perhaps a door, windows and a chimney, in that order, by a hand that shakes a little."""
    import numpy as np
    import polars as pl

    from ...modalities.symbolic._stroke_encoding import fitted, whole

    rng = np.random.default_rng(8)

    def box(x: float, y: float, wide: float, high: float) -> list[tuple[float, float]]:
        return [(x, y), (x, y + high), (x + wide, y + high), (x + wide, y), (x, y)]

    drawn = []
    for _ in range(count):
        wide, high, roof = rng.uniform(40, 80), rng.uniform(30, 50), rng.uniform(15, 30)
        strokes = [box(0, 0, wide, high), [(0, 0), (wide / 2, -roof), (wide, 0)]]
        if rng.random() < 0.8:
            strokes.append(box(wide * rng.uniform(0.1, 0.2), high - 20, 10, 20))
        for k in range(int(rng.integers(0, 3))):
            strokes.append(box(wide * (0.5 + 0.25 * k), high * 0.25, 9, 9))
        if rng.random() < 0.5:
            strokes.append(
                [
                    (wide * 0.7, -roof * 0.6),
                    (wide * 0.7, -roof - 5),
                    (wide * 0.7 + 8, -roof - 5),
                    (wide * 0.7 + 8, -roof * 0.45),
                ]
            )
        shaken = [[(x + rng.normal(0, 0.6), y + rng.normal(0, 0.6)) for x, y in stroke] for stroke in strokes]
        drawn.append(whole(fitted(shaken)))
    return pl.DataFrame({"drawing": drawn, "next": [1] * count})
