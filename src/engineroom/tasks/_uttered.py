"""Letters and sound brought together: which frame belongs to which state (monotonic alignment search, Kim et al. 2020), and from states back to frames."""

from __future__ import annotations

import numpy as np

STATES = 3  # a letter
SKIP = 3  # states that may be left out: silent letters
DIAGONAL = 40.0  # how much it costs to be far from where an even pace would be: what keeps the first guesses in order
NEVER = -1e9


def searched(scores: np.ndarray, frames: np.ndarray, states: np.ndarray) -> np.ndarray:
    """scores (B, T, S), frames (B,), states (B,) → (B, T) the state of every frame on the best way from the first state to the last."""
    B, T, S = scores.shape
    pace = np.arange(T)[None, :, None] / frames[:, None, None] - np.arange(S)[None, None] / states[:, None, None]
    scores = np.where(np.arange(S)[None, None] < states[:, None, None], scores - DIAGONAL * pace**2, NEVER)
    best = np.full((B, S + SKIP), NEVER)  # SKIP states before the first, so that a step back never leaves the table
    best[:, SKIP : 2 * SKIP] = scores[:, 0, :SKIP]
    came, held = np.zeros((B, T, S), np.int8), np.zeros((T, B, S))
    held[0] = best[:, SKIP:]
    for t in range(1, T):
        ways = np.stack([best[:, SKIP - k : SKIP - k + S] for k in range(SKIP + 1)])
        came[:, t] = ways.argmax(0)
        best[:, SKIP:] = held[t] = ways.max(0) + scores[:, t]
    out = np.zeros((B, T), int)
    for b in range(B):
        last = int(frames[b]) - 1
        low = max(0, int(states[b]) - SKIP)
        place = low + int(held[last, b, low : int(states[b])].argmax())
        for t in range(last, -1, -1):
            out[b, t] = place
            place -= int(came[b, t, place])
    return out


def spoken(sounds: np.ndarray, lasting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sounds (S, M), lasting (S,) frames → (frames (T, M), the frames of every state (S,)): a straight line from the middle of a state to that of the next."""
    ends = np.round(np.cumsum(np.maximum(lasting, 0))).astype(int)
    ends[-1] = max(ends[-1], 1)
    counts = np.diff(ends, prepend=0)
    real = counts > 0
    middles = (ends - counts / 2)[real]
    time = np.arange(ends[-1]) + 0.5
    right = np.searchsorted(middles, time).clip(1, max(1, len(middles) - 1))
    kept = sounds[real]
    if len(kept) == 1:
        return np.repeat(kept, ends[-1], 0), counts
    share = ((time - middles[right - 1]) / (middles[right] - middles[right - 1])).clip(0, 1)[:, None]
    return kept[right - 1] * (1 - share) + kept[right] * share, counts
