"""A row with its attributions drawn on it: a picture under tiles, words on colours, a line over stretches, bars for
columns.

Drawn from what the network sees (the signal), so that the same code shows a photograph, a spectrogram or a text. Red
speaks for the answer, blue against it; how strong the colour is tells how far.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .perturbation import Cut, Part

FOR, AGAINST = (214, 64, 40), (46, 104, 196)
SIDE = 192  # pixels of a drawn picture's shorter side
WIDE, HIGH = 320, 72  # of a drawn series
MOST_BARS = 12


def draw(cut: Cut, parts: Sequence[Part], numbers: np.ndarray) -> str:
    """One field of one row as HTML; `parts` and `numbers` (P,) are the row's."""
    chosen = np.unique(cut.where.numpy())
    own = numbers[chosen]
    scale = float(np.abs(numbers).max()) or 1.0  # one scale for all fields of the row
    if cut.field.is_scalar or cut.signal.layout in ("vector", "graph"):
        return bars([parts[k].name for k in chosen], own, scale)
    if cut.signal.layout == "grid":
        return picture(cut, numbers / scale)
    if cut.names:
        return words(cut.names, numbers[cut.where.numpy()][: len(cut.names)] / scale)
    return line(cut, numbers / scale)


def colour(share: float) -> str:
    red, green, blue = FOR if share > 0 else AGAINST
    return f"rgba({red},{green},{blue},{min(1.0, abs(share)) * 0.75:.2f})"


def words(names: Sequence[str], shares: np.ndarray) -> str:
    """Tokens on the colour of what they say."""
    marked = " ".join(
        f'<span style="background:{colour(float(s))};padding:0 2px;border-radius:3px" '
        f'title="{s:+.2f}">{html.escape(name)}</span>'
        for name, s in zip(names, shares, strict=False)
    )
    return f'<p style="line-height:1.9">{marked}</p>'


def bars(names: Sequence[str], numbers: np.ndarray, scale: float) -> str:
    """The weightiest columns as bars to both sides of the middle."""
    order = np.argsort(-np.abs(numbers), kind="stable")[:MOST_BARS]
    lines = []
    for i, k in enumerate(order):
        width = abs(numbers[k]) / scale * 70
        x = 210 if numbers[k] > 0 else 210 - width
        y = 18 * i
        name = names[k] if len(names[k]) <= 18 else names[k][:17] + "…"
        lines.append(
            f'<text x="132" y="{y + 12}" text-anchor="end" font-size="11" '
            f'fill="currentColor">{html.escape(name)}</text>'
            f'<rect x="{x:.1f}" y="{y + 3}" width="{max(width, 0.5):.1f}" height="11" '
            f'fill="{colour(float(np.sign(numbers[k])))}"/>'
            f'<text x="286" y="{y + 12}" font-size="11" fill="currentColor">{numbers[k]:+.2g}</text>'
        )
    return (
        f'<svg viewBox="0 0 340 {18 * len(order)}" width="100%" role="img" aria-label="columns">{"".join(lines)}</svg>'
    )


def picture(cut: Cut, shares: np.ndarray) -> str:
    """What the network sees in grey or colour, each tile tinted."""
    from PIL import Image

    data = cut.signal.data[0].numpy()
    seen = data[:3] if len(data) >= 3 else data[:1].repeat(3, 0)
    low, high = np.quantile(seen, [0.01, 0.99])
    base = np.clip((seen - low) / max(high - low, 1e-6), 0, 1).transpose(1, 2, 0) * 255
    if cut.field.modality == "audio":
        base, tiles = base[::-1], cut.where.numpy()[::-1]  # low notes at the bottom
    else:
        tiles = cut.where.numpy()
    strength = shares[tiles][..., None]
    tint = np.where(strength > 0, np.array(FOR), np.array(AGAINST))
    mixed = base * (1 - 0.65 * np.abs(strength)) + tint * 0.65 * np.abs(strength)
    image = Image.fromarray(mixed.astype(np.uint8))
    factor = max(1, round(SIDE / min(image.size)))
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f'<img alt="tiles that matter" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def line(cut: Cut, shares: np.ndarray) -> str:
    """A series (or the frames of a clip by their mean) over stretches of colour."""
    data = cut.signal.data[0].flatten(1) if cut.signal.data.ndim > 2 else cut.signal.data[0]
    steps = data.numpy()[:, :4] if data.shape[1] <= 16 else data.numpy().mean(1, keepdims=True)
    if cut.signal.mask is not None:
        steps = steps[: int(cut.signal.mask[0].sum())]
    T = len(steps)
    where = cut.where.numpy()[:T]
    x = np.linspace(2, WIDE - 2, T + 1)
    edges = [0, *(np.flatnonzero(np.diff(where)) + 1).tolist(), T]
    boxes = "".join(
        f'<rect x="{x[a]:.1f}" y="0" width="{x[b] - x[a]:.1f}" height="{HIGH}" '
        f'fill="{colour(float(shares[where[a]]))}"/>'
        for a, b in pairwise(edges)
    )
    low, high = float(steps.min()), float(steps.max())
    y = HIGH - 4 - (steps - low) / max(high - low, 1e-9) * (HIGH - 8)
    every = max(1, T // WIDE)
    middle = (x[:-1] + x[1:]) / 2
    paths = "".join(
        "<polyline "
        f'points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(middle[::every], y[::every, c], strict=True))}" '
        'fill="none" '
        f'stroke="currentColor" stroke-width="1.2" opacity="{1 - 0.2 * c:.1f}"/>'
        for c in range(y.shape[1])
    )
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" width="100%" role="img" aria-label="series">{boxes}{paths}</svg>'
