"""A trained model as a user holds it: load, predict, evaluate, report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import nn

from ..core import registry
from ..core.columns import Schema
from ..core.config import Config
from ..core.errors import BundleError, DataError, UserError, nearest
from ..core.signals import Answers, Batch, Records
from ..core.table import Table
from ..data.dataset import Dataset, encode_table, strangers
from ..data.fields import input_fields
from ..data.open import open_table
from ..evaluation.predictor import ask, because
from ..heads._assemble import assemble, mirrored
from ..tasks._options import make_task
from .answer_rows import one_row_each, unanswered
from .format import bundle_directory, damaged, outdated, read_manifest, read_tensors, tensor_shapes
from .golden import check_golden, golden_batch
from .notices import notices


@dataclass(frozen=True)
class Graded:
    """Answers that were graded: `rows` (N,) of `frame` had a known target and could be read; `truth` and `records` are in their order."""

    frame: pl.DataFrame
    rows: np.ndarray
    truth: np.ndarray
    records: Records


class Model:
    """A bundle in use. `path` is its directory, `schema` its columns, `metrics` what it achieved on its test split."""

    def __init__(self, path: Path, manifest: dict[str, Any], network: nn.Module) -> None:
        self.path, self.manifest, self.network = path, manifest, network
        self.config = Config.model_validate(manifest["config"])
        self.schema = Schema.from_json(manifest["schema"])
        self.task = make_task(manifest["task"], self.config.options).bind(self.schema.target)
        self.metrics: dict[str, float] = manifest.get("metrics", {})
        self.conventions: dict[str, Any] | None = manifest.get("conventions")  # how the cells of each column are read
        self.damaged: dict[int, str] = {}
        self.notices: dict[str, Any] = {}
        self.unanswered: list[str] = []

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """Read a run directory or bundle. Everything is checked, then five stored inputs must give their stored outputs."""
        directory = bundle_directory(path)
        manifest = read_manifest(directory)
        try:
            schema = Schema.from_json(manifest["schema"])
            config = Config.model_validate(manifest["config"])
            golden = read_tensors(directory, "golden.safetensors")
            example, expected = golden_batch(golden)
            check_example(directory, schema, example)
            task = make_task(manifest["task"], config.options).bind(schema.target)
            network = build(directory, schema, config, task, example, manifest)
        except (BundleError, MemoryError):
            raise
        except (UserError, KeyError, TypeError, ValueError, IndexError, RuntimeError, AttributeError) as error:
            raise outdated(directory, manifest, f"its description does not fit together here ({type(error).__name__}: {str(error)[:100]})") from None
        fill(network, directory, manifest)
        check_golden(directory, network, example, expected)
        return cls(directory, manifest, network)

    def predict(self, data: Any) -> pl.DataFrame:
        """One row per input row, in the same order: `prediction`, and `probability` and `probability_<class>` for classes, `low` and
        `high` for numbers. Rows that cannot be read are null throughout."""
        frame = self.open(data)
        encoded, kept = self.encoded(frame)
        answers = because(self.network, encoded, kept, self.respond(encoded, kept), self.task)
        if remarks := self.task.remarks(answers, frame[kept]):
            self.notices["notes"] = [*self.notices.get("notes", []), *remarks]
        out = self.task.table(answers, self.schema.target, frame[kept])
        return one_row_each(out, frame, kept, self.task.id_columns)

    def save(self, data: Any, path: str | Path) -> int:
        """Predict and write in the format that the ending of `path` names, where the task has one; how many rows were answered."""
        frame, path = self.open(data), Path(path)
        if path.suffix.lower() not in self.task.endings:
            known = ", ".join(one or "a folder" for one in self.task.endings) or "none beyond tables"
            raise UserError(f"{path.name} is no format of this model.", f"Its own formats: {known}.", "Or write a table: .csv, .jsonl, .parquet")
        answers, kept = self.answers(frame)
        self.task.save(answers, frame[kept], self.schema, path)
        return len(kept)

    def open(self, data: Any) -> pl.DataFrame:
        """The rows to answer, with every column the model reads."""
        table = open_table(data, limits=self.config.limits, conventions=self.conventions)
        asked = self.task.reframe(table, self.config.target, asking=True)
        frame = self._frame(asked.frame)
        self.notices = notices(table, asked, frame, self.schema)
        return frame

    def answers(self, frame: pl.DataFrame) -> tuple[Answers, np.ndarray]:
        """(calibrated answers, rows they are for): damaged rows have none."""
        data, kept = self.encoded(frame)
        return self.respond(data, kept), kept

    def encoded(self, frame: pl.DataFrame) -> tuple[Dataset, np.ndarray]:
        """(the columns the model reads as it reads them, the rows that could be read); `damaged` says what is wrong with the others."""
        data = encode_table(frame, self.schema, target=False)
        kept = np.array([row for row in range(len(data)) if row not in data.damaged], dtype=np.int64)
        if not len(kept):
            reasons = "; ".join(f"row {row}: {why}" for row, why in list(data.damaged.items())[:5])
            raise DataError("None of the rows can be read.", reasons or "There are no rows.", "Check the file.")
        self.damaged = data.damaged
        self.unanswered = unanswered(data.damaged, frame, self.task.id_columns)
        return data, kept

    def respond(self, data: Dataset, rows: np.ndarray) -> Answers:
        """Calibrated answers for `rows` of encoded columns, in that order."""
        return self.task.calibrated(ask(self.network, data, rows, self.task), self.manifest["calibration"])

    def evaluate(self, data: Any) -> dict[str, Any]:
        """{"rows": n, "metrics": {…}, "rival": {…}} on labelled data, the rival graded by the same code.

        Data that come with a test part of their own (train/ and test/, a split column) are graded on that part alone.
        """
        graded = self.graded(data)
        out = {"rows": len(graded.rows), "metrics": clean(self.task.score(graded.records))}
        if self.rival is not None:
            out["rival"] = clean(self.task.score(self.rival_records(graded)))
        return out

    def rival_records(self, graded: Graded) -> Records:
        """The classical rival's answers to the same rows, graded by the same code. Raises BundleError where there is none."""
        if self.rival is None:
            raise BundleError(f"{self.path} has no classical rival yet.", "Its training did not reach the end.", "Continue it with --resume.")
        theirs = self.task.plain(self.rival.predict(graded.frame[graded.rows]))
        theirs = self.task.calibrated(theirs, self.manifest.get("rival", {}).get("calibration", {}))
        return self.task.grade(theirs, graded.truth)

    def graded(self, data: Any) -> Graded:
        """The model's answers to labelled data, graded row by row."""
        target = self.schema.target
        table = self.task.reframe(open_table(data, target=target.name, limits=self.config.limits, conventions=self.conventions), self.config.target, asking=False)
        if target.name not in table.frame.columns:
            raise DataError(
                f"There is no column {target.name!r} to compare with.", "", nearest(target.name, table.frame.columns, label="Columns")
            )
        frame = self._frame(test_part(table))
        frame = frame.filter(frame[target.name].is_not_null())
        if not frame.height:
            raise DataError(f"No row has a value of {target.name!r} to compare with.", "", "Check the file.")
        answers, kept = self.answers(frame)
        bad = strangers(frame, self.schema)
        codes = registry.get("modalities", target.modality).encode(frame[target.name], target.state, bad)
        truth = self.task.truth(codes, target)[kept]
        known = np.isfinite(truth) if truth.dtype.kind == "f" and truth.ndim == 1 else np.ones(len(truth), bool)
        known &= ~np.isin(kept, list(bad))
        answers = {name: values[known] for name, values in answers.items()}
        return Graded(frame, kept[known], truth[known], self.task.grade(answers, truth[known]))

    @cached_property
    def rival(self) -> Any | None:
        """The classical rival that was trained beside the model, or None."""
        path = self.path / "rival.skops"
        if not path.exists():
            return None
        from ..baselines._store import load

        rival = load(path.read_bytes())
        counted = self.task.kind in ("classes", "labels")  # what answers by chances must know as many; others answer in the task's own form
        if (rival.kind, rival.schema) != (self.task.kind, self.schema) or (counted and rival.classes != self.task.outputs(self.schema.target)):
            raise damaged(self.path, "its classical rival answers another question")
        return rival

    def report(self) -> dict[str, Any]:
        """The report as a dictionary; the page is `report_path`."""
        path = self.path / "report.json"
        if not path.exists():
            raise BundleError(f"{self.path} has no report yet.", "Its training did not reach the end.", "Continue it with --resume.")
        return json.loads(path.read_text("utf-8"))

    @property
    def report_path(self) -> Path:
        return self.path / "report.html"

    def _frame(self, frame: pl.DataFrame) -> pl.DataFrame:
        missing = [c.name for c in self.schema.inputs if c.name not in frame.columns]
        if self.task.lenient and len(missing) < len(self.schema.inputs):
            return frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
        if missing:
            raise DataError(
                f"The data lack {len(missing)} column(s) the model reads: {', '.join(missing[:8])}.",
                "",
                nearest(missing[0], frame.columns, label="Columns there"),
            )
        return frame

    def __repr__(self) -> str:
        scores = ", ".join(f"{k} {v:.4g}" for k, v in list(self.metrics.items())[:3])
        return f"<engineroom model {self.path}: {self.manifest['task']} of {self.schema.target.name!r}; {scores}>"


def test_part(table: Table) -> pl.DataFrame:
    """The rows that a source marks as test, or all where it marks none."""
    for name, hint in table.hints.items():
        if hint.get("role") == "split" and (table.frame[name] == "test").any():
            return table.frame.filter(table.frame[name] == "test")
    return table.frame


def check_example(directory: Path, schema: Schema, example: Batch) -> None:
    """The stored inputs have the shapes that the fitted states promise."""
    for one in input_fields(schema):
        modality = registry.get("modalities", one.modality)
        if example.get(one.name) is None or not modality.check(one.states[0], example[one.name]):
            raise damaged(directory, f"the stored inputs do not fit column {one.columns[0].name!r}")


def build(directory: Path, schema: Schema, config: Config, task, example: Batch, manifest: dict[str, Any]) -> nn.Module:
    """The network as described, before its weights. The file must hold as many networks as the description claims."""
    rows, networks = int(manifest["model"]["rows"]), int(manifest["model"]["networks"])
    if networks > 1 and not any(f"members.{networks - 1}." in name for name in tensor_shapes(directory, "weights.safetensors")):
        raise ValueError(f"{networks} networks are claimed")
    return mirrored(assemble(schema, config, task, example, rows=rows, networks=networks), schema, task)


def fill(network: nn.Module, directory: Path, manifest: dict[str, Any]) -> None:
    """Load the weights; names and shapes are compared before a byte is read."""
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = tensor_shapes(directory, "weights.safetensors")
    if wanted != found:
        odd = sorted(set(wanted.items()) ^ set(found.items()))[:2]
        raise outdated(directory, manifest, f"the weights do not fit the network that is built here ({odd})")
    network.load_state_dict(read_tensors(directory, "weights.safetensors"), assign=True)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    network.eval()


def clean(scores: dict[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in scores.items() if np.isfinite(value)}
