"""What most kinds of column share: stack arrays into tensors, leave training batches as they are."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ..core.config import LimitsConfig
from ..core.protocols import Ragged, State
from ..core.schema import Column

NO_BLANKS = (
    r"[\x{0E00}-\x{0EFF}\x{1000}-\x{109F}\x{1780}-\x{17FF}\x{3040}-\x{30FF}"
    r"\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{F900}-\x{FAFF}\x{20000}-\x{2FA1F}]"
)
UNBROKEN = 3  # letters of such a script in a word, roughly
SWAPPED = 0.3  # share of a table's cells that another look takes from other rows


class Base:
    """Defaults for a fixed-size column without augmentation."""

    is_scalar = False
    layouts: tuple[str, ...] = ()
    signal_type = ""  # what the stem's signal is to a backbone: set (columns in no order), words, steps, picture, graph
    backbones: tuple[str, ...] = ()  # backbones that make sense, the usual choice first
    group_name = ""  # what the rows of one group share, in words: "Bemis-Murcko scaffold"
    paired_with = ""  # kind of input with which a target of this modality moves when it is augmented
    is_categorical = False  # is a value one of the words in state["values"]?
    is_noise = False  # is it what differs where the same is asked for, rather than something that is asked for?
    may_be_constant = False  # is there something to learn inside a value, even where all rows hold the same?
    # is a missing value nothing at all, so that a row of such columns alone has no answer? Pictures, sounds, molecules
    needs_value = False
    ensemble: tuple[str, ...] = ()  # backbones of an ensemble; () = all of the usual one

    def fit_with_hints(self, values: pl.Series, *, limits: LimitsConfig, facts: State) -> dict[str, Any]:
        """The state that training rows give, given what the source or the task knows of the column besides (its hint's
        `facts`)."""
        return {**self.fit(values, limits=limits), **facts}

    def fit(self, values: pl.Series, *, limits: LimitsConfig) -> dict[str, Any]:
        raise NotImplementedError

    def detect(self, values: pl.Series) -> float:
        """Never by itself: a source, a task or the user says so."""
        return 0.0

    def notices(self, values: pl.Series, state: State) -> list[str]:
        """What reading these cells leaves out or changes, in plain words with counts: said before training and before
        answers."""
        return []

    def collate(self, arrays: Any, state: State) -> dict[str, Tensor]:
        """Arrays (B, …) → {"": (B, …)}; ragged rows → {"": (B, T, …) zero-padded, "_mask": (B, T) True = real}."""
        if isinstance(arrays, Ragged):
            return pad(arrays)
        return {"": torch.from_numpy(np.ascontiguousarray(arrays))}

    def augment(self, fields: dict[str, Tensor], state: State, generator: torch.Generator) -> dict[str, Tensor]:
        return fields

    def augment_view(
        self, fields: dict[str, Tensor], states: Sequence[State], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The same rows (B, …) looked at otherwise, for learning without answers: stronger than `augment`, since nobody
        says what must not change.

        Scalar columns: some cells come from other rows (Bahri et al. 2022).
        """
        if self.is_scalar:
            return {**fields, "": swapped(fields[""], generator)}
        return self.augment(fields, states[0], generator)

    def mask_spec(self, columns: Sequence[Column]) -> dict[str, Any] | None:
        """What of these columns can be hidden and told from the rest (modalities/masking/_masked_values.py), as plain
        JSON; None: they are always shown whole."""
        return None

    def augment_pair(
        self,
        own: dict[str, Tensor],
        said: dict[str, Tensor],
        state: State,
        target_state: State,
        generator: torch.Generator,
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Change an input and this target together, so that the one still answers the other; called where `paired_with`
        says so."""
        return own, said

    def link_to_input(self, state: dict[str, Any], other: State) -> dict[str, Any]:
        """A target's state once the input that it follows is fitted too."""
        return state

    def validate_pair(self, values: pl.Series, others: pl.Series, state: State, damaged: dict[int, str]) -> None:
        """Name in `damaged` the rows of a target that do not belong to the input that it follows."""

    def initialise_stem(self, stems: Sequence[Any], rows: Callable[[], Any]) -> None:
        """Prepare fresh stems, in place, by the encoded training rows; most kinds begin at random."""

    def labels(self, values: pl.Series, state: State) -> list[str | None] | None:
        """Every class label in the cells of a target, one after another; None where the kind has no classes."""
        return None

    def rename_labels(self, values: pl.Series, state: State, names: Mapping[str, str]) -> pl.Series | None:
        """The cells with labels exchanged by `is_categorical`; None where that is not possible."""
        return None

    def group_ids(self, values: pl.Series) -> pl.Series:
        """What `split.by=group` keeps together: the values themselves, or a coarser likeness that `group_name`
        names."""
        return values

    def canonical(self, values: pl.Series) -> pl.Series | None:
        """One text a value, where the same thing can be written in several ways; None where equal means equal."""
        return None

    def reference(self, x: Tensor, states: Sequence[State]) -> Tensor:
        """A field (B, …) with nothing special in it, for explanations that take parts away; zero is the middle of what
        is standardised."""
        return torch.zeros_like(x)

    def token_names(self, row: Tensor, state: State) -> list[str]:
        """Names of the steps of one encoded row, where a person reads steps (words); else none."""
        return []

    def typical_length(self, state: State) -> int:
        """How long a sequence of this column usually is; 0 where all batches have one shape. Networks are sized by it,
        never by a batch."""
        return 0

    def validate_example(self, state: State, tensor: Tensor) -> bool:
        """Does a stored example (B, …) have the shape that `state` promises? Keeps a forged state from asking for
        absurd memory."""
        return True

    def to_html(self, value: Any, state: State) -> str:
        return html.escape("" if value is None else str(value)[:300])


def swapped(x: Tensor, generator: torch.Generator, share: float = SWAPPED) -> Tensor:
    """(B, C, …): each cell is, with a chance of `share`, that of another row of the batch, so that columns stay what
    they are and rows do not."""
    B, C = x.shape[:2]
    chosen = torch.rand((B, C), generator=generator) < share
    other = torch.rand((B, C), generator=generator).argsort(0)  # an order of its own for every column
    index = torch.where(chosen, other, torch.arange(B)[:, None])
    return x.gather(0, index.view(B, C, *[1] * (x.ndim - 2)).expand_as(x))


def mostly(texts: pl.Series, pattern: str) -> bool:
    """Do more than nine of ten texts match?"""
    return int(texts.str.to_lowercase().str.contains(pattern).sum()) > 0.9 * len(texts)


def words_a_cell(texts: pl.Series) -> float:
    """Mean number of words; scripts that set no blanks between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese)
    count a word for UNBROKEN letters."""
    words = np.maximum(
        texts.str.count_matches(r"\S+").to_numpy(), texts.str.count_matches(NO_BLANKS).to_numpy() / UNBROKEN
    )
    return float(np.mean(words)) if len(words) else 0.0


def pad(rows: Ragged) -> dict[str, Tensor]:
    """Ragged rows → zero-padded (B, T, …) and mask (B, T). An empty row keeps one padded step so that T ≥ 1."""
    longest = max(1, int(rows.lengths.max(initial=1)))
    steps = np.arange(longest)
    mask = steps[None, :] < rows.lengths[:, None]
    data = np.zeros((len(rows.lengths), longest, *rows.flat.shape[1:]), rows.flat.dtype)
    data[mask] = rows.flat
    mask[rows.lengths == 0, 0] = True
    return {"": torch.from_numpy(data), "_mask": torch.from_numpy(mask)}


def each_cell(
    cells: Iterable[Any], work: Callable[[Any], np.ndarray], damaged: dict[int, str], blank: np.ndarray
) -> list[np.ndarray]:
    """Decode cells with two threads; a cell that fails becomes `blank` and its reason lands in `damaged`."""

    def one(pair: tuple[int, Any]) -> np.ndarray:
        index, cell = pair
        if cell is None:
            return blank
        try:
            return work(cell)
        except FileNotFoundError:
            damaged[index] = "the file is not there"
            return blank
        except (OSError, ValueError, RuntimeError, SyntaxError, MemoryError) as error:
            damaged[index] = str(error) or type(error).__name__
            return blank

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, enumerate(cells)))


def from_json(cell: Any, words: str) -> Any:
    """A cell that is JSON as what it says, any other as it is. Raises ValueError beginning with `words` ("boxes
    are")."""
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except json.JSONDecodeError as error:
        raise ValueError(f"{words} no JSON ({error.msg} at character {error.pos})") from None
