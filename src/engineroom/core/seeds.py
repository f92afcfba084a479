"""WORDS: randomness as a pure function of the seed and the place where it is used, so that a resumed run draws the same
numbers."""

from __future__ import annotations

import hashlib

import numpy as np


def derive(seed: int, *place: int | str) -> int:
    """A 63-bit seed for one place ("split", "epoch", 3): stable across processes, platforms and resumes."""
    digest = hashlib.blake2b(repr((int(seed), *place)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def numpy_generator(seed: int, *place: int | str) -> np.random.Generator:
    return np.random.default_rng(derive(seed, *place))


def torch_generator(seed: int, *place: int | str):
    """A CPU torch.Generator for one place."""
    import torch

    return torch.Generator().manual_seed(derive(seed, *place))


def seed_everything(seed: int) -> None:
    """Seed the global generators (weight initialisation and dropout read torch's)."""
    import random

    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # third-party code may still read the legacy generator
    torch.manual_seed(derive(seed, "torch"))
