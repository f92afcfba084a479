"""Moving pictures as files: GIF, or MP4 where PyAV is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import missing_extra

# the first that the build of FFmpeg has: x264 is GPL, and not in every one
ENCODERS = ("libx264", "libopenh264", "mpeg4")


def write_mp4(pictures: Sequence[Any], path: Path, *, hertz: int, instead: str) -> None:
    """PIL pictures of one size, one after the other; `instead`: what to do without PyAV."""
    try:
        import av
    except ImportError:
        raise missing_extra("video", "av", "Films", instead=instead) from None
    with av.open(str(path), "w") as file:
        encoder = next(one for one in ENCODERS if one in av.codecs_available)
        stream: Any = file.add_stream(encoder, rate=hertz)  # type: ignore[call-overload, unused-ignore]
        stream.width, stream.height, stream.pix_fmt = pictures[0].width // 2 * 2, pictures[0].height // 2 * 2, "yuv420p"
        for picture in pictures:
            for packet in stream.encode(
                av.VideoFrame.from_ndarray(np.asarray(picture)[: stream.height, : stream.width], format="rgb24")
            ):
                file.mux(packet)
        for packet in stream.encode():
            file.mux(packet)
