"""What a query may learn from: labels that were known by what it saw, the latest of them, shown as stale as it is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm.context import (
    DENSE_ROWS,
    LARGEST_CUTOFF_SHARE,
    as_stale_as,
    denser,
    known_at,
    latest,
    query_blocks,
    recency_pools,
    taught_by,
)
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

TASK = Task("t", TargetKind.BINARY, "users", None, horizon=Span(0, 10))
STATIC = replace(TASK, horizon=None)


def labelled(cutoffs: np.ndarray, rows: np.ndarray | None = None) -> Examples:
    rows = np.arange(len(cutoffs)) if rows is None else rows
    return Examples.of(rows, np.asarray(cutoffs), np.zeros(len(cutoffs)))


def test_label_is_known_once_its_window_has_closed() -> None:
    assert known_at(TASK, np.array([5])).tolist() == [15]
    assert known_at(STATIC, np.array([5])).tolist() == [6]


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 20)), min_size=1, max_size=20),
    st.integers(1, 5),
)
def test_every_query_learns_from_closed_labels_alone(cutoffs: list, asked: list, most_blocks: int) -> None:
    context = labelled(np.array(cutoffs))
    moments, delays = np.array(asked).T
    queries = Examples.of(np.arange(len(asked)), moments, seen=moments - delays)
    blocks = query_blocks(TASK, context, queries, most_blocks, 1000)
    assert sorted(np.concatenate([b.queries for b in blocks]).tolist()) == list(range(len(asked)))
    assert len(blocks) <= most_blocks
    for block in blocks:
        closed = known_at(TASK, context.cutoffs) <= queries.seen[block.queries].min()
        assert sorted(block.context.tolist()) == np.flatnonzero(closed).tolist()


def test_label_that_closes_with_what_was_seen_counts() -> None:
    context = labelled(np.array([0, 1, 2]))
    (block,) = query_blocks(TASK, context, Examples.of(np.array([0]), 50, seen=11), 3, 100)
    assert block.context.tolist() == [0, 1]


def test_missing_cell_is_filled_from_all_that_is_known_by_the_moment() -> None:
    context = labelled(np.array([3, 8, 9]))
    (block,) = query_blocks(STATIC, context, Examples.of(np.array([0, 1]), np.array([1, 5])), 3, 100, known_by=8)
    assert block.context.tolist() == [0, 1] and block.queries.tolist() == [0, 1]


def test_latest_are_kept_in_the_order_of_cutoff_and_row() -> None:
    context = labelled(np.array([3, 1, 2, 3]), np.array([5, 0, 0, 4]))
    assert latest(context, np.arange(4), 10).tolist() == [1, 2, 3, 0]
    assert latest(context, np.array([1, 2]), 10).tolist() == [1, 2]


def test_full_context_spans_many_cutoffs_and_thins_each_evenly() -> None:
    context = labelled(np.repeat(np.arange(60), 100), np.tile(np.arange(100), 60))
    kept = latest(context, np.arange(6000), 480)
    cutoffs, sizes = np.unique(context.cutoffs[kept], return_counts=True)
    assert len(kept) == 480 and cutoffs.max() == 59
    assert sizes.max() <= max(480 * LARGEST_CUTOFF_SHARE, 480 // 60)
    rows = context.rows[kept][context.cutoffs[kept] == 59]
    assert rows[0] == 0 and rows[-1] == 99


def test_thinning_does_not_depend_on_the_order_of_the_examples() -> None:
    context = labelled(np.repeat(np.arange(9), 50), np.tile(np.arange(50), 9))
    other = context.take(np.random.default_rng(0).permutation(450))
    pairs = [(c.cutoffs[k], c.rows[k]) for c in (context, other) for k in [latest(c, np.arange(450), 100)]]
    np.testing.assert_array_equal(pairs[0], pairs[1])


def test_one_large_cutoff_still_fills_the_context() -> None:
    assert len(latest(labelled(np.zeros(500, np.int64)), np.arange(500), 100)) == 100


def rare_labels(every: int, is_yes_rare: bool = True) -> Examples:
    """One label in ``every`` is of the rare class, at 40 cutoffs of 500 rows."""
    rows, cutoffs = np.tile(np.arange(500), 40), np.repeat(np.arange(40), 500)
    is_rare = (rows + 7 * cutoffs) % every == 0
    return Examples.of(rows, cutoffs, (is_rare == is_yes_rare).astype(float))


@pytest.mark.parametrize(("every", "is_yes_rare"), [(100, True), (100, False), (40, True)])
def test_all_of_a_rare_class_are_learned_from_and_their_odds_are_told(every: int, is_yes_rare: bool) -> None:
    context = rare_labels(every, is_yes_rare)
    kept, enrichment = taught_by(TASK, context, np.arange(20_000), 2_000)
    rate, shown = context.targets.mean(), context.targets[kept].mean()
    assert len(np.unique(kept)) == 2_000
    assert context.cutoffs[kept].min() == 40 - 16
    assert (context.targets[kept] == is_yes_rare).sum() == 16 * 500 / every
    np.testing.assert_allclose(shown / (1 - shown) / enrichment, rate / (1 - rate), rtol=0.05)


def test_where_hardly_any_are_of_the_rare_class_older_ones_are_learned_from_too() -> None:
    context = rare_labels(250)
    kept, _ = taught_by(TASK, context, np.arange(20_000), 2_000)
    assert context.targets[kept].sum() == 50 and context.cutoffs[kept].min() == 40 - 25
    scarce = replace(context, targets=np.where(context.cutoffs < 9, context.targets, 0.0))
    kept, _ = taught_by(TASK, scarce, np.arange(20_000), 2_000)
    assert scarce.targets[kept].sum() == scarce.targets.sum() == 18


def test_the_rare_class_is_a_fifth_where_there_are_many_of_it_and_they_are_the_latest() -> None:
    context = rare_labels(20)
    kept, enrichment = taught_by(TASK, context, np.arange(20_000), 1_000)
    np.testing.assert_allclose(context.targets[kept].mean(), 0.2, atol=0.02)
    np.testing.assert_allclose(enrichment, (0.2 / 0.8) / (0.05 / 0.95), rtol=0.01)
    assert context.cutoffs[kept].min() > 10


@pytest.mark.parametrize("task", [replace(TASK, kind=TargetKind.REGRESSION), replace(TASK, kind=TargetKind.MULTICLASS)])
def test_only_questions_of_yes_and_no_are_thinned_by_class(task: Task) -> None:
    context = rare_labels(100)
    kept, enrichment = taught_by(task, context, np.arange(20_000), 2_000)
    assert kept.tolist() == latest(context, np.arange(20_000), 2_000).tolist() and enrichment == 1


def test_what_is_not_rare_or_fits_into_the_context_is_taken_as_it_is() -> None:
    for every, most in ((4, 2_000), (100, 20_000)):
        context = rare_labels(every)
        kept, enrichment = taught_by(TASK, context, np.arange(20_000), most)
        assert kept.tolist() == latest(context, np.arange(20_000), most).tolist() and enrichment == 1


def test_thinning_by_class_does_not_depend_on_the_order_of_the_examples() -> None:
    context = rare_labels(50)
    other = context.take(np.random.default_rng(0).permutation(20_000))
    found = [(c, taught_by(TASK, c, np.arange(20_000), 2_000)) for c in (context, other)]
    assert found[0][1][1] == found[1][1][1]
    pairs = [(c.cutoffs[kept], c.rows[kept]) for c, (kept, _) in found]
    np.testing.assert_array_equal(pairs[0], pairs[1])


def test_fresh_queries_leave_the_context_as_it_is() -> None:
    context = labelled(np.arange(5))
    assert as_stale_as(context, Examples.of(np.array([0]), 9), 100) is context


def test_context_is_shown_as_stale_as_its_queries() -> None:
    context = labelled(np.arange(100, 140))
    shown = as_stale_as(context, Examples.of(np.array([0, 1]), 900, seen=893), 40)
    assert len(shown) == 40 and (shown.cutoffs - shown.seen == 7).all()


def test_mix_of_delays_is_that_of_the_queries() -> None:
    context = labelled(np.arange(1000, 1600))
    queries = Examples.of(np.arange(300), 9000, seen=9000 - np.repeat([0, 10, 50], 100))
    shown = as_stale_as(context, queries, 600)
    _, counts = np.unique(shown.cutoffs - shown.seen, return_counts=True)
    np.testing.assert_allclose(counts / counts.sum(), 1 / 3, atol=0.02)


def test_small_context_is_dealt_several_delays_but_no_more_rows_than_allowed() -> None:
    context = labelled(np.arange(1000, 1050))
    queries = Examples.of(np.arange(4), 9000, seen=9000 - np.array([0, 10, 20, 30]))
    shown = as_stale_as(context, queries, 120)
    assert len(shown) == 100
    assert all(len(set((shown.cutoffs - shown.seen)[shown.rows == row])) == 2 for row in range(50))


@pytest.mark.parametrize("shares", [(), (0.5, 0.25)])
def test_pools_are_the_whole_and_its_latest_cutoffs(shares: tuple[float, ...]) -> None:
    cutoffs = np.repeat(np.arange(10), 400)
    whole, *recent = recency_pools(cutoffs, shares)
    assert whole.tolist() == list(range(4000))
    assert [cutoffs[p].min() for p in recent] == [5, 7][: len(shares)]


def test_few_rows_make_no_pool_of_their_own() -> None:
    assert len(recency_pools(np.arange(100), (0.5,))) == 1


class EveryRow:
    """Labels rows 0 and 1 at every cutoff, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def label(self, database: object, cutoffs: np.ndarray) -> Examples:
        self.asked += [int(c) for c in cutoffs]
        return Examples.of(np.tile([0, 1], len(cutoffs)), np.repeat(cutoffs, 2), np.zeros(2 * len(cutoffs)))


def test_denser_context_asks_between_cutoffs_and_only_what_had_closed() -> None:
    labeller = EveryRow()
    task = Task("t", TargetKind.BINARY, "users", labeller, horizon=Span(0, 100))
    context = Examples.of(np.array([0, 1, 0, 1]), np.array([0, 0, 100, 100]), np.zeros(4))
    found = denser(None, task, context, Examples.of(np.array([0]), 325, seen=225))
    assert sorted(labeller.asked) == [25, 50, 75, 125]  # 150 and 175 close after 225
    assert len(found) == 4 + 8
    assert (known_at(task, found.cutoffs[4:]) <= 225).all()


def test_large_context_is_not_made_denser() -> None:
    labeller = EveryRow()
    task = Task("t", TargetKind.BINARY, "users", labeller, horizon=Span(0, 100))
    context = Examples.of(np.zeros(DENSE_ROWS, np.int64), 0, np.zeros(DENSE_ROWS))
    assert denser(None, task, context, Examples.of(np.array([0]), 2_000, seen=1_000)) is context
    assert labeller.asked == []


def test_context_of_fresh_queries_is_not_made_denser() -> None:
    labeller = EveryRow()
    task = Task("t", TargetKind.BINARY, "users", labeller, horizon=Span(0, 100))
    context = Examples.of(np.array([0, 1]), np.array([0, 100]), np.zeros(2))
    assert denser(None, task, context, Examples.of(np.array([0]), 300, seen=250)) is context
    assert labeller.asked == []
