"""An eye of the run's own: a small classifier of what is asked for, taught on the training rows alone, whose features
made and real pictures are compared by.

The Fréchet distance is usually taken in the features of a network that has seen a million photographs (Heusel et al.
2017). Digits, tiles and faces are none, and no network from elsewhere is at hand; one that tells these very kinds apart
looks at what matters here. It is kept in the target's state.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.protocols import State
from ...core.schema import Schema
from ...layers.feature_extractor import WIDTH, Eye

STEPS, BATCH, RATE, DECAY = 500, 64, 3e-3, 0.05  # by number, never by the clock: the same rows give the same eye
SHIFT = 2  # pixels by which a picture is moved, so that few pictures are not learnt by heart
MOST_KINDS = 100
MOST_CHANNELS = 256  # a clip's frames are channels
BATCHED = 500  # pictures looked at at a time


def taught_eye(schema: Schema, data: Any, seed: int) -> Schema:
    """The schema with an "eye" in the target's state, where a column of classes says what is to be made; else as it
    is."""
    conditions = [c for c in schema.inputs if c.modality == "category"]
    kinds = len(conditions[0].state["values"]) if conditions else 0
    rows = data.splits["train"]
    if not 2 <= kinds <= MOST_KINDS or len(rows) < 2 * kinds:
        return schema
    target = schema.target
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        eye = teach(data, rows, Eye(target.state["channels"], kinds), torch.Generator().manual_seed(seed))
    pictures, answers = read(data, data.splits["val"])
    right = float((see(eye, pictures)[1].argmax(1) == answers)[answers >= 0].float().mean())
    spread = float(see(eye, read(data, rows[:: max(1, len(rows) // 2_000)])[0])[0].var(0).mean())
    weights = torch.cat([one.flatten() for one in eye.state_dict().values()]).numpy().astype("<f2")
    said = {
        "of": conditions[0].name,
        "kinds": kinds,
        "right": right,
        "spread": spread,
        "weights": base64.b64encode(weights.tobytes()).decode(),
    }
    return schema.with_column(replace(target, state={**target.state, "eye": said}))


def teach(data: Any, rows: np.ndarray, eye: Eye, generator: torch.Generator) -> Eye:
    """The eye after STEPS batches of training rows."""
    optimizer = torch.optim.AdamW(eye.parameters(), lr=RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    eye.train()
    for _ in range(STEPS):
        picked = np.sort(rows[torch.randint(len(rows), (min(BATCH, len(rows)),), generator=generator).numpy()])
        pictures, answers = read(data, picked)
        moved = torch.randint(2 * SHIFT + 1, (2,), generator=generator).tolist()
        S = pictures.shape[-1]
        pictures = F.pad(pictures, (SHIFT,) * 4, mode="replicate")[
            ..., moved[0] : moved[0] + S, moved[1] : moved[1] + S
        ]
        loss = F.cross_entropy(eye(pictures)[1], answers, ignore_index=-1, label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        pace.step()
    return eye.eval()


def read(data: Any, rows: np.ndarray) -> tuple[Tensor, Tensor]:
    """Pictures (B, C, S, S) from -1 to 1 and their kinds (B,), -1 = unknown."""
    batch = data.batch(rows)
    return batch["target"].float() / 127.5 - 1, batch["block:category"][:, 0].long() - 1


def see(eye: Eye, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """(features (N, WIDTH), log odds (N, K)), without a gradient."""
    with torch.no_grad():
        parts = [eye(part) for part in pictures.split(BATCHED)] if len(pictures) else [eye(pictures)]
    return torch.cat([one for one, _ in parts]), torch.cat([two for _, two in parts])


@lru_cache(maxsize=8)
def stored_eye(weights: str, channels: int, kinds: int) -> Eye:
    """The eye of a stored state."""
    if not (1 <= channels <= MOST_CHANNELS and 2 <= kinds <= MOST_KINDS):
        raise ValueError("The stored eye has an impossible shape.")
    eye = Eye(channels, kinds)
    flat = torch.from_numpy(np.frombuffer(base64.b64decode(weights), "<f2").astype(np.float32))
    sizes = {name: one.shape for name, one in eye.state_dict().items()}
    parts = flat.split([shape.numel() for shape in sizes.values()])
    eye.load_state_dict({name: part.view(shape) for (name, shape), part in zip(sizes.items(), parts, strict=True)})
    return eye.eval()


def seen(pictures: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray]:
    """(N, C, S, S) uint8 → features (N, WIDTH), each of variance 1 on average on the training rows, and what the eye
    takes each for (N,)."""
    said = state["eye"]
    eye = stored_eye(said["weights"], int(state["channels"]), int(said["kinds"]))
    features, odds = see(eye, torch.from_numpy(np.ascontiguousarray(pictures)).float() / 127.5 - 1)
    return features.numpy().astype(np.float64) / max(1e-6, said["spread"]) ** 0.5, odds.argmax(1).numpy().astype(
        np.float64
    )


def eye_words(state: State) -> str:
    """By what pictures were compared, for the report."""
    if "eye" not in state:
        words = "Distances are between features made by hand (gradients by place, colours, a thumbnail): "
        return words + "nothing says which kinds there are, so no eye could be taught."
    said = state["eye"]
    return (
        f"Distances are between {WIDTH} features of a small classifier of {said['of']}, taught on the training rows "
        "alone "
        f"and right about {said['right']:.0%} of the validation rows. "
        "They compare models of this run's data, never figures from papers, whose features are others."
    )
