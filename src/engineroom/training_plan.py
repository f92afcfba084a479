"""Training defaults (batch size, epochs, learning rate, weight decay): one row for each kind of data or task, the same
for every data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .core import registry
from .core.config import Config
from .core.schema import Schema
from .data.fields import input_fields

DEFAULT_MINUTES = 3.5
UNTIL_MINUTES = 12.0  # when a score is asked for, there is more patience
CHECKS = 40  # validations a run
PATIENCE = 10

# kind → (epochs at `rows` rows, rows, how epochs shrink with more rows, smallest and largest batch, learning rate,
# weight decay)
RECIPES = {
    "set": (40, 20_000, 0.4, 32, 256, 2e-3, 0.02),
    "vector": (40, 20_000, 0.4, 32, 256, 2e-3, 0.02),
    "words": (10, 5_000, 0.3, 16, 32, 1e-3, 0.1),
    "picture": (70, 5_000, 0.5, 16, 64, 3e-3, 0.05),
    "graph": (100, 1_000, 0.4, 32, 64, 1e-3, 0.02),
    "clip": (40, 1_000, 0.5, 8, 32, 1e-3, 0.1),
    "pairs": (60, 5_000, 0.5, 64, 128, 1e-3, 0.1),
    "contrastive_pretraining": (60, 5_000, 0.5, 32, 256, 1e-3, 0.02),
    "steps": (45, 500, 0.2, 16, 64, 2e-3, 0.02),
    "path": (20, 5_000, 0.5, 32, 128, 1e-3, 0.02),
    "boxes": (120, 200, 0.5, 8, 16, 2e-3, 0.05),
    "maps": (120, 150, 0.5, 8, 16, 3e-3, 0.05),
    "flaws": (400, 100, 0.7, 16, 16, 2e-3, 0.05),
    "recommendation": (60, 2_000, 0.4, 32, 128, 1e-3, 0.02),
    "token_classification": (20, 5_000, 0.3, 16, 32, 4e-3, 0.05),
    "speech_enhancement": (600, 80, 1.0, 16, 16, 2e-3, 0.0),
    "speech_recognition": (40, 1_000, 0.5, 16, 32, 3e-3, 0.02),
    "text_to_speech": (60, 1_000, 0.5, 16, 16, 2e-3, 0.0),
    "image_restoration": (600, 80, 1.0, 16, 16, 2e-3, 0.0),
    "vocoder": (400, 100, 1.0, 8, 8, 1e-3, 0.0),
    "finishing": (200, 80, 1.0, 8, 8, 5e-4, 0.0),
    "image_generation": (100, 2_000, 0.5, 32, 32, 1e-3, 0.0),
    "image_diffusion": (200, 2_000, 0.5, 32, 64, 2e-3, 0.0),
    "video_diffusion": (60, 2_000, 0.5, 16, 32, 2e-3, 0.0),
    "tabular_diffusion": (200, 5_000, 0.5, 128, 256, 1e-3, 0.0),
    "tabular_gan": (100, 5_000, 0.5, 64, 256, 2e-3, 0.0),
    "text2text_generation": (30, 5_000, 0.4, 16, 64, 2e-3, 0.01),
    "document_extraction": (100, 100, 0.4, 8, 16, 3e-3, 0.05),
    "reinforcement_learning": (800, 4_000, 0.0, 256, 256, 1e-3, 0.0),
    "drawing": (30, 1_000, 0.6, 16, 64, 2e-3, 0.1),
    "music": (150, 200, 0.5, 16, 16, 2e-3, 0.1),
    "language_modeling": (800, 1, 0.0, 16, 16, 2e-3, 0.1),
}
# kind or pace → (networks side by side, on at most so many rows, whether each leaves out a fold of its own)
TOGETHER = {
    "steps": (5, 1_000, True),
    "words": (3, 8_000, False),
    "token_classification": (3, 8_000, False),
    "document_extraction": (3, 8_000, False),
}
SMALL_TABLE = 2_000  # rows


@dataclass(frozen=True)
class TrainingPlan:
    """Batch size, epochs, ensemble and optimizer settings of one run."""

    batch_size: int
    epochs: float
    networks: int  # whole networks trained side by side; their answers are averaged
    cross: bool  # each of them is judged on the fold it never learns from
    patience: int
    lr: float
    weight_decay: float

    def steps(self, rows: int) -> int:
        """Optimizer steps for so many training rows."""
        return max(20, round(self.epochs * max(1, rows // self.batch_size)))


def make_plan(schema: Schema, config: Config, rows: int, task: Any) -> TrainingPlan:
    """The row of defaults of the task, or of the column type that learns slowest; explicit settings have precedence."""
    kinds = {registry.get("modalities", one.modality).signal_type for one in input_fields(schema)}
    kind = next(
        k
        for k in ("clip", "picture", "steps", "path", "graph", "words", "state", "scene", "vector", "set", "static")
        if k in kinds
    )
    epochs, at, shrink, least, most, lr, decay = RECIPES[task.training_defaults or kind]
    size = config.train.batch_size or max(least, min(most, 2 ** max(0, (rows // 40).bit_length() - 1)))
    networks, most_rows, cross = TOGETHER.get(task.training_defaults or kind, (1, 0, False))
    if kind == "set" and task.cv_folds:
        networks, most_rows, cross = task.cv_folds, SMALL_TABLE, True
    if len(kinds) > 1 or rows > most_rows or config.model.ensemble_size is not None:
        networks, cross = 1, False
    return TrainingPlan(
        batch_size=min(size, rows),
        epochs=max(4.0, min(800.0, epochs * (at / rows) ** shrink)),
        networks=networks,
        cross=cross,
        patience=config.train.patience or PATIENCE,
        lr=config.train.lr or lr,
        weight_decay=decay if config.train.weight_decay is None else config.train.weight_decay,
    )


def budget_seconds(config: Config) -> float | None:
    """The seconds a run may train; None where epochs or steps are given."""
    if config.train.minutes:
        return 60 * config.train.minutes
    if config.train.epochs or config.train.steps:
        return None
    return 60 * (UNTIL_MINUTES if config.train.until else DEFAULT_MINUTES)
