"""How near is a written text to the reference? BLEU and chrF (sacreBLEU: Post 2018, Popović 2015) and ROUGE (Lin 2004),
as sums over rows, so that intervals are quick. ROUGE: F1 of single words, of pairs, and of the longest common
subsequence; lower case, letters and digits, no stemming."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from ..core.batch import RowResults
from ..core.errors import UserError, install_hint

ORDERS = 4  # n-grams of BLEU
WORD = re.compile(r"\w+")


def require() -> None:
    """Raises UserError where sacreBLEU is missing."""
    if find_spec("sacrebleu") is None:
        raise UserError("Judging written texts needs sacrebleu.", "It is not installed.", install_hint("language"))


def graded(said: Sequence[str], truth: Sequence[str]) -> RowResults:
    """One small record a row: what BLEU and chrF add up, and the three ROUGE scores."""
    require()
    from sacrebleu.metrics import BLEU, CHRF

    said, truth = list(said), list(truth)
    bleu = BLEU()._extract_corpus_statistics(said, [truth]) if said else np.zeros((0, 2 + 2 * ORDERS))
    chrf = CHRF()._extract_corpus_statistics(said, [truth]) if said else np.zeros((0, 18))
    return {
        "bleu": np.array(bleu, np.int32),
        "chrf": np.array(chrf, np.int32),
        "rouge": np.array([rouge(a, b) for a, b in zip(said, truth, strict=True)], np.float32).reshape(-1, 3),
        "exact": np.array([a == b for a, b in zip(said, truth, strict=True)], np.float32),
    }


def scores(records: RowResults) -> dict[str, float]:
    """BLEU and chrF of the whole, from 0 to 100; means of ROUGE, and of how many are the reference to the letter, from
    0 to 1."""
    rows = max(1, len(records["bleu"]))
    one, two, longest = (float(value) for value in records["rouge"].sum(0) / rows)
    out = {"bleu": bleu_of(records["bleu"].sum(0)), "chrf": chrf_of(records["chrf"].sum(0))}
    return out | {"rouge_1": one, "rouge_2": two, "rouge_l": longest, "exact": float(records["exact"].sum()) / rows}


def bleu_of(sums: np.ndarray, *, effective: bool = False) -> float:
    """(10,) lengths, matches and totals → BLEU; `effective`: only the orders that a short text has, for single
    texts."""
    from sacrebleu.metrics import BLEU

    numbers = [int(value) for value in sums]
    correct, total = numbers[2 : 2 + ORDERS], numbers[2 + ORDERS :]
    return float(
        BLEU.compute_bleu(correct, total, numbers[0], numbers[1], smooth_method="exp", effective_order=effective).score
    )


def chrf_of(sums: np.ndarray) -> float:
    from sacrebleu.metrics import CHRF

    return float(CHRF()._compute_score_from_stats([int(value) for value in sums]).score)


def rouge(said: str, truth: str) -> tuple[float, float, float]:
    """(ROUGE-1, ROUGE-2, ROUGE-L), F1; the last by the longest common subsequence."""
    from rapidfuzz.distance import LCSseq

    a, b = WORD.findall(said.lower()), WORD.findall(truth.lower())
    found = []
    for n in (1, 2):
        mine, theirs = (Counter(zip(*(words[k:] for k in range(n)), strict=False)) for words in (a, b))
        found.append(f1((mine & theirs).total(), mine.total(), theirs.total()))
    return found[0], found[1], f1(LCSseq.similarity(a, b), len(a), len(b))


def f1(hits: int, mine: int, theirs: int) -> float:
    return 2 * hits / (mine + theirs) if hits else 0.0
