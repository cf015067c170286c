"""Planned dates ahead of an entity, against a loop over all rows."""

import numpy as np
import pytest

from relfm.features import ahead
from relfm.features.history import HistoryView, Window
from relfm.features.matrix import Block
from relfm.features.series import DateSeries
from relfm.history import Links
from relfm.times import DAY, MISSING_TIME

WINDOWS = (Window(7 * DAY, "7 days"), Window(21 * DAY, "21 days"))


@pytest.fixture(params=range(4))
def drawn(request) -> tuple[np.ndarray, ...]:
    """Owners, times and planned days of 300 rows, some without; who is asked about, at which cutoff, seeing how far."""
    generator = np.random.default_rng(request.param)
    owner = generator.integers(-1, 12, 300)
    made = generator.integers(0, 100, 300) * DAY
    made[generator.random(300) < 0.1] = MISSING_TIME
    date = np.where(generator.random(300) < 0.2, np.nan, made + generator.integers(-5, 60, 300) * DAY)
    rows = generator.integers(-1, 12, 80)
    cutoffs = generator.integers(20, 90, 80) * DAY
    return owner, made, date, rows, cutoffs, cutoffs - generator.integers(0, 2, 80) * 10 * DAY


def columns(drawn: tuple[np.ndarray, ...], *, is_planned: bool = True) -> dict[str, np.ndarray]:
    owner, made, date, rows, cutoffs, seen = drawn
    view = HistoryView(Links.of(owner, made, 12), rows, seen)
    block = Block(len(rows), 1)
    ahead.add_ahead(block, view, [DateSeries("bills.due", date, is_planned)], cutoffs, WINDOWS, "bills")
    return dict(zip(block.names, block.columns, strict=True))


@pytest.mark.parametrize("at_once", [1, 7, 2**21])
def test_it_counts_what_a_loop_counts(drawn, at_once, monkeypatch) -> None:
    monkeypatch.setattr(ahead, "MOST_AT_ONCE", at_once)
    owner, made, date, rows, cutoffs, seen = drawn
    found = columns(drawn)
    for i, (row, cutoff, visible) in enumerate(zip(rows, cutoffs, seen, strict=True)):
        known = (owner == row) & (row >= 0) & (made != MISSING_TIME) & (made <= visible)
        days = (date[known] - cutoff) / DAY
        for length in (7, 21):
            expected = ((days > 0) & (days <= length)).sum()
            assert found[f"number of bills with bills.due in the next {length} days"][i] == expected
        coming = days[(days > 0) & (days <= 21)]
        expected = coming.min() if len(coming) else np.nan
        assert np.array_equal(found["days to the next bills.due of bills"][i], expected, equal_nan=True)


def test_a_date_that_is_not_planned_is_not_read_ahead(drawn) -> None:
    assert columns(drawn, is_planned=False) == {}


def test_rows_that_come_later_change_nothing(drawn) -> None:
    owner, made, date, rows, cutoffs, seen = drawn
    later = made > seen.max()
    assert later.any()
    moved = np.where(later, date + 3 * DAY, date)
    first, second = columns(drawn), columns((owner, made, moved, rows, cutoffs, seen))
    assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)
