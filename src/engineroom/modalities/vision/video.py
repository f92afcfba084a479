"""A column of videos: files, encoded bytes or raw frames; a few evenly taken frames of one size, which the network sees
together."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Layout
from ...core.config import LimitsConfig
from ...core.errors import missing_extra
from ...core.protocols import State
from ...core.sampling import evenly
from ...layers.augment import jitter, shift, warp
from .._base import Base, each_cell, mostly
from .._file_extensions import VIDEO_ENDINGS, as_pattern
from ._image_decoding import WHITE, is_transparent, laid_on, open_picture
from ._normalise import Normalise
from .image import cells, common_size, fit_size

FRAMES = 16  # of each video, evenly taken
LARGEST = 64  # longest side the network sees, where neither the user nor the task wants another
SAMPLE = 48  # videos looked at to choose size and colours
FEW = 1_000  # with fewer videos to learn from, stronger changes of them pay
SHOWN = 6  # frames of a film strip
COUNTED = 5_000  # videos whose length is looked at
STILL = (b"GIF8", b"WEBP", b"\x89PNG")  # moving pictures that Pillow reads: GIF, WebP and PNG


class Video(Base):
    needs_value = True
    layouts = ("clip",)
    signal_type = "clip"
    backbones = ("cnn_rnn", "cnn3d")

    def detect(self, values: pl.Series) -> float:
        if isinstance(values.dtype, pl.Array) and len(values.dtype.shape) == 4:
            return 1.0
        known = values.drop_nulls().head(200) if values.dtype == pl.String else values[:0]
        return 0.97 if len(known) and mostly(known, as_pattern(VIDEO_ENDINGS)) else 0.0

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        known = values.drop_nulls()
        picked = known.gather(evenly(len(known), SAMPLE))
        read: dict[str, Any] = {"pixels": limits.pixels, "seconds": limits.seconds}
        found = each_cell(
            cells(picked), lambda cell: decode(cell, side=LARGEST * 4, **read), {}, np.zeros((0, 1, 1, 3), np.uint8)
        )
        clips = [clip for clip in found if len(clip)]
        if not clips:
            return {
                "frames": FRAMES,
                "height": 32,
                "width": 32,
                "channels": 3,
                "mean": [0.5] * 3,
                "std": [0.25] * 3,
                **read,
                "turns": False,
            }
        height, width = common_size([clip.shape[1:3] for clip in clips], min(limits.image_size or LARGEST, LARGEST * 4))
        channels = 1 if all(c.shape[3] == 1 or (c == c[..., :1]).all() for c in clips) else 3
        frames = min(FRAMES, max(len(clip) for clip in clips))
        small = np.stack([fit_clip(clip, frames, height, width, channels) for clip in clips]) / 255.0
        mean, std = small.mean((0, 1, 3, 4)), small.std((0, 1, 3, 4))
        return {
            "frames": frames,
            "height": height,
            "width": width,
            "channels": channels,
            "mean": [round(float(m), 5) for m in mean],
            "std": [round(float(max(s, 0.02)), 5) for s in std],
            **read,
            "turns": len(known) < FEW,
        }

    def encode(self, values: pl.Series, state: State, damaged: dict[int, str]) -> np.ndarray:
        """(N, frames, channels, height, width) uint8."""
        size = (state["frames"], state["height"], state["width"], state["channels"])
        side = max(state["height"], state["width"])

        def work(cell: Any) -> np.ndarray:
            return fit_clip(decode(cell, side=side, pixels=state["pixels"], seconds=state["seconds"]), *size)

        blank = np.zeros((size[0], size[3], size[1], size[2]), np.uint8)
        return np.stack(each_cell(cells(values), work, damaged, blank))

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        """All frames of a video are moved, turned and lit alike; never mirrored or reversed: direction may be the
        answer."""
        B, T, C, H, W = fields[""].shape
        x = fields[""].float().view(B, T * C, H, W)
        if state["turns"]:
            x = warp(x, generator, turn=0.1, zoom=0.1)
        x = shift(x, generator)
        if state["turns"]:
            x = jitter(x, generator)
        return {**fields, "": x.view(B, T, C, H, W)}

    def notices(self, values: pl.Series, state: State) -> list[str]:
        """Videos longer than what is looked at, and those that lie on their side."""
        known = values.drop_nulls().head(COUNTED)
        if known.dtype not in (pl.String, pl.Binary):
            return []
        cut = sum(
            len(one) == 1 and float(one[0]) > state["seconds"] + 0.05
            for one in each_cell(cells(known), duration, {}, np.zeros(0))
        )
        return (
            [
                f"{cut:,} of {len(known):,} videos are longer than {state['seconds']:g} s (limits.seconds); the rest "
                "is not seen."
            ]
            if cut
            else []
        )

    def stem(self, states: Sequence[State], width: int, layout: Layout) -> nn.Module:
        return Normalise(states[0]["mean"], states[0]["std"], layout)

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        return tuple(tensor.shape[1:]) == (state["frames"], state["channels"], state["height"], state["width"])

    def to_html(self, value: Any, state: State) -> str:
        """A film strip as a data URI."""
        from PIL import Image as Pillow

        try:
            clip = decode(value, side=96, pixels=state.get("pixels", 64_000_000), seconds=state.get("seconds", 20.0))
        except (OSError, ValueError, MemoryError):
            return "<em>unreadable video</em>"
        high = min(96, clip.shape[1])
        strip = fit_clip(clip, min(SHOWN, len(clip)), high, max(1, round(high * clip.shape[2] / clip.shape[1])), 3)
        film = np.concatenate(
            [np.pad(frame.transpose(1, 2, 0), ((0, 0), (0, 2), (0, 0)), constant_values=255) for frame in strip], 1
        )
        buffer = io.BytesIO()
        Pillow.fromarray(film).save(buffer, "JPEG", quality=85)
        return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def decode(cell: Any, *, side: int, pixels: int, seconds: float) -> np.ndarray:
    """A path, encoded bytes or raw frames (T, H, W, C) → (T, H, W, 1 or 3) uint8, no side longer than `side`, the first
    `seconds` only.

    Raises OSError or ValueError with a plain reason.
    """
    if isinstance(cell, np.ndarray):
        return cell
    with open(cell, "rb") if isinstance(cell, str) else io.BytesIO(cell) as file:
        head = file.read(12)
        file.seek(0)
        still = head[:4] in STILL or (head[:4] == b"RIFF" and head[8:] in STILL)  # AVI files are RIFF, too
        frames = list(stills(file, side, pixels) if still else moving(file, side, pixels, seconds))
    if not frames:
        raise ValueError("it holds no frames")
    return np.stack(frames)


def stills(file: Any, side: int, pixels: int) -> Iterator[np.ndarray]:
    """The frames of an animated picture."""
    from PIL import ImageSequence

    with open_picture(file.read(), pixels=pixels) as image:
        scale = min(1.0, side / max(image.size))
        for frame in ImageSequence.Iterator(image):
            frame = laid_on(frame, WHITE) if is_transparent(frame) else frame
            yield np.asarray(
                frame.convert("RGB").resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
            )


def moving(file: Any, side: int, pixels: int, seconds: float) -> Iterator[np.ndarray]:
    """The frames of a video file, turned as it says that it lies: phones store portrait shots lying on their side."""
    try:
        import av
    except ImportError:
        raise missing_extra("video", "PyAV", "Videos") from None
    try:
        with av.open(file) as video:
            if not video.streams.video:
                raise ValueError("it holds no pictures")
            stream = video.streams.video[0]
            if stream.width * stream.height > pixels:
                raise ValueError(
                    f"{stream.width}×{stream.height} pixels are over the limit of {pixels:,} (limits.pixels)"
                )
            scale = min(1.0, side / max(stream.width, stream.height))
            for frame in video.decode(stream):
                if frame.time is not None and frame.time > seconds:
                    return
                width, height = max(2, round(frame.width * scale)), max(2, round(frame.height * scale))
                yield upright(frame, width, height)
    except av.error.FFmpegError as error:
        raise ValueError(f"it is no video that can be read ({error.strerror or error})") from None


def upright(frame: Any, width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8 of a frame that is stored as (height, width), turned by the angle that the file states."""
    picture = frame.to_ndarray(format="rgb24", width=width, height=height)
    turns = round((getattr(frame, "rotation", 0) or 0) / 90) % 4  # counter-clockwise, as numpy counts
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture


def duration(cell: Any) -> np.ndarray:
    """(1,): the length of a video in seconds, by its header; 0 where it does not say."""
    try:
        import av
    except ImportError:
        return np.zeros(1)
    try:
        source: Any = av.open(cell if isinstance(cell, str) else io.BytesIO(cell))
        with source as video:
            return np.array([(video.duration or 0) / av.time_base])
    except av.error.FFmpegError:
        return np.zeros(1)


def fit_clip(clip: np.ndarray, frames: int, height: int, width: int, channels: int) -> np.ndarray:
    """(T, H, W, C) of any size → (frames, channels, height, width) uint8, evenly taken."""
    picked = clip[np.linspace(0, len(clip) - 1, frames).round().astype(int)]
    return np.stack([fit_size(frame, height, width, channels) for frame in picked])


MODALITY = Video()
