"""NAB's score by hand: perfect, silent and false alarms, early before late, one threshold for all series."""

from __future__ import annotations

import numpy as np
import pytest
from nab import nab, probation, sigmoid, worth


def alarms(rows: int, *places: int) -> np.ndarray:
    out = np.zeros(rows)
    out[list(places)] = 1.0
    return out


def test_perfect_silent_and_missed() -> None:
    windows = [[(40, 59)], [(60, 79)]]
    assert nab([alarms(100, 40), alarms(100, 60)], windows)["nab"] == pytest.approx(100)
    silent = nab([np.zeros(100), np.zeros(100)], windows)
    assert silent["nab"] == pytest.approx(0, abs=1e-9) and silent["threshold"] == np.inf
    assert nab([alarms(100, 40), np.zeros(100)], windows)["nab"] == pytest.approx(50)


def test_a_false_alarm_costs_0_11_and_a_late_one_counts_less() -> None:
    windows = [[(40, 59)]]
    # a false alarm before the window: (1 - 0.11 + 1) / 2
    assert nab([alarms(100, 30, 40)], windows)["nab"] == pytest.approx(94.5)
    late = 1 * (2 / (1 + np.exp(-5 / 20)) - 1) / (2 / (1 + np.exp(-5)) - 1)  # the last row of the window
    assert nab([alarms(100, 59)], windows)["nab"] == pytest.approx(100 * (late + 1) / 2)
    # several alarms in a window count as the earliest one
    assert nab([alarms(100, 40, 45, 59)], windows)["nab"] == pytest.approx(100)


def test_just_behind_a_window_an_alarm_costs_less_than_far_behind() -> None:
    gain, owner = worth(200, [(40, 59)])
    assert owner[39] == owner[60] == -1 and owner[40] == owner[59] == 0
    assert gain[60] == pytest.approx(0.11 * (2 / (1 + np.exp(5 / 19)) - 1)) and -0.11 < gain[60] < 0
    assert gain[60] > gain[70] > gain[199] == -0.11 == gain[0]
    assert gain[40] == pytest.approx(1) and np.all(np.diff(gain[40:60]) < 0)
    assert sigmoid(np.array(3.01)) == -1 and sigmoid(np.array(0.0)) == 0


def test_one_threshold_for_all_and_none_in_probation() -> None:
    windows = [[(40, 59)], [(60, 79)]]
    first, second = alarms(100, 40) * 0.9, alarms(100, 60) * 0.6
    second[[20, 30]] = 0.7  # a threshold that finds the second window raises two false alarms
    found = nab([first, second], windows)
    assert found["threshold"] == 0.6 and found["nab"] == pytest.approx(100 * (2 - 0.22 + 2) / 4)
    early = alarms(100, 3, 40)
    assert nab([early], windows[:1])["nab"] == pytest.approx(100) and probation(100) == 15 and probation(100_000) == 750
    assert np.isnan(nab([early], [[]])["nab"])


def test_a_window_within_the_probation_is_no_window() -> None:
    """The benchmark's own labeler deletes it: an alarm there is never judged, so that it could only be missed."""
    score = np.zeros(200)
    score[120] = 1.0
    late = nab([score], [[(115, 130)]])["nab"]
    assert nab([score], [[(2, 10), (115, 130)]])["nab"] == pytest.approx(late)
