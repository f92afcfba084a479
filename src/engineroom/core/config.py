"""The configuration of a run: frozen and validated. Flags, YAML, keyword arguments and `--set a.b=c` all fill it in;
unknown keys fail at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import UserError, nearest


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnConfig(Frozen):
    """What the user says about one column; anything left out is inferred."""

    modality: str | None = None  # a column type: number, category, text, image, …
    # what the column is for
    role: Literal["input", "target", "id", "time", "group", "weight", "split", "ignore"] | None = None
    format: str | None = None  # of dates and times, as strptime takes it: "%m/%d/%Y"
    decimal: str | None = None  # the decimal mark of its numbers …
    thousands: str | None = None  # … and the thousands separator
    separator: str | None = None  # between the labels of a cell
    missing: list[str] | str | None = None  # words that stand for a missing value in a column of words; [] = none does


class SplitConfig(Frozen):
    """How rows become train, val and test."""

    # how rows are assigned; auto = stratified, or as given
    by: Literal["auto", "random", "stratified", "group", "time", "column"] = "auto"
    column: str | None = None  # the column for group, time and column splits
    test: float = Field(0.2, ge=0, lt=0.9)  # share of the rows
    val: float = Field(0.1, gt=0, lt=0.9)  # share of the rows
    near_duplicates: bool = True  # keep near duplicates on one side, not exact ones alone


class FormatConfig(Frozen):
    """How a text table or workbook is written, where the guess from its content fails."""

    encoding: str | None = None  # a codec's name: cp1251, shift_jis, gb18030, …
    delimiter: str | None = None  # one character, or "tab", "space"
    header_row: int | None = Field(None, ge=0)  # the line of the column names, counted from 1; 0 = there is none
    comment: str | None = None  # lines that begin so are no rows
    sheet: str | None = None  # of a workbook


class LimitsConfig(Frozen):
    """Bounds on what is read, so that strange data cannot exhaust the machine."""

    max_damaged: float = Field(0.05, ge=0, le=1)  # largest share of damaged files or rows that may be left out
    pixels: int = Field(64_000_000, gt=0)  # a larger picture counts as damaged
    # longest side of a picture that the network sees; None = what the task needs
    image_size: int | None = Field(None, ge=16)
    # of 16-bit pictures and of loudness: one for all rows, or each row stretched by itself
    scale: Literal["column", "each"] = "column"
    seconds: float = Field(20.0, gt=0)  # of each recording, from its start
    characters: int = Field(20_000, gt=0)  # of each text, from its start
    archive_bytes: int = Field(8_000_000_000, gt=0)  # unpacked size of an archive
    archive_files: int = Field(1_000_000, gt=0)  # most files of an archive
    format: FormatConfig = FormatConfig()


class ModelConfig(Frozen):
    """Which network. `auto` picks by data and budget and says why."""

    name: str = "auto"  # a backbone (--model)
    size: Literal["auto", "small", "medium", "large"] = "auto"  # of the backbone
    cell: Literal["lstm", "gru"] = "lstm"  # rnn only
    dropout: float | None = Field(None, ge=0, lt=1)  # None = by backbone and number of rows
    ensemble_size: int | None = Field(None, ge=1, le=64)  # ensemble members; None = by the number of rows


class TrainConfig(Frozen):
    """How long and how to learn. At most one of minutes, epochs, steps."""

    minutes: float | None = Field(None, gt=0)  # time budget of training
    epochs: int | None = Field(None, gt=0)  # passes over the training rows
    steps: int | None = Field(None, gt=0)  # batches
    until: str | None = None  # METRIC=VALUE on the validation split
    batch_size: int | None = Field(None, gt=0)  # rows per batch; None = by the training plan
    lr: float | None = Field(None, gt=0)  # peak learning rate; None = by the training plan
    weight_decay: float | None = Field(None, ge=0)  # of AdamW; None = by the training plan
    patience: int | None = Field(None, ge=1)  # validations without a better score before stopping
    augment: bool = True  # data augmentation
    precision: Literal["auto", "fp32", "bf16"] = "auto"  # auto = whichever is faster on real steps
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"  # auto = a GPU where there is one
    threads: int | None = Field(None, ge=1)  # CPU threads; None = whichever number is fastest on real steps
    checkpoint_seconds: float = Field(30.0, ge=0)  # at most this much work is lost by a crash


class Config(Frozen):
    """Everything a run needs; written into the run directory with nothing left implicit."""

    data: str = ""  # a file, folder or archive, or a named environment
    recipe: str | None = None  # ready-made settings for one purpose, below everything that is said besides
    target: str | None = None  # the column to predict
    test: str | None = None  # test data of their own
    task: str = "auto"  # auto = by the target column
    options: dict[str, bool | int | float | str] = Field(default_factory=dict)  # what the task alone understands
    columns: dict[str, ColumnConfig] = Field(default_factory=dict)  # by column name
    start: str | None = None  # a run whose weights and column states are the beginning (--from)
    seed: int = 0  # of all randomness
    run: str | None = None  # the run directory; None = runs/NAME-N
    split: SplitConfig = SplitConfig()
    limits: LimitsConfig = LimitsConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()


def known_keys(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """All dotted keys of the configuration."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from known_keys(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def set_key(values: dict[str, Any], key: str, value: Any) -> None:
    """Set the dotted `key` inside nested dictionaries. `columns.NAME.role` may hold dots in NAME."""
    parts = key.split(".")
    if parts[0] == "columns" and len(parts) > 3:
        parts = ["columns", ".".join(parts[1:-1]), parts[-1]]
    for part in parts[:-1]:
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            raise UserError(
                f"{key!r} goes through {part!r}, which is no group of settings.", "", nearest(key, known_keys())
            )
        values = inner
    values[parts[-1]] = value


def parse_assignments(pairs: list[str]) -> dict[str, Any]:
    """`["train.lr=0.01", …]` → nested dictionaries; values are read as YAML (numbers, true/false, null, text)."""
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise UserError(f"--set {pair!r} is not of the form key=value.", "", "Example: --set train.lr=0.001")
        try:
            value = yaml.safe_load(text) if text else None
        except yaml.YAMLError:
            value = text
        set_key(values, key.strip(), value)
    return values


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers win; groups are merged key by key."""
    out: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = out.get(key)
            out[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return out


def make_config(*layers: Mapping[str, Any]) -> Config:
    """Validate the merged layers; every error names the key, the value and what would fit."""
    try:
        config = Config.model_validate(merge(*layers))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise UserError(f"Unknown setting {key!r}.", "", nearest(key, known_keys(), label="Settings")) from None
        raise UserError(f"Setting {key!r} cannot be {first.get('input')!r}.", str(first["msg"]) + ".") from None
    budgets = [name for name in ("minutes", "epochs", "steps") if getattr(config.train, name) is not None]
    if len(budgets) > 1:
        raise UserError(
            f"Two budgets at once: {' and '.join(budgets)}.",
            "A run ends by one clock.",
            f"Keep one, for example --{budgets[0]}.",
        )
    return config


def read_yaml(path: str | Path) -> dict[str, Any]:
    """A YAML file that holds what flags hold."""
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"There is no configuration file {path}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not readable YAML.", str(error).splitlines()[0]) from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no settings.", "It must be a mapping such as `target: price`.")
    return values


def write_yaml(config: Config) -> str:
    import yaml

    return yaml.safe_dump(config.model_dump(), sort_keys=False, allow_unicode=True)
