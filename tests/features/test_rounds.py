"""Rows at the same time of earlier days, weeks and months, against a loop over all rows."""

import numpy as np
import pandas as pd
import pytest

from relfm.features.history import HistoryView, Window
from relfm.features.matrix import Block
from relfm.features.rounds import add_rounds
from relfm.history import Links
from relfm.times import DAY, parse_time

START = parse_time("2024-01-01")


@pytest.fixture(params=range(3))
def drawn(request) -> tuple[np.ndarray, ...]:
    """Owners and times of 3,000 rows of two years; who is asked about, at which cutoff, seeing how far."""
    generator = np.random.default_rng(request.param)
    owner = generator.integers(-1, 9, 3000)
    times = START + generator.integers(0, 730 * 24, 3000) * (DAY // 24)
    cutoffs = START + generator.integers(300, 730, 60) * DAY
    return owner, times, generator.integers(-1, 9, 60), cutoffs, cutoffs - generator.integers(0, 2, 60) * 9 * DAY


def columns(drawn: tuple[np.ndarray, ...], length: int) -> dict[str, np.ndarray]:
    owner, times, rows, cutoffs, seen = drawn
    block = Block(len(rows), 1)
    view = HistoryView(Links.of(owner, times, 9), rows, seen)
    add_rounds(block, view, cutoffs, Window(length, "so long"), "orders")
    return dict(zip(block.names, block.columns, strict=True))


def test_it_counts_what_a_loop_counts(drawn) -> None:
    owner, times, rows, cutoffs, seen = drawn
    length = 8 * DAY // 24
    found = columns(drawn, length)
    steps = {"day": pd.DateOffset(days=1), "week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1)}
    assert len(found) == 6
    for i, (row, cutoff, visible) in enumerate(zip(rows, cutoffs, seen, strict=True)):
        own = times[(owner == row) & (row >= 0) & (times <= visible)]
        for name, step in steps.items():
            earlier = [(pd.Timestamp(cutoff, unit="us") - step * k).value // 1000 for k in range(1, 13)]
            came = np.array([((own > t) & (own <= t + length)).sum() for t in earlier])
            for last in (4, 12):
                named = f"number of orders in the so long at the same time of the last {last} {name}s"
                assert found[named][i] == came[:last].sum()


@pytest.mark.parametrize(("days", "expected"), [(0.5, 6), (1, 4), (3.5, 4), (4, 2), (15, 2), (16, 0), (90, 0)])
def test_a_round_holds_two_windows_at_least(drawn, days: float, expected: int) -> None:
    assert len(columns(drawn, int(days * DAY))) == expected


def test_a_table_without_rows_counts_none() -> None:
    none = np.zeros(0, np.int64)
    found = columns((none, none, np.array([0, 3]), np.array([START, START]), np.array([START, START])), DAY)
    assert all(not column.any() for column in found.values())
