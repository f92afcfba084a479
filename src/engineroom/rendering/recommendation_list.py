"""A list of recommendations as a person reads it: what was met, what is recommended and why, what came next."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from ..core.batch import RowResults

SHOWN = 8  # of a history


def drawn(
    met: Sequence[str], about: Sequence[str], titles: Sequence[str], top: int, answers: RowResults, place: int
) -> str:
    """HTML of one user's list; `answers` are records or plain answers, "because" and "lift" may be among them."""
    lists = answers["said" if "said" in answers else "items"][place][:top]
    true = int(answers["truth"][place]) if "truth" in answers else -1
    lines = []
    for k, item in enumerate(lists.tolist()):
        if item >= 0:
            why = reason(titles, answers, place, k)
            mark = ' style="color:var(--good);font-weight:600"' if item == true else ""
            lines.append(f"<li><span{mark}>{html.escape(titles[item])}</span>{why}</li>")
    more = f"… {len(met) - SHOWN} more · " if len(met) > SHOWN else ""
    before = html.escape(" · ".join(met[-SHOWN:])) or "nothing yet"
    who = f"{html.escape(', '.join(about))} · " if about else ""
    came = f'<p style="color:var(--soft)">came next: <b>{html.escape(titles[true])}</b></p>' if true >= 0 else ""
    return (
        f'<p style="color:var(--soft)">{who}met: {more}{before}</p><ol '
        f'style="line-height:1.6;padding-left:1.6em;margin:.4em 0">{"".join(lines)}</ol>{came}'
    )


def reason(titles: Sequence[str], answers: Any, place: int, k: int) -> str:
    why = int(answers["because"][place][k]) if "because" in answers else -1
    if why < 0:
        return ""
    lift = float(answers["lift"][place][k])
    times = f", ×{lift:.1f}" if 1.05 <= lift < 100 else ""
    return f' <small style="color:var(--soft)">because of {html.escape(titles[why])}{times}</small>'
