"""The parts of a ranking: groups of rows, events, likeness, candidates and samples."""

import numpy as np
import pytest

from relfm.graph import TemporalGraph
from relfm.ranking.context import choose, draws, listed, recent, sample
from relfm.ranking.events import PairLinks, closest, events_between, past_lists
from relfm.ranking.likeness import Likeness, Snapshots
from relfm.ranking.segments import expand, find, latest_distinct, place_within
from relfm.times import DAY


def test_expand_lists_every_position_of_every_range() -> None:
    owner, at = expand(np.array([3, 5, 0]), np.array([5, 5, 2]))
    assert owner.tolist() == [0, 0, 2, 2]
    assert at.tolist() == [3, 4, 0, 1]


def test_places_are_by_the_keys_in_turn() -> None:
    owner, first, second = np.array([1, 0, 1, 1]), np.array([2, 9, 2, 1]), np.array([5, 0, 4, 9])
    assert place_within(owner, first, second).tolist() == [2, 0, 1, 0]


def test_missing_keys_are_not_found() -> None:
    assert find(np.array([2, 5, 9]), np.array([5, 4, 10, 2])).tolist() == [1, -1, -1, 0]
    assert find(np.zeros(0, int), np.array([1])).tolist() == [-1]


def test_only_the_last_of_each_and_the_latest_few_are_kept() -> None:
    owner, what, times = np.zeros(4, int), np.array([7, 8, 7, 9]), np.array([1, 2, 5, 3])
    assert sorted(latest_distinct(owner, what, times, 2).tolist()) == [2, 3]


def test_pairs_that_never_met_have_no_links() -> None:
    pairs = PairLinks.of(np.array([0, 1, -1]), np.array([2, 2, 2]), np.array([5, 6, 7]), 3)
    assert (pairs.rows(np.array([0, 1, 0, -1]), np.array([2, 2, 1, 2])) >= 0).tolist() == [True, True, False, False]


def test_lines_join_customers_and_products_at_the_time_of_the_order(habits) -> None:
    events = events_between(TemporalGraph(habits.database()), "customers", "products")
    assert [e.name for e in events] == ["lines"]
    order = np.argsort(habits.day, kind="stable")
    assert np.array_equal(events[0].entity, habits.customer[order])
    assert np.array_equal(events[0].item, habits.product[order])
    assert (np.diff(events[0].times) >= 0).all()


def test_events_through_a_hidden_key_are_not_there(habits) -> None:
    hidden = habits.database().hide([("lines", "product")])
    assert events_between(TemporalGraph(hidden), "customers", "products") == []


def test_the_relation_that_makes_the_lists_is_recognised(habits) -> None:
    context = habits.lists(300, 330, 360)
    lists = past_lists(habits.task, context, 30, 20)
    events = events_between(TemporalGraph(habits.database()), "customers", "products")
    assert closest(habits.task, events, lists, context).name == "lines"
    assert closest(habits.task, [], lists, context) is lists


def test_lists_are_events_once_their_window_has_closed(habits) -> None:
    context = habits.lists(300)
    lists = past_lists(habits.task, context, 30, 20)
    assert np.unique(lists.times).tolist() == [int(context.cutoffs[0]) + 30 * DAY]
    assert len(lists.item) == len(context.items.rows)


def test_items_are_alike_through_those_who_had_both(make_market) -> None:
    """Products 0 and 1 share two customers; 2 stands apart; 3 joins them after the moment."""
    customer, product = np.array([0, 0, 1, 1, 2, 0, 1]), np.array([0, 1, 0, 1, 2, 3, 3])
    market = make_market(customer, product, np.array([1, 2, 3, 4, 5, 50, 51]), 3, 4)
    (events,) = events_between(TemporalGraph(market.database()), "customers", "products")
    likeness = Likeness.of(events, int(events.times[4]))
    assert likeness.cosine[0, 1] == pytest.approx(1.0)
    assert likeness.share.toarray()[0].tolist() == pytest.approx([0, 1, 0, 0])
    assert likeness.cosine[:, [2, 3]].nnz == 0


def test_a_query_before_every_snapshot_has_no_likeness(habits) -> None:
    (events,) = events_between(TemporalGraph(habits.database()), "customers", "products")
    seen = np.array([events.times[500], events.times[1000]])
    snapshots = Snapshots(events, seen[1:], 2, 90 * DAY)
    scores = snapshots.scores(np.array([3, 3]), seen)
    cosine, _ = scores.at(np.array([0, 1]).repeat(20), np.tile(np.arange(20), 2))
    assert (cosine[:20] == 0).all()
    assert (cosine[20:] > 0).any()


def test_examples_are_spread_over_cutoffs_latest_first(habits) -> None:
    context = habits.lists(*range(0, 450, 30))
    chosen = recent(context, np.arange(len(context)), 36)
    moments, counts = np.unique(context.cutoffs[chosen], return_counts=True)
    assert len(moments) == 12
    assert counts.tolist() == [3] * 12
    assert moments.max() == context.cutoffs.max()


def test_examples_without_items_are_thinned_and_the_rate_is_told(make_market) -> None:
    """One customer in ten buys at all."""
    day = np.tile(np.arange(0, 540, 10), 10)
    market = make_market(np.repeat(np.arange(10), 54), day % 7, day, 100, 7)
    context = market.lists(*range(240, 450, 30))
    chosen = choose(context, np.arange(len(context)), 1_000)
    filled = np.diff(context.items.start)[chosen.examples] > 0
    assert filled.sum() == 70
    assert (~filled).sum() == pytest.approx(630 * chosen.empty_rate, rel=0.3)
    assert chosen.empty_rate == pytest.approx(70 / 630)


@pytest.mark.parametrize("most", [400, 2_000])
def test_sampling_can_be_undone_by_its_shift(habits, most: int) -> None:
    context = habits.lists(*range(240, 450, 30))
    query, item = (a.ravel() for a in np.meshgrid(np.arange(len(context)), np.arange(20), indexing="ij"))
    is_listed = listed(context, query, item, 20)
    assert is_listed.sum() == len(context.items.rows)
    drawn = sample(context, query, item, is_listed, 1.0, most)
    assert len(drawn.kept) == pytest.approx(most, rel=0.15)
    rate, whole = is_listed[drawn.kept].mean(), is_listed.mean()
    odds = np.log(rate / (1 - rate)) + drawn.shift
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(whole, rel=0.2)


def test_a_draw_depends_on_its_own_keys_alone() -> None:
    keys = np.arange(1000), np.arange(1000) % 7, np.arange(1000) % 3
    drawn = draws(*keys)
    assert np.array_equal(drawn[500:], draws(*(k[500:] for k in keys)))
    assert abs(drawn.mean() - 0.5) < 0.05
    assert len(np.unique(drawn)) == 1000
