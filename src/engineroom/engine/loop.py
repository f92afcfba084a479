"""BACKPROP, REPEAT: the whole of training. Five beats a step, told as events; `next()` on this generator is a
single-step debugger.

    collect a batch → forward pass → measure the loss → backpropagate → repeat

Callbacks read the events; they may stop the loop, never edit a step. Several learners (a GAN's two, an actor and a
critic) take turns on the same batch. A beat that nobody watches costs one `yield`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from ..core.batch import Batch, Losses
from ..core.events import Backpropped, Collected, Event, Forwarded, Learner, Measured, Repeated


def learn(batches: Iterable[tuple[int, Batch]], players: Sequence[Learner]) -> Iterator[Event]:
    """Yield the beats of training over (step, batch) pairs until the batches end."""
    for step, batch in batches:
        yield Collected(step, batch)
        losses: dict[str, Losses] = {}
        for player in players:
            if step % player.every:
                continue
            output = player.forward(batch)
            yield Forwarded(step, player.name, output)
            measured = losses[player.name] = player.loss(output, batch)
            yield Measured(step, player.name, measured)
            player.optimizer.zero_grad(set_to_none=True)
            # Only this player's own weights receive a gradient: asking a critic must not teach the critic.
            measured.total.backward(inputs=player.params)
            norm = clip(player)
            yield Backpropped(step, player.name, norm)
            player.optimizer.step()
            player.after(step)
        yield Repeated(step, batch, losses)


def clip(player: Learner):
    """Scale the gradients down to the player's largest allowed norm; the norm before, or None where nobody asked."""
    if not player.clip:
        return None
    grads = [p.grad for p in player.params if p.grad is not None]
    norm = get_total_norm(grads)
    clip_grads_with_norm_(player.params, player.clip, norm)
    return norm
