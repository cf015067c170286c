"""Rankings of small markets with a planted signal, and of those that have none."""

import numpy as np
import pytest

from relfm.answer import answer
from relfm.errors import DataCannotAnswer
from relfm.experts import solve
from relfm.experts.panel import Effort
from relfm.ranking import rank
from relfm.task import Examples, ItemLists

PAST = tuple(range(270, 451, 30))


def _rank(market, context, queries, **options):
    return rank(market.database(), market.task, context, queries, effort=Effort.FAST, **options)


def test_repeat_purchases_are_found(habits, hits) -> None:
    truth = habits.lists(480)
    found = _rank(habits, habits.lists(*PAST), truth.unlabelled())
    popular = np.argsort(-np.bincount(habits.product[habits.day <= 480]), kind="stable")[:3]
    everywhere = ItemLists(np.arange(31) * 3, np.tile(popular, 30))
    assert hits(truth.items, found.items, 3) > 0.75 > 0.3 > hits(truth.items, everywhere, 3)


def test_seasons_are_told_from_popularity(seasons, hits) -> None:
    context = seasons.lists(*range(380, 1090, 30))
    truth = seasons.lists(1125)
    found = _rank(seasons, context, truth.unlabelled(), top=2)
    assert hits(truth.items, found.items, 2) > 0.8
    assert hits(truth.items, found.items, 2) > hits(truth.items, found.baseline_items, 2) + 0.3


def test_probabilities_come_true_on_average(habits) -> None:
    truth = habits.lists(480)
    found = _rank(habits, habits.lists(*PAST), truth.unlabelled(), top=10)
    owner = np.repeat(np.arange(30), np.diff(found.items.start))
    came = [item in truth.items.of(n) for n, item in zip(owner, found.items.rows, strict=True)]
    assert abs(np.mean(came) - found.scores.mean()) < 0.08


def test_lists_are_ranked_best_first_and_values_are_the_first_scores(habits) -> None:
    found = _rank(habits, habits.lists(*PAST), habits.lists(480).unlabelled(), top=5)
    assert (np.diff(found.items.start) == 5).all()
    by_query = found.scores.reshape(-1, 5)
    assert (np.diff(by_query, axis=1) <= 0).all()
    assert np.array_equal(found.values, by_query[:, 0])
    assert ((found.scores > 0) & (found.scores < 1)).all()
    assert all(len(set(found.items.of(n).tolist())) == 5 for n in range(30))


def test_answer_dispatches_rankings(habits) -> None:
    context, queries = habits.lists(*PAST), habits.lists(480).unlabelled()
    through = answer(habits.database(), habits.task, context, queries, effort=Effort.FAST)
    assert np.array_equal(through.items.rows, _rank(habits, context, queries).items.rows)


def test_the_same_question_has_the_same_answer(habits) -> None:
    context, queries = habits.lists(*PAST), habits.lists(480).unlabelled()
    first, second = (_rank(habits, context, queries) for _ in range(2))
    assert np.array_equal(first.items.rows, second.items.rows)
    assert first.scores.tobytes() == second.scores.tobytes()


def test_the_order_of_queries_does_not_matter(habits) -> None:
    context, queries = habits.lists(*PAST), habits.lists(450, 480).unlabelled()
    turned = np.random.default_rng(0).permutation(len(queries))
    straight = _rank(habits, context, queries).items
    shuffled = _rank(habits, context, queries.take(turned)).items
    assert np.array_equal(straight.take(turned).rows, shuffled.rows)


def test_customer_without_history_gets_what_is_popular(make_market, hits) -> None:
    generator = np.random.default_rng(1)
    customer, day = generator.integers(0, 50, 4000), generator.integers(0, 540, 4000)
    product = np.minimum(generator.geometric(0.25, 4000) - 1, 29)
    kept = (customer < 40) | (day > 480)
    market = make_market(customer[kept], product[kept], day[kept], 50, 30)
    found = _rank(market, market.lists(*PAST), market.lists(480).unlabelled())
    for stranger in range(40, 50):
        assert set(found.items.of(stranger).tolist()) <= {0, 1, 2, 3}


def test_fewer_items_than_asked_for_make_shorter_lists(make_market) -> None:
    generator = np.random.default_rng(2)
    customer, product, day = (generator.integers(0, n, 1500) for n in (30, 4, 540))
    market = make_market(customer, product, day, 30, 4)
    found = _rank(market, market.lists(*PAST), market.lists(480).unlabelled(), top=10)
    assert (np.diff(found.items.start) == 4).all()
    assert len(found.scores) == len(found.items.rows) == 120


def test_ties_are_ordered_by_row(make_market) -> None:
    """Everybody buys everything in every window: nothing tells the products apart."""
    customer, product, time = (a.ravel() for a in np.meshgrid(np.arange(10), np.arange(6), np.arange(5, 540, 10)))
    market = make_market(customer, product, time, 10, 6)
    found = _rank(market, market.lists(*PAST), market.lists(480).unlabelled())
    assert found.items.rows.tolist() == [0, 1, 2] * 10
    assert (found.scores > 0.99).all()


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_handful_of_lists_is_enough_to_rank_by_habit(habits, number: int) -> None:
    context = habits.lists(450)
    filled = np.flatnonzero(np.diff(context.items.start))[:number]
    found = _rank(habits, context.take(filled), habits.lists(480).unlabelled())
    assert found.context_rows == number
    assert (np.diff(found.items.start) == 3).all()
    assert np.isfinite(found.scores).all()


def test_products_that_nobody_ever_met_are_ranked_too(make_market) -> None:
    """Lists, but no line in the database at all: the lists themselves are the history."""
    nothing = np.zeros(0, np.int64)
    generator = np.random.default_rng(4)
    sold = make_market(*(generator.integers(0, n, 800) for n in (20, 6, 540)), 20, 6)
    bare = sold.evolve(customer=nothing, product=nothing, day=nothing)
    found = rank(bare.database(), bare.task, sold.lists(*PAST), sold.lists(480).unlabelled(), effort=Effort.FAST, top=2)
    assert (np.diff(found.items.start) == 2).all()


def test_lists_without_any_item_teach_nothing(habits) -> None:
    context = habits.lists(*PAST)
    empty = Examples.of(
        context.rows, context.cutoffs, items=ItemLists(np.zeros(len(context) + 1, int), np.zeros(0, int))
    )
    with pytest.raises(DataCannotAnswer, match="known lists of 'next purchases' are empty"):
        _rank(habits, empty, habits.lists(480).unlabelled())


def test_lists_that_were_not_known_in_time_teach_nothing(habits) -> None:
    with pytest.raises(DataCannotAnswer, match="no label of 'next purchases' was known in time"):
        _rank(habits, habits.lists(460), habits.lists(480).unlabelled())


def test_stale_queries_are_answered_from_what_they_saw(habits, hits) -> None:
    truth = habits.lists(480)
    stale = Examples.of(truth.rows, truth.cutoffs, seen=truth.cutoffs - 60 * 86_400_000_000)
    found = _rank(habits, habits.lists(*PAST), stale)
    assert hits(truth.items, found.items, 3) > 0.7


def test_many_items_are_narrowed_to_candidates(make_market) -> None:
    """More products than candidates: each customer's own four are among them, and nothing else is in the lists."""
    generator = np.random.default_rng(7)
    customer = generator.integers(0, 80, 6000)
    product = (customer * 37 + generator.integers(0, 4, 6000) * 11) % 1000
    market = make_market(customer, product, generator.integers(0, 540, 6000), 80, 1000)
    found = _rank(market, market.lists(*PAST), market.lists(480).unlabelled())
    own = np.arange(80)[:, None] * 37 + np.arange(4) * 11
    assert (np.diff(found.items.start) == 3).all()
    assert all(set(found.items.of(n).tolist()) <= set((own[n] % 1000).tolist()) for n in range(80))


def test_many_queries_are_answered_in_parts(habits, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick look leaves only what could be among the best, so bounding memory hardly moves the lists."""
    context, queries = habits.lists(*PAST), habits.lists(480).unlabelled()
    whole = _rank(habits, context, queries)
    monkeypatch.setattr("relfm.ranking.block.CHUNK_PAIRS", 200)
    monkeypatch.setattr("relfm.ranking.block.MIXED_PAIRS", 150)
    monkeypatch.setattr("relfm.ranking.block.LEAST_NEAR", 0)
    parts = _rank(habits, context, queries)
    same = [len(np.intersect1d(whole.items.of(n), parts.items.of(n))) for n in range(30)]
    assert np.mean(same) > 2.9


def test_more_parts_mean_no_more_fits(habits, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look and the mixture are fitted on the context once, however many parts the queries are scored in."""
    fitted = []

    class Counted(solve._Logistic):
        def __init__(self, *given: np.ndarray) -> None:
            fitted.append(len(given[0]))
            super().__init__(*given)

    monkeypatch.setattr(solve, "_Logistic", Counted)
    monkeypatch.setattr("relfm.ranking.block.LEAST_NEAR", 0)
    context, queries = habits.lists(*PAST), habits.lists(480).unlabelled()
    counts = []
    for pairs in (60_000, 45):
        fitted.clear()
        monkeypatch.setattr("relfm.ranking.block.MIXED_PAIRS", pairs)
        counts.append((_rank(habits, context, queries), list(fitted)))
    (whole, once), (parts, again) = counts
    assert sorted(once) == sorted(again)
    assert np.array_equal(whole.items.rows, parts.items.rows)
    np.testing.assert_allclose(whole.scores, parts.scores, rtol=1e-5)
