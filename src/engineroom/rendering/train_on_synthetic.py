"""What made rows are worth to a learner: trees learn one column from the others, on made rows and on real ones, and are
asked about real rows that nobody knew (train on synthetic, test on real; Esteban, Hyland & Rätsch 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.batch import RowResults
from ..core.panels import Panel
from ..modalities.tabular.row import remembered, spans

LEAST = 40  # rows


def taught(records: RowResults, baseline: RowResults, state: Any) -> list[Panel]:
    """A table: accuracy (or R²) on real test rows after learning from made rows, the baseline's rows, and real training
    rows, as many of each."""
    found = worth(
        state,
        {"made": records["made"][:, :-2], "classical": baseline["made"][:, :-2], "real": remembered(state)},
        records["truth"][:, :-2],
    )
    if not found:
        return []
    names = {
        "made": "made by the network",
        "classical": "made by the classical baseline",
        "real": "real training rows",
        "always the same": "no rows at all: always the same answer",
    }
    rows = [[names[name], value] for name, value in found["scores"].items()]
    words = (
        f"{found['metric'].capitalize()} of trees that predict {state['judge']!r} from the other columns of "
        f"{found['tested']:,} real test rows, after {found['rows']:,} rows of each kind."
    )
    return [
        Panel(
            "table",
            "Train on synthetic, test on real",
            {"columns": ["learnt from", found["metric"]], "rows": rows, "best": None},
            words,
        )
    ]


def worth(state: Any, sources: dict[str, np.ndarray], real: np.ndarray) -> dict[str, Any]:
    """{"metric", "rows", "tested", "scores": {source: …}}; {} where there is nothing to predict, or too little to
    predict it from."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    places = dict(zip((one["name"] for one in state["columns"]), spans(state["columns"]), strict=True))
    count = min(len(rows) for rows in sources.values())
    if state["judge"] not in places or len(places) < 2 or count < LEAST:
        return {}
    span = places[state["judge"]]
    kind = next(one["kind"] for one in state["columns"] if one["name"] == state["judge"])
    rest = np.ones(real.shape[1], bool)
    rest[span] = False
    scores: dict[str, float] = {}
    for name, rows in sources.items():
        rows = rows[np.linspace(0, len(rows) - 1, count).astype(int)]
        if kind == "class":
            y, truth = rows[:, span].argmax(1), real[:, span].argmax(1)
            one_class = len(np.unique(y)) < 2
            said = (
                np.full(len(real), y[0])
                if one_class
                else HistGradientBoostingClassifier(random_state=0).fit(rows[:, rest], y).predict(real[:, rest])
            )
            scores[name] = float((said == truth).mean())
        else:
            y, truth = rows[:, span][:, 0], real[:, span][:, 0]
            said = HistGradientBoostingRegressor(random_state=0).fit(rows[:, rest], y).predict(real[:, rest])
            scores[name] = float(1 - ((said - truth) ** 2).mean() / max(truth.var(), 1e-12))
    base = float(np.bincount(real[:, span].argmax(1)).max() / len(real)) if kind == "class" else 0.0
    return {
        "metric": "accuracy" if kind == "class" else "R²",
        "rows": count,
        "tested": len(real),
        "scores": scores | {"always the same": base},
    }
