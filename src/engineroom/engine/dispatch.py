"""REPEAT: run the loop and let the watchers read along until the batches end or somebody says stop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ..core.events import Event, Stopped


class Callback(Protocol):
    """Reads the events it names. May answer with an event of its own, which all watchers hear; `Stopped` ends the run."""

    events: tuple[type[Event], ...]

    def __call__(self, event: Event) -> Event | None: ...


def follow(events: Iterator[Event], watchers: Sequence[Callback]) -> str:
    """The reason why training ended."""
    listening: dict[type[Event], list[Callable[[Event], Event | None]]] = {}
    for watcher in watchers:
        for kind in watcher.events:
            listening.setdefault(kind, []).append(watcher)
    reason = ""
    for event in events:
        heard = listening.get(type(event))
        if not heard:
            continue
        news = deque([event])
        while news:
            said = news.popleft()
            for hear in listening.get(type(said), ()):
                answer = hear(said)
                if isinstance(answer, Stopped):
                    reason = reason or answer.reason
                if answer is not None:
                    news.append(answer)
        if reason:
            break
    return reason or "the planned steps are done"
