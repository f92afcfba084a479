"""How long does it take, on one core? The least of a few times, for whatever else runs makes it longer and nothing
makes it shorter."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import torch

Made = TypeVar("Made")


def on_one_core(work: Callable[[], Made], times: int) -> tuple[float, Made]:
    """(seconds, what `work` gave the last time); nothing is learnt meanwhile."""
    threads, least = torch.get_num_threads(), float("inf")
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for _ in range(times):
                begun = time.perf_counter()
                made = work()
                least = min(least, time.perf_counter() - begun)
    finally:
        torch.set_num_threads(threads)
    return least, made
