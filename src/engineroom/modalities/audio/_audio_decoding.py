"""Sound files opened for reading: what libsndfile reads as it is, what it does not (.m4a, .aac, …) decoded by FFmpeg
(PyAV) first."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import missing_extra
from .._file_extensions import COMPRESSED
from ..vision._image_decoding import needed

MP4 = b"ftyp"  # at bytes 4..8 of every MPEG-4 file
LONGEST = 3_600.0  # seconds of a file that are decoded into memory


def open_sound(cell: Any) -> Any:
    """A path or encoded bytes → soundfile.SoundFile. Raises OSError, RuntimeError or ValueError with a plain reason."""
    import soundfile

    if cell is None:
        raise ValueError("the cell is empty")
    if isinstance(cell, str):
        if Path(cell).suffix.lower() not in COMPRESSED:
            return soundfile.SoundFile(cell)
        return soundfile.SoundFile(decoded_by_ffmpeg(cell))
    return soundfile.SoundFile(decoded_by_ffmpeg(io.BytesIO(cell)) if cell[4:8] == MP4 else io.BytesIO(cell))


def decoded_by_ffmpeg(source: Any) -> io.BytesIO:
    """A WAV in memory, as many channels and samples a second as the file has."""
    import soundfile

    try:
        import av
    except ImportError:
        raise ValueError(
            needed(missing_extra("video", "PyAV", "Recordings of this kind", instead="convert them to WAV or FLAC"))
        ) from None
    if isinstance(source, str) and not Path(source).exists():
        raise FileNotFoundError(source)
    try:
        with av.open(source) as file:
            if not file.streams.audio:
                raise ValueError("it holds no sound")
            stream = file.streams.audio[0]
            resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
            parts = []
            for frame in file.decode(stream):
                if frame.time is not None and frame.time > LONGEST:
                    break
                parts += [one.to_ndarray() for one in resampler.resample(frame)]
            parts += [one.to_ndarray() for one in resampler.resample(None)]
    except av.error.FFmpegError as error:
        raise ValueError(f"it is no recording that can be read ({error.strerror or error})") from None
    wave = np.concatenate(parts, 1).T if parts else np.zeros((0, 1), np.float32)
    out = io.BytesIO()
    soundfile.write(out, wave, stream.rate, format="WAV", subtype="FLOAT")
    out.seek(0)
    return out
