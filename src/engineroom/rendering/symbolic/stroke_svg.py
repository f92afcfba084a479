"""Drawings that can be looked at: SVG, and PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...core.errors import UserError
from ...core.files import write_atomic
from ...modalities.symbolic._stroke_encoding import Stroke

PIXELS, MARGIN, WIDE = 160, 8, 2.5  # of a picture's side, around it, of the pen
INK, RED = (38, 50, 72), (214, 69, 65)


def box(strokes: Sequence[Stroke]) -> tuple[int, int, float]:
    """(leftmost, uppermost, pixels a step)."""
    xs, ys = [x for stroke in strokes for x, _ in stroke] or [0], [y for stroke in strokes for _, y in stroke] or [0]
    size = max(max(xs) - min(xs), max(ys) - min(ys), 1)
    return min(xs), min(ys), (PIXELS - 2 * MARGIN) / size


def as_svg(strokes: Sequence[Stroke], strength: Sequence[float] = ()) -> str:
    """One path a stroke; `strength` from 0 to 1 tints strokes red."""
    left, top, scale = box(strokes)
    lines = []
    for k, stroke in enumerate(strokes):
        share = strength[k] if k < len(strength) else 0.0
        colour = ",".join(str(round(a + share * (b - a))) for a, b in zip(INK, RED, strict=True))
        points = [f"{MARGIN + (x - left) * scale:.1f},{MARGIN + (y - top) * scale:.1f}" for x, y in stroke]
        lines.append(
            f'<polyline points="{" ".join(points if len(points) > 1 else points * 2)}" stroke="rgb({colour})"/>'
        )
    inner = "".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PIXELS} {PIXELS}" width="{PIXELS}" height="{PIXELS}">'
        f'<g fill="none" stroke-width="{WIDE}" stroke-linecap="round" stroke-linejoin="round">{inner}</g></svg>'
    )


def as_picture(strokes: Sequence[Stroke], zoom: int = 3) -> Any:
    """A PIL picture, drawn larger and made smaller so that lines are smooth."""
    from PIL import Image, ImageDraw

    left, top, scale = box(strokes)
    image = Image.new("RGB", (PIXELS * zoom, PIXELS * zoom), "white")
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [((MARGIN + (x - left) * scale) * zoom, (MARGIN + (y - top) * scale) * zoom) for x, y in stroke]
        pen.line(points if len(points) > 1 else points * 2, fill=INK, width=round(WIDE * zoom), joint="curve")
    return image.resize((PIXELS, PIXELS), Image.Resampling.LANCZOS)


def keep_drawing(strokes: Sequence[Stroke], path: Path) -> None:
    """.svg or .png, by the ending."""
    ending = path.suffix.lower()
    if ending == ".svg":
        write_atomic(path, as_svg(strokes))
    elif ending == ".png":
        as_picture(strokes).save(path)
    else:
        raise UserError(
            f"A drawing is not written as {ending or 'a file without an ending'}.",
            "",
            "Say -o drawing.svg or drawing.png.",
        )
