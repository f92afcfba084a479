"""A small GPT on tiny Shakespeare in nanoGPT's setting for a CPU: 4 layers, 4 heads, width 128, context 64, batches of
12.

    python bench/nanogpt.py [--steps 2000] [--rounds 7] [--each 40] [--data FOLDER] [--run DIR]

First tokens a second: our whole road (windows drawn from the encoded corpus, forward, loss, backward, clip, step, a
falling rate, events) against a hand-written twin of nanoGPT's loop (random windows by torch.stack, fused attention,
AdamW), both in this process, in turns, one thread. Then the run itself (--steps 0 leaves it out): its loss on the last
tenth of the text as nanoGPT estimates it (random windows of 64, all places; 200 batches), and as our examination has it
(windows that overlap by half).
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import engineroom as er
from engineroom.api import with_recipe
from engineroom.core import registry
from engineroom.core.config import make_config
from engineroom.data.dataset import BatchSampler
from engineroom.decoding.sampling import batch_of
from engineroom.engine.callbacks.guards import TerminateOnNaN
from engineroom.engine.dispatch import follow
from engineroom.engine.loop import learn
from engineroom.engine.precision import probe
from engineroom.engine.schedule import Schedule
from engineroom.modalities.text.text_corpus import encode_texts
from engineroom.networks.multi_column import assemble
from engineroom.prepare import prepare

LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
SETTINGS = {
    "recipe": "language_modeling",
    "options": {"context": CONTEXT},
    "model": {"name": "gpt", "size": "small"},
    "train": {"batch_size": BATCH, "threads": 1},
    "split": {"val": 0.03},
}


class Block(nn.Module):
    """As nanoGPT writes it (model.py), biases off, dropout 0."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH, bias=False), nn.LayerNorm(WIDTH, bias=False)
        self.c_attn, self.c_proj = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.c_fc, self.mlp_proj = nn.Linear(WIDTH, 4 * WIDTH, bias=False), nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, C = x.size()
        q, k, v = self.c_attn(self.ln_1(x)).split(WIDTH, dim=2)
        q, k, v = (part.view(B, T, HEADS, C // HEADS).transpose(1, 2) for part in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=None, dropout_p=0, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x))))


class Twin(nn.Module):
    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH, bias=False)
        self.lm_head = nn.Linear(WIDTH, vocabulary, bias=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)
        self.lm_head.weight = self.wte.weight

    def forward(self, idx: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1)))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


def by_hand(vocabulary: int, data: np.ndarray):
    """A function that takes n steps of nanoGPT's loop (train.py), and its seconds."""
    model = Twin(vocabulary)
    matrices, rest = [p for p in model.parameters() if p.dim() >= 2], [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    count = 0

    def steps(n: int) -> float:
        nonlocal count
        begun = time.perf_counter()
        for _ in range(n):
            count += 1
            rate = 1e-4 + 0.5 * (1 + math.cos(math.pi * min(1, count / 2000))) * 9e-4
            for group in optimizer.param_groups:
                group["lr"] = rate
            ix = torch.randint(len(data) - CONTEXT, (BATCH,))
            x = torch.stack([torch.from_numpy(data[i : i + CONTEXT].astype(np.int64)) for i in ix])
            y = torch.stack([torch.from_numpy(data[i + 1 : i + 1 + CONTEXT].astype(np.int64)) for i in ix])
            loss = model(x, y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return time.perf_counter() - begun

    return steps


def by_engine(ready, config):
    """The same for our road."""
    batches = BatchSampler(ready.data, BATCH, 0)
    model = assemble(
        ready.schema,
        config,
        ready.task,
        ready.data.batch(ready.data.splits["train"][:2]),
        rows=ready.learners,
        networks=1,
    ).train()
    schedule = Schedule(2001)
    cast = nn.ModuleDict({"model": model})

    def players_of(cast, precision, schedule=None):
        return registry.get("objectives", "supervised").make_learners(
            cast, ready.task, schedule or Schedule(10), precision, lr=1e-3, weight_decay=0.1
        )

    precision, found = probe(cast, players_of, batches.batch(2), "auto", "cpu", 1)
    print(f"arithmetic by the probe: {precision.name} {found['seconds_per_step']}")
    players = players_of(cast, precision, schedule)
    count = 0

    def steps(n: int) -> float:
        nonlocal count
        begun = time.perf_counter()
        last = count + n
        follow(learn(batches(count + 1, lambda: last), players), [TerminateOnNaN()])
        count = last
        return time.perf_counter() - begun

    return steps


def speed(data: Path, rounds: int, each: int) -> None:
    config = make_config(with_recipe(SETTINGS).model_dump(), {"data": str(data), "run": tempfile.mkdtemp() + "/r"})
    ready = prepare(config, None, None, lambda line: None)
    ready.run.release()
    codes = ready.data.stores["column:text"].take(ready.data.splits["train"]).flat
    torch.manual_seed(0)
    ours, theirs = by_engine(ready, config), by_hand(ready.task.output_size(ready.schema.target), codes)
    ours(5), theirs(5)
    pairs = [(ours(each), theirs(each)) for _ in range(rounds)]
    rates = [each * BATCH * CONTEXT / min(part) for part in zip(*pairs, strict=True)]
    print(f"tokens a second: ours {rates[0]:,.0f}, twin {rates[1]:,.0f} (best round of {rounds})")
    print(
        f"ratio of times, twin / ours: median {statistics.median(b / a for a, b in pairs):.3f}, best rounds "
        f"{rates[0] / rates[1]:.3f}"
    )


def quality(data: Path, steps: int, run: str | None) -> None:
    folder = run or tempfile.mkdtemp() + "/r"
    model = er.train(str(data), run=folder, steps=steps, show="quiet", **SETTINGS)
    text = (data / "test.txt").read_text("utf-8")
    codes = torch.from_numpy(encode_texts([text], model.schema["text"].state)[0].astype(np.int64))
    generator, losses = torch.Generator().manual_seed(0), []
    with torch.inference_mode():
        for _ in range(200):
            place = torch.randint(len(codes) - CONTEXT - 1, (BATCH,), generator=generator)[:, None] + torch.arange(
                CONTEXT + 1
            )
            window = codes[place]
            output = model.network(batch_of(window[:, :-1]))[:, 0]
            losses.append(float(F.cross_entropy(output.flatten(0, 1), window[:, 1:].flatten())))
    print(
        f"{steps} steps, {model.manifest['model']['parameters']:,} parameters, "
        f"{model.manifest['provenance']['seconds']} s, {model.manifest['model']['precision']}"
    )
    print(f"loss on the last tenth, nanoGPT's estimate: {np.mean(losses):.3f} nats a character (goal ≤ 1.88)")
    baseline = model.manifest["baseline"]
    print(
        f"our examination: {model.metrics['log_loss']:.3f} ({baseline['words']}: {baseline['metrics']['log_loss']:.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data" / "tinyshakespeare"
    )
    parser.add_argument("--run", default=None)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.rounds:
        speed(given.data, given.rounds, given.each)
    if given.steps:
        quality(given.data, given.steps, given.run)


if __name__ == "__main__":
    main()
