"""How many words were misheard? Edits (wrong, missing, too many) for what was said, by words and by characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def edits(said: Sequence[Any], true: Sequence[Any]) -> int:
    """Levenshtein distance of two sequences of letters, words or codes."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(said, true)


def scores(records: dict[str, np.ndarray]) -> dict[str, float]:
    """`wer`, `cer`: edits of all rows over the words (characters) of all rows; `exact`: rows without any; `commands`:
    rows from which the right thing is done."""
    found = {
        "wer": float(records["word_errors"].sum() / max(1, records["truth"].sum())),
        "cer": float(records["character_errors"].sum() / max(1, records["characters"].sum())),
        "exact": float((records["word_errors"] == 0).mean()),
    }
    found |= {"commands": float(records["obeyed"].mean())} if "obeyed" in records else {}
    return found | (
        {"log_loss": float(records["nats"].sum() / max(1, records["characters"].sum()))} if "nats" in records else {}
    )
