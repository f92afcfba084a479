"""How near is a sound to the one it was made after? Nothing here asks for the same phases: ears do not; and no
recogniser is needed."""

from __future__ import annotations

import numpy as np

FLOOR = 60.0  # dB below the loudest that nobody hears
WINDOWS = (0.016, 0.064)  # seconds: short ones see clicks, long ones see harmonics
LOW, HIGH = 60.0, 400.0  # Hz of a voice
VOICED = 40.0  # dB below the loudest frame, where pitch is not asked about


def levelled(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    """`said` as loud as `true`: how loud a vocoder plays is a knob."""
    loud, wanted = (float(np.sqrt(np.mean(np.square(one, dtype=np.float64)))) for one in (said, true))
    return said * (wanted / max(loud, 1e-9))


def cut(wave: np.ndarray, size: int, hop: int) -> np.ndarray:
    """(T,) → (N, size)."""
    wave = np.pad(wave, (0, max(0, size - len(wave))))
    return np.lib.stride_tricks.sliding_window_view(wave, size)[::hop]


def decibels(wave: np.ndarray, size: int) -> np.ndarray:
    power = np.abs(np.fft.rfft(cut(wave, size, size // 4) * np.hanning(size), axis=1)) ** 2
    found: np.ndarray = 10 * np.log10(power + 1e-12)
    return found


def log_spectral(said: np.ndarray, true: np.ndarray, rate: int) -> float:
    """Two (T,) → dB: root mean square over frequencies, mean over frames that sound and over two windows (log-spectral
    distance, Gray & Markel 1976)."""
    found = []
    for seconds in WINDOWS:
        size = 1 << round(np.log2(rate * seconds))
        a, b = decibels(said, size), decibels(true, size)
        floor = b.max() - FLOOR
        gap = np.maximum(a, floor) - np.maximum(b, floor)
        sounding = (b > floor).any(1)
        found.append(np.sqrt((gap[sounding] ** 2).mean(1)).mean() if sounding.any() else 0.0)
    return float(np.mean(found))


def clearness(wave: np.ndarray, rate: int) -> np.ndarray:
    """(T,) → (N,) from 0 to 1 of every 10 ms: how like itself the sound is one period of a voice later."""
    size, hop = round(rate * 0.05), max(1, rate // 100)
    frames = cut(wave.astype(np.float64), size, hop)
    window = np.hanning(size)
    own = np.fft.irfft(
        np.abs(np.fft.rfft((frames - frames.mean(1, keepdims=True)) * window, 2 * size, axis=1)) ** 2, axis=1
    )
    of_window = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * size)) ** 2)
    first, last = int(rate / HIGH), min(size - 1, int(rate / LOW))
    like = own[:, first : last + 1] / np.maximum(of_window[first : last + 1] / of_window[0], 1e-3)
    clear: np.ndarray = (like.max(1) / np.maximum(own[:, 0], 1e-9)).clip(0, 1)
    return clear


def periodicity(said: np.ndarray, true: np.ndarray, rate: int) -> float:
    """Two (T,) → root mean square difference of how clear their pitch is, where `true` sounds: buzz and breath in the
    wrong places."""
    a, b = clearness(said, rate), clearness(true, rate)
    power = cut(true.astype(np.float64), round(rate * 0.05), max(1, rate // 100)).var(1)
    sounding = power > power.max() * 10 ** (-VOICED / 10)
    count = min(len(a), len(b))
    return float(np.sqrt(np.mean((a[:count] - b[:count])[sounding[:count]] ** 2)))


def scores(records: dict[str, np.ndarray]) -> dict[str, float]:
    """`lsd` in dB; `mel`: mean difference of the frames that all was made from, in dB; `blend`: the geometric mean of
    both ways of sounding wrong."""
    lsd, period = float(np.mean(records["lsd"])), float(np.mean(records["periodicity"]))
    return {
        "lsd": lsd,
        "periodicity": period,
        "mel": float(np.mean(records["mel"])),
        "blend": float(np.sqrt(lsd * period)),
    }
