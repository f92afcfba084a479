"""What pictures are compared by: the features of the run's own eye, or where there are no kinds to tell apart fixed
ones: gradients by place, colours and a thumbnail, mixed by chance into fewer numbers (Johnson & Lindenstrauss 1984);
and the distance to the nearest remembered training picture."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...baselines.vision._hog import picture_features
from ...core.panels import Panel
from ...core.protocols import State
from ...core.sampling import evenly
from ...layers.feature_extractor import WIDTH
from ...metrics.generation import distances
from ...modalities.vision.generated_image import THUMB, remembered, thumbs
from .train_feature_extractor import seen

BORDER = 2  # pixels between pictures of a sheet
PAIRS = 10  # made ones beside their nearest training ones
SMALLER = 2  # a film of sketches, since forty of them as large as they are made a report of 14 MB


def looked(pictures: np.ndarray, state: State) -> np.ndarray:
    """(N, C, S, S) uint8 → (N, WIDTH + 2) float64: features, the kind it is taken for (NaN = nothing to tell apart),
    how far the nearest training picture is."""
    if "eye" in state:
        mixed, kinds = seen(pictures, state)
    else:
        features = picture_features(pictures).astype(np.float64)
        mixed, kinds = (
            features @ (np.random.default_rng(11).standard_normal((features.shape[1], WIDTH)) / WIDTH**0.5),
            np.full(len(pictures), np.nan),
        )
    gaps = distances(thumbs(pictures, state.get("moments", 1)).astype(np.float64), remembered(state).astype(np.float64))
    return np.concatenate([mixed, kinds[:, None], np.sqrt(gaps.min(1, initial=np.inf))[:, None]], 1)


def sheet(pictures: np.ndarray, columns: int, scale: int = 0) -> Any:
    """(N, C, S, S) uint8 → one PIL picture, row by row, enlarged by whole pixels."""
    from PIL import Image

    N, C, S, _ = pictures.shape
    scale = scale or max(1, round(64 / S))
    rows = -(-N // columns)
    out = Image.new("RGB", (columns * (S * scale + BORDER) - BORDER, rows * (S * scale + BORDER) - BORDER), "white")
    for k, one in enumerate(pictures):
        tile = (
            Image.fromarray(one[0] if C == 1 else one.transpose(1, 2, 0))
            .convert("RGB")
            .resize((S * scale, S * scale), Image.Resampling.NEAREST)
        )
        out.paste(tile, ((k % columns) * (S * scale + BORDER), (k // columns) * (S * scale + BORDER)))
    return out


def as_pixels(x: Tensor) -> np.ndarray:
    """(B, C, S, S) from -1 to 1 → uint8."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()


def heat(strength: np.ndarray) -> np.ndarray:
    """(B, S, S) of 0 and more → (B, 3, S, S) uint8 from white to red, each by its own largest."""
    share = strength / np.maximum(strength.max((1, 2), keepdims=True), 1e-12)
    return np.stack([np.full_like(share, 255), 255 * (1 - share), 255 * (1 - share)], 1).astype(np.uint8)


def as_bytes(image: Any, later: tuple[Any, ...] = ()) -> bytes:
    """A PIL picture as PNG; with `later` ones, a moving GIF."""
    buffer = io.BytesIO()
    if later:
        image.save(buffer, "GIF", save_all=True, append_images=list(later), duration=120, loop=0)
    else:
        image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def html_picture(image: Any, words: str, later: tuple[Any, ...] = ()) -> str:
    """A PIL picture, or several as a moving one, as <img>."""
    raw = as_bytes(image, later)
    return (
        f'<img alt="{words}" style="max-width:100%" '
        f'src="data:image/{"gif" if later else "png"};base64,{base64.b64encode(raw).decode()}">'
    )


def beside_nearest(pictures: np.ndarray, thing: str, state: State) -> Panel:
    """Made ones (N, C, S, S) uint8, evenly taken, each beside the remembered training row that is nearest, both as
    small as they are compared."""
    moments, known = state.get("moments", 1), remembered(state)
    small = thumbs(pictures[evenly(len(pictures), PAIRS)], moments)
    gaps = distances(small.astype(np.float64), known.astype(np.float64))
    pairs = np.stack([small, known[gaps.argmin(1)].astype(np.uint8)], 1).reshape(-1, 1, THUMB, THUMB)
    image = sheet(pairs, 2 * moments * max(1, PAIRS // 2 // moments), scale=6)
    words = f"In pairs: a made {thing} and the nearest training {thing}, both as small as they are compared" + (
        f", {moments} moments of each." if moments > 1 else "."
    )
    return Panel(
        "gallery",
        f"The nearest training {thing}s",
        {
            "items": [
                {
                    "title": "made, nearest, made, nearest …",
                    "subtitle": "",
                    "tone": "",
                    "html": html_picture(image, words),
                }
            ],
            "wide": True,
        },
        words,
    )


def growth(files: list[Path]) -> list[Panel]:
    """Sketches of one run, oldest first, as a moving picture that rests at its end."""
    from PIL import Image

    if len(files) < 2:
        return []
    frames = [Image.open(file).convert("RGB").reduce(SMALLER) for file in files]
    item = {
        "title": f"from step {int(files[0].stem):,} to {int(files[-1].stem):,}",
        "subtitle": "the same chance throughout",
        "tone": "",
        "html": html_picture(frames[0], "as it learnt", (*frames[1:], *frames[-1:] * 10)),
    }
    return [Panel("gallery", "Samples during training", {"items": [item], "wide": True})]
