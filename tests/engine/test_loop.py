"""The loop tells five beats a step, lets players take turns, and teaches nobody who is not at turn."""

from __future__ import annotations

import itertools
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from engineroom.core.batch import Batch, Losses
from engineroom.core.events import Backpropped, Collected, Forwarded, Learner, Measured, Repeated, Stopped, Validated
from engineroom.engine.dispatch import follow
from engineroom.engine.loop import learn
from engineroom.engine.schedule import Schedule


def player(name: str, model: nn.Module, loss=None, **more) -> Learner:
    loss = loss or (lambda output, batch: Losses(output.square().mean()))
    return Learner(name, torch.optim.SGD(model.parameters(), lr=0.1), lambda batch: model(batch["x"]), loss, **more)


def batches(steps: int):
    return [(i, Batch({"x": torch.ones(4, 3)}, np.arange(4), i)) for i in range(1, steps + 1)]


def test_five_beats_in_order() -> None:
    beats = [type(e) for e in learn(batches(1), [player("a", nn.Linear(3, 1))])]
    assert beats == [Collected, Forwarded, Measured, Backpropped, Repeated]


def test_a_step_follows_the_gradient() -> None:
    model = nn.Linear(3, 1, bias=False)
    before = model.weight.detach().clone()
    list(learn(batches(1), [player("a", model)]))
    expected = before - 0.1 * 2 * (before.sum()) * torch.ones(1, 3)
    assert torch.allclose(model.weight, expected, atol=1e-6)


def test_asking_a_critic_does_not_teach_the_critic() -> None:
    maker, critic = nn.Linear(3, 3), nn.Linear(3, 1)
    frozen = critic.weight.detach().clone()
    asks = player("maker", maker, lambda output, batch: Losses(critic(output).mean()))
    list(learn(batches(3), [asks]))
    assert torch.equal(critic.weight, frozen) and critic.weight.grad is None


def test_every_skips_steps_and_after_runs() -> None:
    model, heard = nn.Linear(3, 1), []
    rare = player("rare", model, every=3, after=heard.append)
    list(learn(batches(7), [rare]))
    assert heard == [3, 6]


def test_clipping_bounds_the_step_and_tells_the_norm() -> None:
    model = nn.Linear(3, 1, bias=False)
    nn.init.constant_(model.weight, 100.0)
    events = list(learn(batches(1), [player("a", model, clip=1.0)]))
    norm = next(e for e in events if isinstance(e, Backpropped)).norm
    assert norm > 100
    assert torch.allclose(model.weight.grad.norm(), torch.tensor(1.0), atol=1e-4)


def test_a_watcher_can_stop_the_run_and_say_why() -> None:
    class Impatient:
        events = (Repeated,)

        def __call__(self, event):
            return Stopped(event.step, "enough") if event.step == 4 else None

    seen = []

    class Scribe:
        events = (Repeated, Stopped)

        def __call__(self, event):
            seen.append((type(event).__name__, event.step))

    assert follow(learn(batches(9), [player("a", nn.Linear(3, 1))]), [Impatient(), Scribe()]) == "enough"
    assert ("Stopped", 4) in seen and len(seen) == 5


def test_an_answer_is_heard_before_the_next_callback_hears_the_event() -> None:
    """A checkpoint, written by the last callback, must hold what patience made of the validation of its step."""
    waited, written = [], []

    class Validates:
        events = (Repeated,)

        def __call__(self, event):
            return Validated(event.step, {}, False)

    class Waits:
        events = (Validated,)

        def __call__(self, event):
            waited.append(event.step)

    class Writes:
        events = (Repeated,)

        def __call__(self, event):
            written.append((event.step, len(waited)))

    follow(learn(batches(3), [player("a", nn.Linear(3, 1))]), [Validates(), Waits(), Writes()])
    assert [heard for _, heard in written] == [1, 2, 3]


def test_schedule_climbs_falls_and_never_jumps() -> None:
    schedule = Schedule(1000)
    shares = [schedule.share(s) for s in range(1, 1000)]
    assert max(shares) == 1.0 and shares[-1] < 0.01
    schedule.end_at(500, 600)
    again = [schedule.share(s) for s in range(490, 601)]
    assert max(abs(a - b) for a, b in itertools.pairwise(again)) < 0.011
    assert schedule.share(600) == 0.0 and schedule.total == 600
    restored = Schedule(10)
    restored.restore(schedule.state())
    assert [restored.share(s) for s in range(0, 600, 7)] == [schedule.share(s) for s in range(0, 600, 7)]


def test_a_rate_that_climbs_reaches_its_peak_though_the_end_moves() -> None:
    schedule = Schedule(1000)
    for step, end in ((4, 527), (8, 569), (30, 300)):
        schedule.end_at(step, end)
    assert (
        schedule.share(50) == 1.0
        and schedule.share(30) < 0.7
        and schedule.share(300) == 0.0
        and 0.45 < schedule.share(175) < 0.55
    )
    rates = [schedule.share(step) for step in range(301)]
    assert max(abs(a - b) for a, b in pairwise(rates)) < 0.05, "it never jumps"
    schedule.end_at(40, 100, final=True)
    assert max(schedule.share(step) for step in range(40, 101)) == schedule.share(40)


def test_schedule_is_never_made_longer() -> None:
    schedule = Schedule(100)
    schedule.end_at(10, 500)
    assert schedule.total == 100
    schedule.end_at(20, 60)
    schedule.end_at(30, 90)
    assert schedule.total == 90, "time that was short may turn out to be enough"
    schedule.end_at(40, 50, final=True)
    schedule.end_at(41, 90)
    assert schedule.total == 50
