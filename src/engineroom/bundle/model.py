"""A trained model as a user holds it: load, predict, evaluate, report."""

from __future__ import annotations

import json
import os
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from torch import nn

from ..core.batch import Predictions, RowResults
from ..core.config import Config
from ..core.errors import BundleError, DataError, UserError, nearest
from ..core.schema import Schema
from ..data.dataset import Dataset, encode_table
from ..data.loading import open_table
from ..evaluation.ensemble_selection import NAMES, Selection, combine
from ..evaluation.predict import ask, because
from ..tasks._base import make_task
from .answered import file_names, in_place, reading_notes, renamed_media, with_facts, with_files
from .format import bundle_directory, damaged, read_manifest, read_tensors, version_error
from .golden import check_golden, golden_batch
from .grading import Graded, evaluation, grade_data
from .load_network import build, check_example, fill
from .notices import notices
from .rows import empty_rows, for_new_files, with_gaps, with_names

UNFINISHED = {"use": "deep", "reason": "Its training did not reach the end."}


class Model:
    """A trained model: a bundle that has been loaded. `path` is its directory, `schema` its columns, `metrics` what it
    achieved on its test split."""

    def __init__(self, path: Path, manifest: dict[str, Any], network: nn.Module) -> None:
        self.path, self.manifest, self.network = path, manifest, network
        self.config = for_new_files(Config.model_validate(manifest["config"]))
        self.schema = Schema.from_json(manifest["schema"])
        self.task = make_task(manifest["task"], self.config.options).for_target(self.schema.target)
        self.metrics: dict[str, float] = manifest.get("metrics", {})
        self.selection = Selection.from_json(manifest.get("answer", UNFINISHED))
        self.conventions: dict[str, Any] | None = manifest.get("conventions")  # how the cells of each column are read
        self.gaps: dict[int, str] = {}  # those of them that it could not read, and why
        self.damaged: dict[int, str] = {}  # of the rows asked last: what cannot be read, and why
        # of the rows asked last: their files, below the folder they were read from
        self.files: list[str | None] | None = None
        self.notes: list[str] = []  # what is to be said of the rows asked last
        self.described = self.schema  # with what the source of the rows asked last knows of the answers
        # of the rows asked last: cells that do not parse, categories never seen, by column
        self.counts: dict[str, dict[str, int]] = {}

    @property
    def deep_metrics(self) -> dict[str, float]:
        """The scores of the network alone on the test split, whatever answers."""
        return self.manifest.get("deep", {}).get("metrics", self.metrics)

    @classmethod
    def load(cls, path: str | Path) -> Model:
        """Read a run directory or bundle. Everything is checked, then five stored inputs must give their stored
        outputs."""
        directory = bundle_directory(path)
        manifest = read_manifest(directory)
        try:
            schema = Schema.from_json(manifest["schema"])
            config = Config.model_validate(manifest["config"])
            golden = read_tensors(directory, "golden.safetensors")
            example, expected = golden_batch(golden)
            check_example(directory, schema, example)
            task = make_task(manifest["task"], config.options).for_target(schema.target)
            network = build(directory, schema, config, task, example, manifest)
            Selection.from_json(manifest.get("answer", UNFINISHED))
        except (BundleError, MemoryError):
            raise
        except (UserError, KeyError, TypeError, ValueError, IndexError, RuntimeError, AttributeError) as error:
            raise version_error(
                directory,
                manifest,
                f"its description does not fit together here ({type(error).__name__}: {str(error)[:100]})",
            ) from None
        fill(network, directory, manifest)
        check_golden(directory, network, example, expected)
        return cls(directory, manifest, network)

    def network_alone(self) -> Model:
        """The same model, answering with the network whatever validation recommended: what an explanation looks
        into."""
        alone = copy(self)
        alone.selection = Selection("deep", "asked for")
        return alone

    def predict(self, data: Any, use: str = "best") -> pl.DataFrame:
        """One row per input row, in the same order: `prediction`, and `probability` and `probability_<class>` for
        classes, `low` and
        `high` for numbers; first of all `file` where rows come from files. Rows that cannot be read are null
        throughout. `use`: deep, baseline, blend, or best, what validation rows recommended."""
        frame = self.open(data)
        encoded, kept = self.encoded(frame)
        answers = self.combined(frame, encoded, kept, use)
        if self.selection.resolve(use) != "baseline":  # evidence is the network's
            answers = because(self.network, encoded, kept, answers, self.task)
        out = self.task.to_frame(answers, self.schema.target, frame[kept])
        out = in_place(out, kept, frame.height)
        return with_files(with_names(out, frame), self.files).drop("_row", strict=False)

    def save(self, data: Any, path: str | Path, use: str = "best") -> int:
        """Predict and write in the format that the ending of `path` names, where the task has one; how many rows were
        answered."""
        frame, path = self.open(data), Path(path)
        if path.suffix.lower() not in self.task.extensions:
            known = ", ".join(one or "a folder" for one in self.task.extensions) or "none beyond tables"
            raise UserError(
                f"{path.name} is no format of this model.",
                f"Its own formats: {known}.",
                "Or write a table: .csv, .jsonl, .parquet",
            )
        answers, kept = self.answers(frame, use)
        self.task.write(answers, frame[kept].with_columns(pl.Series("_row", kept)), self.described, path)
        return len(kept)

    def open(self, data: Any) -> pl.DataFrame:
        """The rows to answer, with every column the model reads. A row that the source could not read is null
        throughout, so that there is one answer a row. `files` are the files they come from, None where they come from
        none."""
        table = open_table(
            data, limits=self.config.limits, task=self.manifest["task"], inference=True, conventions=self.conventions
        )
        self.gaps = dict(table.gaps)
        table = renamed_media(table, self.schema)
        self.described = with_facts(self.schema, table)
        framed = self.task.build_samples(table, self.config.target, inference=True)
        frame = self._frame(framed.frame)
        self.notes, self.counts = notices(table, framed, frame, self.schema)
        frame = with_gaps(frame, table.gaps) if frame.height == len(table) else frame
        self.files = file_names(frame, self.schema, table.root) if isinstance(data, str | os.PathLike) else None
        return frame

    def answers(self, frame: pl.DataFrame, use: str = "best") -> tuple[Predictions, np.ndarray]:
        """(calibrated answers, rows they are for): damaged rows have none."""
        data, kept = self.encoded(frame)
        return self.combined(frame, data, kept, use), kept

    def combined(self, frame: pl.DataFrame, data: Dataset, rows: np.ndarray, use: str = "best") -> Predictions:
        """Calibrated answers of the deep model, the classical baseline or the blend of both for `rows` of `frame`,
        whose encoded columns are `data`."""
        use = self.selection.resolve(use)
        if use == "deep":
            return self.respond(data, rows)
        self.notes.append(f"Answered by {NAMES[use]}{f': {self.selection.words}' if use == 'blend' else ''}.")
        theirs = self.baseline_answers(frame[rows])
        return theirs if use == "baseline" else combine(self.task, self.respond(data, rows), theirs, self.selection)

    def encoded(self, frame: pl.DataFrame) -> tuple[Dataset, np.ndarray]:
        """(the columns the model reads as it reads them, the rows that could be read); `damaged` says what is wrong
        with the others."""
        data = encode_table(frame, self.schema, target=False)
        for row in empty_rows(frame, self.schema):
            data.damaged.setdefault(row, self.gaps.get(row, "none of its inputs is filled in"))
        self.notes += reading_notes(frame, self.schema)
        kept = np.array([row for row in range(len(data)) if row not in data.damaged], dtype=np.int64)
        if not len(kept):
            reasons = "; ".join(f"row {row}: {why}" for row, why in list(data.damaged.items())[:5])
            raise DataError("None of the rows can be read.", reasons or "There are no rows.", "Check the file.")
        self.damaged = dict(sorted(data.damaged.items()))
        return data, kept

    def respond(self, data: Dataset, rows: np.ndarray) -> Predictions:
        """Calibrated answers for `rows` of encoded columns, in that order."""
        return self.task.apply_calibration(ask(self.network, data, rows, self.task), self.manifest["calibration"])

    def evaluate(self, data: Any, use: str = "best") -> dict[str, Any]:
        """{"rows": n, "answer": deep, baseline or blend, "metrics": {…} of it, "deep": {…}, "baseline": {…}, "notes":
        […]} on labelled data, all graded by the same code over the same rows.

        Data that come with a test part of their own (train/ and test/, a split column of theirs or of the run) are
        graded on that part alone. "unknown_classes" counts labels that the model does not know: their rows count as
        wrong in every score.
        """
        return evaluation(self, self.graded(data, use), use)

    def baseline_answers(self, frame: pl.DataFrame) -> Predictions:
        """The classical baseline's calibrated answers. Raises BundleError where there is none."""
        if self.baseline is None:
            raise BundleError(
                f"{self.path} has no classical baseline yet.",
                "Its training did not reach the end.",
                "Continue it with --resume.",
            )
        theirs = self.task.from_baseline(self.baseline.predict(frame))
        return self.task.apply_calibration(theirs, self.manifest.get("baseline", {}).get("calibration", {}))

    def baseline_records(self, graded: Graded) -> RowResults:
        """The classical baseline's answers to the same rows, graded by the same code."""
        return self.task.score_rows(self.baseline_answers(graded.frame[graded.rows]), graded.truth)

    def graded(self, data: Any, use: str = "best") -> Graded:
        """The model's answers to labelled data, graded row by row."""
        return grade_data(self, data, use)

    @cached_property
    def baseline(self) -> Any | None:
        """The classical baseline that was trained beside the model, or None."""
        path = self.path / "baseline.skops"
        if not path.exists():
            return None
        from ..baselines._estimator import load

        baseline = load(path.read_bytes())
        # what answers by chances must know as many; others answer in the task's own form
        counted = self.task.output_type in ("classes", "labels")
        if (baseline.kind, baseline.schema) != (self.task.output_type, self.schema) or (
            counted and baseline.classes != self.task.output_size(self.schema.target)
        ):
            raise damaged(self.path, "its classical baseline answers another question")
        return baseline

    def report(self) -> dict[str, Any]:
        """The report as a dictionary; the page is `report_path`."""
        path = self.path / "report.json"
        if not path.exists():
            raise BundleError(
                f"{self.path} has no report yet.", "Its training did not reach the end.", "Continue it with --resume."
            )
        return json.loads(path.read_text("utf-8"))

    @property
    def report_path(self) -> Path:
        return self.path / "report.html"

    def _frame(self, frame: pl.DataFrame) -> pl.DataFrame:
        missing = [c.name for c in self.schema.inputs if c.name not in frame.columns]
        if self.task.allow_missing_columns and len(missing) < len(self.schema.inputs):
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
