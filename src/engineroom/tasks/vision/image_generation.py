"""LOSS: make pictures like these, of the kind that is asked for. Nobody says what is right; a critic that learns beside
the maker does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn

from ...core.batch import Batch, Predictions, RowResults
from ...core.errors import DataError, UserError, nearest
from ...core.panels import Panel
from ...core.schema import Column, Schema
from ...core.table import Table
from ...layers.discriminator import Critic
from ...metrics import generation as metrics
from ...modalities.vision.generated_image import SIDES
from ...preprocessing.media_columns import media_column
from ...rendering.sample_grid import NOISE, condition_grid, edges_of
from ...rendering.vision.image_features import as_bytes, as_pixels, beside_nearest, heat, html_picture, looked, sheet
from ...rendering.vision.train_feature_extractor import eye_words, taught_eye
from .._base import BaseTask
from .._explained_score import likeness

LEAST = 40  # pictures
MOST_KINDS = 100  # classes of a lone column that is taken to say what is to be made
ACROSS = 10  # pictures of a kind in the report
RATED = 8  # pictures that the judge likes most and least, shown
BETWEEN, FRAMES = 8, 24  # pictures of an interpolation, still and moving


@dataclass(frozen=True)
class Generation(BaseTask):
    """Answers: {"picture": (N, C, S, S) uint8, "made": (N, F + 2) features}. Headline: Fréchet distance of features to
    those of the test's pictures at the same size."""

    picture: str = ""  # the column of pictures; "" = the only one
    # columns that say what is to be made, with commas; auto = the class where there is one; none = nothing
    condition_on: str = "auto"
    image_size: int = 0  # of a side; 0 = by the pictures, 32 at most
    state: dict[str, Any] = field(default_factory=dict, metadata={"bound": True})

    output_type = "picture"
    objective = "adversarial"
    primary_metric = "frechet"
    higher_is_better = False
    higher = ("as_asked", "precision", "recall")
    lower = ("frechet", "copied")
    monitor = "frechet"
    target_modality = "generated_image"
    head = "image_generator"
    training_defaults = "image_generation"
    baseline = "pca_mixture"
    max_eval_rows = 500
    allow_missing_columns = True
    has_render = True
    reads: ClassVar[str] = "image"  # the kind of column whose like is made: modalities/NAME.py
    thing: ClassVar[str] = "picture"  # in words
    has_samples = True
    extensions: ClassVar[tuple[str, ...]] = ("",)

    def for_target(self, target: Column) -> Generation:
        return replace(self, state=dict(target.state))

    def build_samples(self, table: Table, target: str | None, *, inference: bool) -> Table:
        """Pictures become the target; each row gets a seed of chance beside what says what is to be made."""
        if self.image_size not in (0, *SIDES):
            raise UserError(
                f"Pictures of {self.image_size} pixels cannot be made.",
                "",
                f"options.image_size is one of {', '.join(map(str, SIDES))}.",
            )
        frame = table.frame
        if inference:
            seeds = frame[NOISE] if NOISE in frame.columns else pl.Series(NOISE, range(frame.height), pl.Int64)
            return replace(table, frame=frame.with_columns(seeds), hints={})
        name = media_column(table, self.picture or target, self.reads, f"{self.thing}s")
        if frame.height < LEAST:
            raise DataError(
                f"{frame.height} {self.thing}s are too few to learn what {self.thing}s look like.",
                "",
                f"Bring at least {LEAST}; hundreds are better.",
            )
        given = self.conditions(table, name)
        split = table.split
        kept = frame.select([name, *given, *([split] if split else [])]).with_columns(
            pl.Series(NOISE, range(frame.height), pl.Int64)
        )
        hints: dict[str, dict[str, Any]] = {
            name: {
                "modality": self.target_modality,
                "role": "target",
                "why": "what is to be made",
                "facts": self.size(),
            },
            NOISE: {
                "modality": "latent_noise",
                "role": "input",
                "why": f"chance: another number, another {self.thing}",
            },
        }
        known = {"modality": "category", "why": "what is to be made"} if self.condition_on == "auto" else {}
        hints |= {one: {**table.hints.get(one, {}), **known, "role": "input"} for one in given}
        return Table(
            kept, table.name, hints | ({split: table.hints[split]} if split else {}), table.notes, table.skipped
        )

    def size(self) -> dict[str, int]:
        """What the user says of it."""
        return {"side": self.image_size}

    def conditions(self, table: Table, picture: str) -> list[str]:
        if self.condition_on == "none":
            return []
        if self.condition_on != "auto":
            names = [one.strip() for one in self.condition_on.split(",")]
            for one in names:
                if one not in table.frame.columns:
                    raise DataError(
                        f"There is no column {one!r}.", "", nearest(one, table.frame.columns, label="Columns")
                    )
            return names
        hinted = [
            one
            for one, hint in table.hints.items()
            if hint.get("role") == "target" and one != picture and one in table.frame.columns
        ]
        others = [
            one for one in table.frame.columns if one != picture and table.hints.get(one, {}).get("role") != "split"
        ]
        return hinted or [one for one in others if len(others) == 1 and table.frame[one].n_unique() <= MOST_KINDS]

    def fit_state(self, schema: Schema, data: Any, seed: int) -> Schema:
        return taught_eye(schema, data, seed)

    def output_size(self, target: Column) -> tuple[int, ...]:
        return target.state["channels"], target.state["height"]

    def discriminator(self, target: Column, condition: int) -> nn.Module:
        return Critic(target.state["channels"], target.state["height"], condition)

    def real_samples(self, batch: Batch) -> Tensor:
        """The pictures of a batch (B, C, S, S) from -1 to 1."""
        return batch["target"].float() / 127.5 - 1

    def to_targets(self, codes: Any, target: Column) -> np.ndarray:
        return looked(np.asarray(codes), target.state)

    def from_baseline(self, values: np.ndarray) -> Predictions:
        """A baseline's pictures as answers."""
        return {"picture": values, "made": looked(values, self.state)}

    def postprocess(self, output: Tensor, batch: Batch, target: Column) -> Predictions:
        """(B, 1, C, S, S) from -1 to 1 → pictures."""
        return self.from_baseline(as_pixels(output[:, 0]))

    def score_outputs(self, output: Tensor, whole: Tensor, target: Column) -> Tensor:
        """(B,) decibels by which the picture is still the one that all columns together ask for."""
        return likeness(output, whole)

    def score_rows(self, answers: Predictions, truth: np.ndarray) -> RowResults:
        return {"truth": truth, "made": answers["made"], "picture": answers["picture"], "loss": -answers["made"][:, -1]}

    def compute_metrics(self, records: RowResults) -> dict[str, float]:
        return metrics.scores(records)

    def to_frame(self, answers: Predictions, target: Column, frame: pl.DataFrame) -> pl.DataFrame:
        """A table cannot show pictures: how bright each is, and how far from the nearest training picture."""
        return pl.DataFrame({"prediction": answers["picture"].mean((1, 2, 3)), "from_training": answers["made"][:, -1]})

    def write(self, answers: Predictions, frame: pl.DataFrame, schema: Schema, path: Path) -> None:
        """A folder of PNG files, numbered as the rows."""
        path.mkdir(parents=True, exist_ok=True)
        for row, one in enumerate(answers["picture"]):
            sheet(one[None], 1, scale=1).save(path / f"{row:05d}.png")

    def predict(self, network: Any, batch: Batch, target: Column) -> Predictions:
        return self.postprocess(self.drawn(network, batch), batch, target)

    def drawn(self, network: Any, batch: Batch) -> Tensor:
        """(B, 1, C, S, S) from -1 to 1: what the rows of a batch ask for."""
        return network(batch)

    def paint(self, network: Any, schema: Schema, frame: pl.DataFrame) -> np.ndarray:
        """(N, C, S, S) uint8 for rows that say what is to be made and by which chance."""
        from ...data.dataset import encode_table

        data = encode_table(frame, schema, target=False)
        with torch.inference_mode():
            output = self.drawn(network, data.batch(np.arange(frame.height)).to(next(network.parameters()).device))
        return self.postprocess(output.cpu(), data.batch(np.arange(1)), schema.target)["picture"]

    def sample_grid(self, network: Any, schema: Schema) -> bytes:
        """Always of the same chance, so that one picture can be followed."""
        frame, columns = condition_grid(schema, ACROSS)
        return as_bytes(sheet(self.paint(network, schema, frame), columns))

    def sample_panels(self, network: Any, schema: Schema) -> list[Panel]:
        frame, columns = condition_grid(schema, ACROSS)
        pictures = self.paint(network, schema, frame)
        title = "a row a kind" if len(schema.inputs) > 1 else "as chance has it"
        items = [
            {
                "title": title,
                "subtitle": "nothing chosen by hand",
                "tone": "",
                "html": self.shown(pictures, columns, f"made {self.thing}s"),
            },
            *self.closer(network, schema, pictures),
        ]
        return [
            Panel(
                "gallery",
                "Samples",
                {"items": items, "wide": True},
                "More: engineroom generate RUN -o FOLDER --count 16 (--set COLUMN=VALUE asks for one kind).",
            )
        ]

    def shown(self, pictures: np.ndarray, columns: int, words: str, scale: int = 0) -> str:
        """(N, C, S, S) uint8 as one <img>."""
        return html_picture(sheet(pictures, columns, scale), words)

    def closer(self, network: Any, schema: Schema, pictures: np.ndarray) -> list[dict[str, str]]:
        """What else there is to see of what a network makes: items of a gallery."""
        still, moving = self.between(network, schema)
        return [
            {
                "title": "from one to another",
                "subtitle": "half-way chance between pictures",
                "tone": "",
                "html": html_picture(still, "interpolation"),
            },
            {
                "title": "moving",
                "subtitle": "the same in steps",
                "tone": "",
                "html": html_picture(moving[0], "interpolation, moving", tuple(moving[1:])),
            },
        ]

    def between(self, network: Any, schema: Schema) -> tuple[Any, list[Any]]:
        """(a sheet of pictures half-way between others, the same as frames)."""
        from ...data.dataset import encode_table

        frame = condition_grid(schema, 2)[0][:8]
        data = encode_table(frame, schema, target=False)
        batch = data.batch(np.arange(frame.height))
        name = f"column:{NOISE}"
        first, second = batch[name][0::2], batch[name][1::2]
        kept = {key: value[0::2] for key, value in batch.fields.items()}
        out = []
        with torch.inference_mode():
            for share in np.linspace(0, 1, FRAMES):
                angle = float(share) * np.pi / 2  # on the sphere: a straight line would pass where chance seldom lies
                noise = np.cos(angle) * first + np.sin(angle) * second
                output = self.drawn(network, Batch({**kept, name: noise.float()}, batch.rows[0::2]))
                out.append(as_pixels(output[:, 0]))
        picked = np.linspace(0, FRAMES - 1, BETWEEN).astype(int)
        still = sheet(np.stack([out[k] for k in picked], 1).reshape(-1, *out[0].shape[1:]), BETWEEN)
        return still, [sheet(one, len(one)) for one in out + out[::-1]]

    def panels(self, records: RowResults, baseline: RowResults, target: Column) -> list[Panel]:
        edges = edges_of(records)
        near = [
            {"name": n, "counts": np.histogram(v, edges)[0].tolist()}
            for n, v in (("real, unseen", records["truth"][:, -1]), ("made", records["made"][:, -1]))
        ]
        items = [
            {
                "title": "the classical baseline's",
                "subtitle": "a mixture of normal distributions",
                "tone": "",
                "html": self.shown(baseline["picture"][: 3 * ACROSS], ACROSS, f"the baseline's {self.thing}s"),
            }
        ]
        words = f"Made {self.thing}s much nearer to a training {self.thing} than unseen real ones are would be copies."
        return [
            Panel("gallery", "Beside it", {"items": items, "wide": True}, eye_words(target.state)),
            Panel(
                "histogram",
                "Memorisation check: distance to the nearest training example",
                {
                    "x": f"distance of thumbnails to the nearest training {self.thing}",
                    "edges": edges.tolist(),
                    "series": near,
                },
                words,
            ),
            beside_nearest(records["picture"], self.thing, target.state),
        ]

    def discriminator_panels(self, made: Tensor, found: Tensor, real: Tensor, slope: Tensor) -> list[Panel]:
        """How the judge rates both, and its favourites and least liked with the places it looks at: `slope` (B, C, S,
        S) of its rating of `sample_panels` (B, C, S, S)."""
        edges = np.linspace(float(min(found.min(), real.min())), float(max(found.max(), real.max())) + 1e-6, 31)
        series = [
            {"name": name, "counts": np.histogram(values.numpy(), edges)[0].tolist()}
            for name, values in (("real", real), ("made", found))
        ]
        pictures = as_pixels(made)
        order = found.argsort(descending=True)
        items = []
        for title, rows in (("taken for real", order[:RATED]), ("seen through", order.flip(0)[:RATED])):
            tinted = np.concatenate(
                [pictures[rows].repeat(3 // pictures.shape[1], 1), heat(slope[rows].abs().sum(1).numpy())]
            )
            items.append(
                {
                    "title": title,
                    "subtitle": "below: where the judge looks",
                    "tone": "",
                    "html": html_picture(sheet(tinted, RATED), title),
                }
            )
        words = (
            "A judge that still tells them apart rates real ones higher. Its own opinion, not a measurement: it "
            "has "
            "seen the training pictures."
        )
        return [
            Panel(
                "histogram",
                "Discriminator scores",
                {"x": "how real (log odds)", "edges": edges.tolist(), "series": series},
                words,
            ),
            Panel("gallery", "Generated images as the feature extractor sees them", {"items": items, "wide": True}),
        ]

    def error_caption(self, records: RowResults, row: int, target: Column) -> tuple[str, str]:
        return "made", f"{records['made'][row, -1]:.0f} from the nearest training {self.thing}"

    def rank_errors(self, records: RowResults) -> np.ndarray:
        """None by itself: a picture alone is neither right nor wrong."""
        return np.zeros(0, int)

    def render(self, frame: pl.DataFrame, row: int, schema: Schema, answers: RowResults, place: int) -> str:
        return self.shown(answers["picture"][[place]], 1, "made", scale=3)


TASK = Generation()
