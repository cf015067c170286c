"""What happens after a query was asked has no part in its ranking, to the last bit."""

import numpy as np
import pytest

from relfm.experts.panel import Effort
from relfm.ranking import rank
from relfm.task import Examples, ItemLists

PAST = tuple(range(330, 451, 30))
NOW = 480


def _ranking(market, context: Examples):
    queries = market.lists(NOW).unlabelled()
    return rank(market.database(), market.task, context, queries, effort=Effort.FAST)


def _same(left, right) -> bool:
    return all(
        getattr(left, name).tobytes() == getattr(right, name).tobytes() for name in ("values", "baseline", "scores")
    ) and np.array_equal(left.items.rows, right.items.rows)


@pytest.mark.parametrize("seed", range(3))
def test_changed_future_changes_nothing(habits, seed: int) -> None:
    generator = np.random.default_rng(seed)
    later = habits.day > NOW
    changed = habits.evolve(
        customer=np.where(later, generator.integers(0, 30, len(later)), habits.customer),
        product=np.where(later, generator.integers(0, 20, len(later)), habits.product),
        day=np.where(later, generator.integers(NOW + 1, 900, len(later)), habits.day),
    )
    assert _same(_ranking(habits, habits.lists(*PAST)), _ranking(changed, habits.lists(*PAST)))


def test_missing_future_changes_nothing(habits) -> None:
    past = habits.day <= NOW
    cut = habits.evolve(customer=habits.customer[past], product=habits.product[past], day=habits.day[past])
    assert _same(_ranking(habits, habits.lists(*PAST)), _ranking(cut, habits.lists(*PAST)))


def test_lists_of_open_windows_change_nothing(habits) -> None:
    """Lists whose windows close after the query was asked may be anything."""
    context = habits.lists(*PAST, 460, 480)
    is_open = context.cutoffs > habits.lists(450).cutoffs[0]
    owner = np.repeat(np.arange(len(context)), np.diff(context.items.start))
    other = np.where(is_open[owner], (context.items.rows * 7 + 3) % 20, context.items.rows)
    changed = Examples.of(context.rows, context.cutoffs, items=ItemLists(context.items.start, other))
    before = _ranking(habits, context)
    assert _same(before, _ranking(habits, changed))
    assert _same(before, _ranking(habits, habits.lists(*PAST)))


def test_changed_past_changes_the_ranking(habits) -> None:
    """The test of the tests: a change that may be seen is seen."""
    last = (habits.day <= NOW) & (habits.day > NOW - 20)
    changed = habits.evolve(product=np.where(last, (habits.product + 1) % 20, habits.product))
    assert not _same(_ranking(habits, habits.lists(*PAST)), _ranking(changed, habits.lists(*PAST)))
