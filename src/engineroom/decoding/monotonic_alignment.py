"""Letters and sound brought together: which frame belongs to which state (monotonic alignment search, Kim et al. 2020),
and from states back to frames."""

from __future__ import annotations

import numpy as np

STATES = 3  # a letter
CURVE = 3  # numbers by which a sound changes while a state lasts: level, slope, bend
SKIP = 3  # states that may be left out: silent letters
DIAGONAL = 40.0  # how much it costs to be far from where an even pace would be: what keeps the first guesses in order
NEVER = -1e9


def searched(scores: np.ndarray, frames: np.ndarray, states: np.ndarray) -> np.ndarray:
    """scores (B, T, S), frames (B,), states (B,) → (B, T) the state of every frame on the best way from the first state
    to the last."""
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


def within(place: np.ndarray) -> np.ndarray:
    """(T,) the state of every frame, one stretch a state → (T,) where in its stretch a frame lies: −1 at the begin, 1
    at the end, 0 where it is alone."""
    if not len(place):
        return np.zeros(0)
    begins = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
    counts = np.diff(begins, append=len(place))
    since = np.arange(len(place)) - np.repeat(begins, counts)
    inside: np.ndarray = (2 * since + 1) / np.repeat(counts, counts) - 1
    return inside


def course(inside: np.ndarray) -> np.ndarray:
    """(…,) places from −1 to 1 → (…, CURVE) what a state's level, slope and bend are weighted by: Legendre's
    polynomials, so that none does another's work."""
    return np.stack([np.ones_like(inside), inside, (3 * inside**2 - 1) / 2], -1)


def spoken(sounds: np.ndarray, lasting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sounds (S, CURVE, M), lasting (S,) frames → (frames (T, M), the frames of every state (S,))."""
    ends = np.round(np.cumsum(np.maximum(lasting, 0))).astype(int)
    ends[-1] = max(ends[-1], 1)
    counts = np.diff(ends, prepend=0)
    place = np.repeat(np.arange(len(counts)), counts)
    return np.einsum("tc,tcm->tm", course(within(place)), sounds[place]), counts
