"""LOSS: episodes as people see them: a film, its course over time, what was done how often, and what it brought."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from ..core.batch import RowResults
from ..core.errors import UserError
from ..core.panels import Panel
from ..core.sampling import evenly
from ..environments._environment import Facts
from ..environments._pixel_observations import shown
from ..environments._rollout import again
from ..objectives._action_distribution import asked
from .vision.image_features import html_picture
from .vision.video_files import write_mp4

FRAMES, WIDE = 60, 240  # of a film in the report, and its width in pixels
COLOURS, PAUSE = 32, 60  # milliseconds a frame
LONG = 2_000  # frames of a film in a file
LINES = 8  # numbers of an observation that a trace shows
TRACED = 120  # steps of an episode that a trace shows, from its beginning
HZ = 30
# observations that are pictures: so many are shown, and small ones enlarged towards so many pixels
STRIP, SMALL = (8, 192)


def film(facts: Facts, seed: int, actions: np.ndarray, *, frames: int = FRAMES, wide: int = WIDE) -> list[Any]:
    """An episode as PIL pictures, evenly taken; [] where the environment does not draw."""
    from PIL import Image

    _, pictures = again(facts, seed, actions, every=max(1, math.ceil(len(actions) / frames)))
    out = []
    for one in pictures:
        picture = Image.fromarray(one)
        if picture.width > wide:
            picture = picture.resize(
                (wide, max(1, round(picture.height * wide / picture.width))), Image.Resampling.BILINEAR
            )
        out.append(picture)
    return out


def gif(pictures: Sequence[Any]) -> bytes:
    """A film that rests at its end, in few colours."""
    small = [picture.quantize(COLOURS, dither=0) for picture in pictures]
    buffer = io.BytesIO()
    pauses = [PAUSE] * (len(small) - 1) + [20 * PAUSE]
    small[0].save(buffer, "GIF", save_all=True, append_images=small[1:], duration=pauses, loop=0, optimize=True)
    return buffer.getvalue()


def html_film(pictures: Sequence[Any]) -> str:
    if not pictures:
        return "<em>this environment draws no pictures</em>"
    return (
        '<img alt="an episode" style="max-width:100%" '
        f'src="data:image/gif;base64,{base64.b64encode(gif(pictures)).decode()}">'
    )


def film_file(facts: Facts, seeds: Sequence[int], actions: Sequence[np.ndarray], path: Path) -> None:
    """Episodes one after the other, as GIF or MP4 by the ending of `path`."""
    pictures: list[Any] = []
    for seed, one in zip(seeds, actions, strict=True):
        pictures += film(facts, int(seed), one, frames=max(2, LONG // len(seeds)), wide=480)
    if not pictures:
        raise UserError(
            f"{facts['name']} draws no pictures.",
            "It gives none when it is asked to render.",
            "Write a table instead: -o episodes.csv",
        )
    if path.suffix.lower() == ".gif":
        path.write_bytes(gif(pictures))
        return
    write_mp4(pictures, path, hertz=HZ, instead="write a GIF: -o episodes.gif")


def returns(records: RowResults, baseline: RowResults) -> Panel:
    both = np.concatenate([records["return"], baseline["return"]])
    low, high = float(both.min()), float(both.max())
    edges = np.linspace(low, high if high > low else low + 1, 31)
    series = [
        {"name": name, "counts": np.histogram(one["return"], edges)[0].tolist()}
        for name, one in (("deep", records), ("baseline", baseline))
    ]
    return Panel(
        "histogram",
        "Returns of the test episodes",
        {"x": "return", "edges": edges.tolist(), "series": series},
        "The same test seeds for both.",
    )


def action_bars(facts: Facts, records: RowResults, baseline: RowResults) -> Panel:
    """How often each action was taken, or where the numbers of an action lie."""
    names = facts["action"]["names"]
    sides = [(name, np.concatenate(list(one["actions"]))) for name, one in (("deep", records), ("baseline", baseline))]
    if facts["action"]["kind"] == "discrete":
        series = [
            {"name": name, "values": (np.bincount(done.astype(int), minlength=len(names)) / max(1, len(done))).tolist()}
            for name, done in sides
        ]
        return Panel(
            "bars", "Distribution of actions", {"labels": list(names), "series": series, "y": "share of all steps"}
        )
    edges = np.linspace(-1, 1, 31)
    spread = [
        (f"{side}: {name}", np.clip(done[:, k], -1, 1)) for side, done in sides for k, name in enumerate(names[:3])
    ]
    series = [{"name": name, "counts": np.histogram(values, edges)[0].tolist()} for name, values in spread]
    return Panel(
        "histogram",
        "Distribution of actions",
        {"x": "action, from its least (-1) to its largest (1)", "edges": edges.tolist(), "series": series},
    )


def trace(facts: Facts, seed: int, actions: np.ndarray, critic: nn.Module, name: str, scale: float) -> list[Panel]:
    """An episode over time: observations, actions, and what the critic expected."""
    actions = actions[:TRACED]
    seen, _ = again(facts, seed, actions)
    steps = list(range(len(actions)))
    said = asked(critic, name, seen)[: len(steps)]
    expected = (said.max(1) if said.shape[1] > 1 else said[:, 0]) * scale
    done = actions[:, None] if actions.ndim == 1 else np.clip(actions, -1, 1)
    names = ["action"] if done.shape[1] == 1 else facts["action"]["names"][:LINES]
    acts = [{"name": one, "x": steps, "y": done[:, k].astype(float).tolist()} for k, one in enumerate(names)]
    hopes = [{"name": "expected", "x": steps, "y": expected.tolist()}]
    words = (
        ", ".join(f"{k} = {one}" for k, one in enumerate(facts["action"]["names"]))
        if actions.ndim == 1
        else "From -1, the least, to 1, the largest."
    )
    return [
        strip(seen, seed) if "picture" in facts["observation"] else numbers(seen, facts["observation"]["names"], seed),
        Panel("lines", "Actions over one episode", {"x": "step", "y": "action", "series": acts}, words[:300]),
        Panel("lines", "Value estimates over one episode", {"x": "step", "y": "discounted return", "series": hopes}),
    ]


def numbers(seen: np.ndarray, names: Sequence[str], seed: int) -> Panel:
    """Observations (T, D) over time: those numbers that move."""
    steps, spread = list(range(len(seen))), seen.std(0)
    moving = np.sort(np.argsort(spread <= 1e-6, kind="stable")[:LINES])
    shown = [{"name": names[k], "x": steps, "y": seen[:, k].tolist()} for k in moving]
    return Panel("lines", f"One episode (seed {seed}): what it saw", {"x": "step", "y": "observation", "series": shown})


def strip(seen: np.ndarray, seed: int) -> Panel:
    """Observations (T, C, H, W) over time: some of them, as the network gets them."""
    from PIL import Image

    items = []
    for step in evenly(len(seen), STRIP):
        picture = Image.fromarray(shown(seen[step]))
        scale = max(1, SMALL // max(picture.size))
        html = html_picture(
            picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST), f"step {step}"
        )
        items.append({"title": f"step {step}", "subtitle": "", "tone": "", "html": html})
    return Panel("gallery", f"One episode (seed {seed}): what it saw", {"items": items}, "As the network gets it.")
