"""From chances a frame to what was said: prefix beam search (Hannun et al. 2014) with a bigram, and when it was
said."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from ..modalities.text.transcript import BLANK

BEAM = 8
LIKELY = 1e-3  # chance below which a unit is not tried at a frame
SMOOTH = 0.5  # added to every count of the bigram
NEVER = -np.inf


def greedy(logp: np.ndarray) -> np.ndarray:
    """(T, C) → codes: the likeliest of every frame, repetitions and blanks left out."""
    return np.array([code for code, _ in groupby(logp.argmax(1).tolist()) if code != BLANK], np.int32)


def bigram(state: Mapping[str, Any]) -> np.ndarray:
    """(units + 1, units + 1) log chances of the next unit; 0 stands for beginning and end."""
    size = len(state["alphabet"]) + 1
    table = np.full((size, size), SMOOTH)
    for before, after, count in state["pairs"]:
        table[before, after] += count
    return np.log(table / table.sum(1, keepdims=True))


def beams(logp: np.ndarray, language: np.ndarray, weight: float) -> np.ndarray:
    """(T, C) → the codes that are likeliest over all ways to say them, and by the bigram, `weight` times."""
    found: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, NEVER)}  # log chance of ending in a blank, and not
    for frame in logp:
        tried = np.flatnonzero(frame > np.log(LIKELY)).tolist()
        after: dict[tuple[int, ...], tuple[float, float]] = {}

        def add(prefix: tuple[int, ...], blank: float, unit: float, after: dict = after) -> None:
            old = after.get(prefix, (NEVER, NEVER))
            after[prefix] = (float(np.logaddexp(old[0], blank)), float(np.logaddexp(old[1], unit)))

        for prefix, (blank, unit) in found.items():
            for code in tried:
                chance = float(frame[code])
                if code == BLANK:
                    add(
                        prefix,
                        max(blank, unit) + np.log1p(np.exp(-abs(blank - unit))) + chance
                        if max(blank, unit) > NEVER
                        else NEVER,
                        NEVER,
                    )
                    continue
                bonus = weight * language[prefix[-1] if prefix else 0, code]
                if prefix and prefix[-1] == code:
                    add(prefix, NEVER, unit + chance)
                    add((*prefix, code), NEVER, blank + chance + bonus)
                else:
                    add((*prefix, code), NEVER, float(np.logaddexp(blank, unit)) + chance + bonus)
        found = dict(sorted(after.items(), key=lambda one: -np.logaddexp(*one[1]))[:BEAM])
    best = max(found, key=lambda one: np.logaddexp(*found[one]) + weight * language[one[-1] if one else 0, 0])
    return np.array(best, np.int32)


def moments(logp: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(L, 2): the first and last frame of every code on the likeliest way through (T, C) that says them all."""
    states = np.zeros(2 * len(codes) + 1, int)
    states[1::2] = codes
    T, S = len(logp), len(states)
    if not len(codes) or not T:
        return np.zeros((0, 2), int)
    score = np.full(S, NEVER)
    score[:2] = logp[0, states[:2]]
    came = np.zeros((T, S), np.int8)
    skips = np.zeros(S, bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    for t in range(1, T):
        one = np.concatenate([[NEVER], score[:-1]])
        two = np.where(skips, np.concatenate([[NEVER, NEVER], score[:-2]]), NEVER)
        ways = np.stack([score, one, two])
        came[t] = ways.argmax(0)
        score = ways.max(0) + logp[t, states]
    place = S - 1 if score[-1] > score[-2] else S - 2
    path = np.zeros(T, int)
    for t in range(T - 1, -1, -1):
        path[t] = place
        place -= int(came[t, place])  # a long text has more states than 8 bits count
    spans = [np.flatnonzero(path == 2 * k + 1) for k in range(len(codes))]
    return np.array([(one[0], one[-1]) if len(one) else (0, 0) for one in spans], int)
