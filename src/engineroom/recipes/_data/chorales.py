"""Exercises in four parts, by the rules of tonal harmony, for the demo of music."""

from __future__ import annotations

SCALE = (0, 2, 4, 5, 7, 9, 11)
# degree → those that may follow
AFTER = {0: (3, 4, 5, 1), 1: (4, 4, 6), 3: (4, 0, 1), 4: (0, 0, 5), 5: (1, 3), 6: (0,)}


def exercises(count: int = 240, frames: int = 48):
    """Exercises in four parts, generated: tonal chords that follow one another by rule, each voice going to the nearest
    note of the next one."""
    import numpy as np
    import polars as pl

    from ...modalities.symbolic._note_encoding import BEGIN, chords, spell

    rng = np.random.default_rng(5)
    pieces = []
    for _ in range(count):
        key, degree, rows = 48 + int(rng.integers(0, 12)), 0, []
        voices = np.array([key + 24, key + 16, key + 7])
        for t in range(frames):
            tones = [(key + SCALE[(degree + step) % 7]) % 12 for step in (0, 2, 4)]
            near = [[p for p in range(48, 84) if p % 12 == tone] for tone in tones]
            order = rng.permutation(3) if t == 0 else range(3)
            voices = np.array([nearest_to(v, near[int(k)]) for k, v in zip(order, sorted(voices), strict=True)])
            rows.append([key - 12 + SCALE[degree], *voices.tolist()])
            if t % 2:
                degree = int(rng.choice(AFTER[degree]))
        pieces.append(BEGIN + spell(chords(rows)))
    return pl.DataFrame({"music": pieces, "next": [frames] * count})


def nearest_to(voice: int, pitches: list[int]) -> int:
    return min(pitches, key=lambda pitch: (abs(pitch - voice), pitch))
