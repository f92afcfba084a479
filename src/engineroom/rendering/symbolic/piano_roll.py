"""Music that can be looked at and heard: piano rolls, and sound by adding up sines."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import UserError
from ...modalities.symbolic._midi import ENDINGS, write_midi
from ...modalities.symbolic._note_encoding import PITCHES, Frame, notes, roll

RATE = 16_000  # Hz
PARTIALS = ((1, 1.0), (2, 0.45), (3, 0.25), (4, 0.12), (5, 0.06))  # of the fundamental, how loud
ATTACK, RELEASE = 0.012, 0.12  # seconds
HALVES = 0.9  # seconds in which a held note loses half
MOST_SECONDS = 600.0
CELL = (6, 5)  # pixels of a frame and a pitch
MARGIN = 2  # pitches around those that sound


def heard(frames: list[Frame], *, beat: int, tempo: float) -> np.ndarray:
    """(N,) float32 from -1 to 1 at RATE; `tempo` in quarter notes a minute, `beat` frames a quarter note."""
    each = 60.0 / tempo / beat
    out = np.zeros(int(RATE * (min(len(frames) * each, MOST_SECONDS) + 2 * RELEASE)) + 1, np.float32)
    for pitch, begin, length in notes(frames):
        first = int(begin * each * RATE)
        t = np.arange(int((length * each + RELEASE) * RATE)) / RATE
        if first + len(t) > len(out):
            break
        ends = np.clip((length * each + RELEASE - t) / RELEASE, 0, 1)
        shape = np.minimum(1, t / ATTACK) * 0.5 ** (t / HALVES) * ends
        hertz = 440.0 * 2 ** ((pitch - 69) / 12)
        wave = sum(loud * np.sin(2 * np.pi * hertz * k * t) for k, loud in PARTIALS if hertz * k < RATE / 2)
        out[first : first + len(t)] += (shape * wave).astype(np.float32)
    return out / max(1e-6, float(np.abs(out).max())) * 0.9


def as_wav(sound: np.ndarray) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, sound, RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def player(sound: np.ndarray) -> str:
    """<audio> that holds its own sound."""
    return (
        '<audio controls style="width:100%" '
        f'src="data:audio/wav;base64,{base64.b64encode(as_wav(sound)).decode()}"></audio>'
    )


def piano_roll(frames: list[Frame], strength: np.ndarray | None = None, given: int = 0) -> Any:
    """A PIL picture, time from left to right, high notes above; `strength` (T,) from 0 to 1 tints frames red, `given`
    frames are grey."""
    from PIL import Image

    cells = roll(frames)
    sounding = np.flatnonzero(cells.any(0))
    low, high = (max(0, sounding[0] - MARGIN), min(PITCHES, sounding[-1] + MARGIN + 1)) if len(sounding) else (55, 75)
    cells = cells[:, low:high].T[::-1]  # (P, T)
    black = np.isin(np.arange(low, high)[::-1] % 12, (1, 3, 6, 8, 10))
    picture = np.where(black[:, None, None], 232, 250).repeat(cells.shape[1], 1).repeat(3, 2).astype(np.float32)
    struck, held = np.array([31, 78, 140]), np.array([92, 140, 196])
    if strength is not None:
        share = strength[None, :, None]
        struck, held = (
            struck * (1 - share) + np.array([214, 40, 40]) * share,
            held * (1 - share) + np.array([228, 120, 110]) * share,
        )
    colours = np.where(
        (cells == 2)[..., None], np.broadcast_to(struck, picture.shape), np.broadcast_to(held, picture.shape)
    )
    picture = np.where((cells > 0)[..., None], colours, picture)
    picture[:, :given] = picture[:, :given].mean(2, keepdims=True)
    wide, tall = CELL
    image = picture.clip(0, 255).astype(np.uint8).repeat(tall, 0).repeat(wide, 1)
    image[::tall] = (image[::tall] * 0.97).astype(np.uint8)
    return Image.fromarray(image)


def keep_music(frames: list[Frame], path: Path, *, beat: int, tempo: float) -> None:
    """.mid, .wav or .png, by the ending."""
    ending = path.suffix.lower()
    if ending in ENDINGS:
        write_midi(frames, path, beat=beat, tempo=tempo)
    elif ending == ".wav":
        path.write_bytes(as_wav(heard(frames, beat=beat, tempo=tempo)))
    elif ending == ".png":
        piano_roll(frames).save(path)
    else:
        raise UserError(
            f"Music is not written as {ending or 'a file without an ending'}.",
            "",
            "Say -o tune.mid, tune.wav or tune.png.",
        )
