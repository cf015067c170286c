"""Items that come later decide nothing before they come, and few candidates are held however many there are by then."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from relfm.answer import Predictions
from relfm.database import Database
from relfm.experts.panel import Effort
from relfm.graph import TemporalGraph
from relfm.ranking import rank
from relfm.ranking.block import REACHES, Block
from relfm.ranking.candidates import Candidates, Pairs
from relfm.schema import Column, Schema
from relfm.stype import Stype
from relfm.task import Examples
from relfm.times import DAY, parse_time

START = parse_time("2020-01-01")
PAST = (330, 360, 390, 420)
EARLY, LATE = 480, 520
"""Forty products are there by the early moment, a hundred by the late one; of more than fifty, some are chosen."""


@pytest.fixture(scope="module")
def launches() -> tuple[np.ndarray, ...]:
    """customer, product, day of 3,000 purchases by day 600: of twenty of the first forty products, which no choice of
    candidates finds all of, and of sixty more from day 490 on."""
    generator = np.random.default_rng(0)
    customer, day = generator.integers(0, 30, 3000), generator.integers(0, 600, 3000)
    product = (customer * 7 + generator.integers(0, 4, 3000) * 11) % 20
    new = (day > 490) & (generator.random(3000) < 0.7)
    return customer, np.where(new, generator.integers(40, 100, 3000), product), day


@pytest.fixture
def market(make_market, launches):
    return make_market(*launches, 30, 100)


def database(market) -> Database:
    """The market with the day on which each product was launched."""
    made = market.database()
    launched = np.where(np.arange(market.num_products) < 40, START, START + 490 * DAY)
    products = made.schema.tables["products"]
    timed = replace(
        products,
        columns=(*products.columns, Column("launched", "timestamp", Stype.timestamp)),
        time_column="launched",
    )
    tables = dict(made.tables)
    tables["products"] = tables["products"].append_column("launched", pa.array(launched, pa.timestamp("us")))
    return Database(Schema.of([timed if t.name == "products" else t for t in made.schema.tables.values()]), tables)


def ranking(market, *days: int, context: Examples | None = None) -> Predictions:
    asked = market.lists(*days).unlabelled()
    return rank(database(market), market.task, context or market.lists(*PAST), asked, effort=Effort.FAST)


def test_items_that_are_launched_later_change_no_answer(market) -> None:
    past = market.day <= EARLY
    before = market.evolve(
        customer=market.customer[past], product=market.product[past], day=market.day[past], num_products=40
    )
    assert REACHES[Effort.FAST].candidates < market.num_products
    with_later, without = ranking(market, EARLY), ranking(before, EARLY)
    assert np.array_equal(with_later.items.rows, without.items.rows)
    for name in ("values", "baseline", "scores"):
        assert getattr(with_later, name).tobytes() == getattr(without, name).tobytes()


def block(market, *days: int) -> Block:
    context, asked = market.lists(*PAST), market.lists(*days).unlabelled()
    graph = TemporalGraph(database(market))
    return Block(graph, market.task, context, np.arange(len(context)), asked, Effort.FAST, 0, 3)


def same(left: Pairs, right: Pairs) -> bool:
    names = ("query", "item", "cosine", "share")
    return all(getattr(left, n).tobytes() == getattr(right, n).tobytes() for n in names)


def test_candidates_of_a_query_do_not_depend_on_those_beside_it(market) -> None:
    asked = block(market, EARLY, LATE)
    order = np.random.default_rng(1).permutation(60)
    queries = asked.queries.take(order)
    whole = asked.candidates.of(queries)
    counts = np.bincount(whole.query, minlength=60)
    assert set(counts[order < 30]) == {40}, "early: all that are there"
    assert set(counts[order >= 30]) == {50}, "late: as many as are chosen"
    assert np.unique(order[whole.query[whole.item >= 40]]).tolist() == list(range(30, 60))
    for n in range(60):
        alone = asked.candidates.of(queries.take(np.array([n])))
        mine = whole.query == n
        assert same(alone, Pairs(alone.query, whole.item[mine], whole.cosine[mine], whole.share[mine]))


def test_an_item_counts_from_the_moment_of_its_launch(market) -> None:
    asked = block(market, 490)
    before = replace(asked.queries, seen=asked.queries.seen - 1)
    counts = [np.bincount(asked.candidates.of(queries).query) for queries in (before, asked.queries)]
    assert [set(c.tolist()) for c in counts] == [{40}, {32}], "all, then the twenty ever met and the twelve newest"


def test_early_and_late_queries_are_answered_together_as_they_are_apart(market) -> None:
    together = ranking(market, EARLY, LATE)
    apart = [ranking(market, day) for day in (EARLY, LATE)]
    assert np.array_equal(together.items.rows, np.concatenate([p.items.rows for p in apart]))
    np.testing.assert_allclose(together.scores, np.concatenate([p.scores for p in apart]), rtol=1e-4)


def test_no_chunk_holds_more_pairs_than_promised(market, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    found = Candidates.of

    def counted(self: Candidates, asked: Examples) -> Pairs:
        pairs = found(self, asked)
        held.append(len(pairs))
        return pairs

    monkeypatch.setattr(Candidates, "of", counted)
    monkeypatch.setattr("relfm.ranking.block.CHUNK_PAIRS", 400)
    ranking(market, EARLY, LATE)
    assert 300 < max(held) <= 400
