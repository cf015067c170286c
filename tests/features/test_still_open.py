"""What has happened to an entity's rows by a moment, and to how many it has not, against a loop over all rows."""

import numpy as np
import pytest

from relfm.features.history import HistoryView, Window
from relfm.features.matrix import Block
from relfm.features.series import DateSeries
from relfm.features.still_open import add_followed, add_happened
from relfm.history import Links
from relfm.times import DAY, MISSING_TIME

WEEK = Window(7 * DAY, "7 days")
Drawn = tuple[np.ndarray, ...]


@pytest.fixture(params=range(4))
def drawn(request) -> Drawn:
    """Owners, times and closing days of 300 tickets, some never closed, some before they were opened; who is asked
    about, and what is seen."""
    generator = np.random.default_rng(request.param)
    owner = generator.integers(-1, 12, 300)
    made = generator.integers(0, 100, 300) * DAY
    made[generator.random(300) < 0.1] = MISSING_TIME
    closed = np.where(generator.random(300) < 0.3, np.nan, made + generator.integers(-5, 60, 300) * DAY)
    return owner, made, closed, generator.integers(-1, 12, 80), generator.integers(20, 90, 80) * DAY


def columns(drawn: Drawn) -> dict[str, np.ndarray]:
    owner, made, closed, rows, seen = drawn
    view, block = HistoryView(Links.of(owner, made, 12), rows, seen), Block(len(rows), 1)
    add_happened(block, view, [DateSeries("tickets.closed", closed)], WEEK, "tickets")
    return dict(zip(block.names, block.columns, strict=True))


def test_it_counts_what_a_loop_counts(drawn) -> None:
    owner, made, closed, rows, seen = drawn
    found = columns(drawn)
    for i, (row, moment) in enumerate(zip(rows, seen, strict=True)):
        there = (owner == row) & (row >= 0) & (made != MISSING_TIME) & (made <= moment)
        when = np.maximum(closed[there], made[there])
        come = when[when <= moment]
        assert found["number of tickets without tickets.closed yet"][i] == there.sum() - len(come)
        assert found["number of tickets with tickets.closed over the last 7 days"][i] == (come > moment - 7 * DAY).sum()
        last = (moment - come.max()) / DAY if len(come) else np.nan
        assert np.array_equal(found["days since the last tickets.closed of tickets"][i], last, equal_nan=True)


def test_what_happens_later_changes_nothing(drawn) -> None:
    owner, made, closed, rows, seen = drawn
    later = closed > seen.max()
    assert later.any()
    moved = np.where(later, np.nan, closed)
    first, second = columns(drawn), columns((owner, made, moved, rows, seen))
    assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in first)


def test_rows_without_followers_are_counted(drawn) -> None:
    owner, made, _, rows, seen = drawn
    generator = np.random.default_rng(9)
    ticket = generator.integers(-1, 300, 500)
    times = np.where(ticket >= 0, made[ticket], 0) + generator.integers(-3, 40, 500) * DAY
    times[made[ticket] == MISSING_TIME] = 50 * DAY
    view, block = HistoryView(Links.of(owner, made, 12), rows, seen), Block(len(rows), 1)
    add_followed(block, view, Links.of(ticket, times, 300), "tickets", "replies.ticket_id")
    (found,) = block.columns
    assert block.names == ["number of tickets without replies.ticket_id yet"]
    for i, (row, moment) in enumerate(zip(rows, seen, strict=True)):
        there = np.flatnonzero((owner == row) & (row >= 0) & (made != MISSING_TIME) & (made <= moment))
        assert found[i] == sum(not ((ticket == k) & (times >= made[k]) & (times <= moment)).any() for k in there)


def test_a_row_that_points_at_what_came_after_it_was_written_over() -> None:
    """Three orders of one customer, of which an older row names the second one, as its latest perhaps."""
    view = HistoryView(
        Links.of(np.zeros(3, np.int64), np.array([10, 20, 30]) * DAY, 1), np.zeros(1, np.int64), np.array([40 * DAY])
    )
    for pointed_at, expected in ((5, 3), (25, 2)):
        block = Block(1, 1)
        add_followed(block, view, Links.of(np.array([1]), np.array([pointed_at * DAY]), 3), "orders", "notes.order_id")
        assert block.columns[0].tolist() == [expected]
