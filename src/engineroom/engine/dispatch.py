"""REPEAT: run the loop and dispatch its events to the callbacks until the batches end or one of them stops the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ..core.events import Event, Stopped


class Callback(Protocol):
    """Reads the events it names. May answer with an event of its own, which all callbacks hear; `Stopped` ends the
    run."""

    events: tuple[type[Event], ...]

    def __call__(self, event: Event) -> Event | None: ...


def follow(events: Iterator[Event], callbacks: Sequence[Callback]) -> str:
    """The reason why training ended.

    An answer is dispatched before the next callback hears the event it answers: a checkpoint of a step, written by the
    last callback, then holds what the others made of that step's validation.
    """
    listening: dict[type[Event], list[Callable[[Event], Event | None]]] = {}
    for callback in callbacks:
        for kind in callback.events:
            listening.setdefault(kind, []).append(callback)
    reasons: list[str] = []

    def dispatch(event: Event) -> None:
        for hear in listening.get(type(event), ()):
            answer = hear(event)
            if isinstance(answer, Stopped):
                reasons.append(answer.reason)
            if answer is not None:
                dispatch(answer)

    for event in events:
        dispatch(event)
        if reasons:
            break
    return reasons[0] if reasons else "the planned steps are done"
