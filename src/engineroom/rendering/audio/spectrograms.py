"""Sounds to look at and to listen to: spectrograms side by side with players; WAV files; what was odd about a
recording, in words."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...core import registry
from ...core.errors import UserError
from ...core.files import disk_error
from ...core.schema import Schema
from ...modalities.audio._audio_decoding import open_sound
from ..vision.mask_overlay import file_names
from ..vision.thumbnails import abreast, image

FLOOR = 70.0  # dB below the loudest that is black
HIGH, WIDE = 128, 300  # pixels of a spectrogram
PLAYED = 4.0  # seconds
CLIPPED, SILENT = 0.002, 1e-4  # of the samples at the edge; loudest sample


def spectrogram(wave: np.ndarray, rate: int, loudest: float) -> np.ndarray:
    """(T,) → (HIGH, WIDE, 3) uint8, low notes below; `loudest` power is white."""
    from PIL import Image
    from scipy.signal import stft

    size = min(256 if rate <= 8_000 else 512, max(8, len(wave)))
    power = 10 * np.log10(np.abs(stft(wave, rate, nperseg=size)[2]) ** 2 + 1e-12) - loudest
    share = np.clip(1 + power[::-1] / FLOOR, 0, 1)
    colours = np.stack([np.clip(3 * share - shift, 0, 1) for shift in (0.6, 1.2, 1.9)], 2)
    return np.asarray(Image.fromarray((255 * colours).astype(np.uint8)).resize((WIDE, HIGH)))


def loudest(wave: np.ndarray, rate: int) -> float:
    from scipy.signal import stft

    return float(
        10 * np.log10((np.abs(stft(wave, rate, nperseg=min(256, max(8, len(wave))))[2]) ** 2).max(initial=1e-9) + 1e-12)
    )


def player(wave: np.ndarray, rate: int) -> str:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, wave[: int(PLAYED * rate)].clip(-1, 1), rate, format="OGG", subtype="VORBIS")
    return (
        '<audio controls preload="none" style="width:100%;height:28px" '
        f'src="data:audio/ogg;base64,{base64.b64encode(buffer.getvalue()).decode()}"></audio>'
    )


def side_by_side(waves: list[tuple[str, np.ndarray]], rate: int) -> str:
    """(caption, (T,) float) each: seen and heard."""
    top = max(loudest(wave, rate) for _, wave in waves)
    return abreast([(name, image(spectrogram(wave, rate, top), name) + player(wave, rate)) for name, wave in waves], [])


def encoded(frame: pl.DataFrame, row: int, schema: Schema, name: str) -> np.ndarray:
    """A row's sound as its modality reads it, from −1 to 1."""
    column = schema[name]
    return (
        registry.get("modalities", column.modality)
        .encode(frame[name][[row]], column.state, {})
        .rows()[0]
        .astype(np.float32)
        / 32768
    )


def oddities(cell: Any, rate: int) -> str:
    """What a recording was like before it was read, where that is worth a word."""
    if isinstance(cell, dict):
        return ""
    said = []
    with open_sound(cell) as file:
        if file.channels > 1:
            said.append(f"{file.channels} channels became one")
        if file.samplerate != rate:
            said.append(f"{file.samplerate:,} Hz heard at {rate:,} Hz")
        wave = np.abs(file.read(60 * file.samplerate, dtype="float32", always_2d=True))
    if wave.max(initial=0.0) < SILENT:
        said.append("silent")
    elif (wave >= 0.999).mean() > CLIPPED:
        said.append(f"clipped ({(wave >= 0.999).mean():.1%} of the samples)")
    return "; ".join(said)


def save_wave(wave: np.ndarray, rate: int, path: Path) -> None:
    """The one WAV of one sound."""
    import soundfile

    if path.suffix.lower() != ".wav":
        raise UserError(f"A sound cannot be written as {path.name!r}.", "", "Name a file that ends in .wav")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave, rate, subtype="PCM_16")
    except OSError as error:
        raise disk_error(error, path) from error


def save_waves(waves: np.ndarray, values: pl.Series, rate: int, folder: Path) -> None:
    """One WAV a row, named after its recording."""
    import soundfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, wave in zip(
            file_names(values.struct.field("source") if isinstance(values.dtype, pl.Struct) else values),
            waves,
            strict=True,
        ):
            place = folder / f"{name.removesuffix('.png')}.wav"
            place.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(place, wave, rate, subtype="PCM_16")
    except FileExistsError:
        raise UserError(
            f"{folder} is a file, not a folder.", "Recordings are written one file a row.", "Name another folder."
        ) from None
    except OSError as error:
        raise disk_error(error, folder) from error
