"""LOSS: make short clips like these, of the kind that is asked for, out of noise. The question of `diffusion` with time
in it: a clip is one picture whose channels are frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...core.batch import Predictions
from ...core.errors import UserError
from ...core.files import write_atomic
from ...core.schema import Column, Schema
from ...core.table import Table
from ...rendering.sample_grid import condition_grid
from ...rendering.vision.image_features import as_bytes, html_picture, sheet
from ...rendering.vision.video_files import write_mp4
from .image_diffusion import Diffusion

MOST_FRAMES = 32
HERTZ = 8  # frames a second
TURNS = 4  # times that a clip is shown in a film
# times as strong noise for every frame; for eight frames 2.8, 3, 4, 6 and 8 in all were tried (bench/RESULTS.md)
DEEPER = 0.75
LINED = 12  # clips that are shown frame by frame


@dataclass(frozen=True)
class Animation(Diffusion):
    """Answers and headline as in generation: {"picture": (N, frames · colours, S, S) uint8, "made": (N, F + 2)
    features}."""

    frames: int = 8  # of a clip, evenly taken
    steps: int = 15  # from noise to clip: a clip costs as much as so many pictures

    target_modality = "generated_clip"
    training_defaults = "video_diffusion"
    max_eval_rows = 100
    reads: ClassVar[str] = "video"
    thing: ClassVar[str] = "clip"
    extensions = ("", ".gif", ".mp4")

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        if not 2 <= self.frames <= MOST_FRAMES:
            raise UserError(
                f"Clips of {self.frames} frames cannot be made.", "", f"options.frames: 2 to {MOST_FRAMES}."
            )
        return super().build_samples(table, target, inference=inference)

    @property
    def depth(self) -> float:
        return DEEPER * self.frames

    def size(self) -> dict[str, int]:
        return {**super().size(), "frames": self.frames}

    def output_size(self, target: Column) -> tuple[int, ...]:
        return (*super().output_size(target), target.state["frames"])

    def lined_up(self, clips: np.ndarray) -> np.ndarray:
        """(N, frames · colours, S, S) → (N, frames, colours, S, S)."""
        return clips.reshape(len(clips), self.state["frames"], self.state["colours"], *clips.shape[2:])

    def moving(self, clips: np.ndarray, columns: int, scale: int = 0) -> list[Any]:
        """Sheets of all clips (N, frames · colours, S, S), one a frame."""
        return [sheet(frame, columns, scale) for frame in self.lined_up(clips).swapaxes(0, 1)]

    def strips(self, clips: np.ndarray) -> Any:
        """Clips one below the other, each frame by frame."""
        frames = self.lined_up(clips)
        return sheet(frames.reshape(-1, *frames.shape[2:]), frames.shape[1])

    def shown(self, pictures: np.ndarray, columns: int, words: str, scale: int = 0) -> str:
        first, *later = self.moving(pictures, columns, scale)
        return html_picture(first, words, tuple(later))

    def sample_grid(self, network: Any, schema: Schema) -> bytes:
        frame, each = condition_grid(schema, 3)
        return as_bytes(self.strips(self.paint(network, schema, frame[::each])))

    def closer(self, network: Any, schema: Schema, pictures: np.ndarray) -> list[dict[str, str]]:
        rows = np.linspace(0, len(pictures) - 1, min(len(pictures), LINED)).astype(int)
        return [
            {
                "title": "frame by frame",
                "subtitle": "some of them, a clip a line",
                "tone": "",
                "html": html_picture(self.strips(pictures[rows]), "frames"),
            }
        ]

    def write(self, answers: Predictions, frame: Any, schema: Schema, path: Path) -> None:
        """A folder of GIFs, numbered as the rows; or all clips side by side in one film."""
        clips, ending = answers["picture"], path.suffix.lower()
        if not ending:
            path.mkdir(parents=True, exist_ok=True)
            for row in range(len(clips)):
                first, *later = self.moving(clips[[row]], 1)
                write_atomic(path / f"{row:05d}.gif", as_bytes(first, tuple(later)))
            return
        first, *later = self.moving(clips, max(1, round(len(clips) ** 0.5)))
        if ending == ".gif":
            write_atomic(path, as_bytes(first, tuple(later)))
        else:
            write_mp4([first, *later] * TURNS, path, hertz=HERTZ, instead="write GIFs: -o FOLDER")


TASK = Animation()
