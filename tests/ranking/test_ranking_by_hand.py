"""What each part of a ranking says of a handful of purchases, worked out by hand: errors here hide in whole lists."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from relfm.database import Database
from relfm.experts.closed import Lines, Rows
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs
from relfm.experts.panel import Effort
from relfm.features import FeatureMatrix
from relfm.features.history import YEAR
from relfm.graph import TemporalGraph
from relfm.ranking.block import Block
from relfm.ranking.candidates import Candidates, Pairs
from relfm.ranking.events import events_between
from relfm.ranking.features import PairFeatures
from relfm.ranking.knowledge import Knowledge, _grouping
from relfm.ranking.likeness import Likeness, Snapshots
from relfm.ranking.scorer import FittedOnce, Scorer
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.task import Examples, ItemLists, TargetKind
from relfm.times import DAY, parse_time

START = parse_time("2020-01-01")


@pytest.fixture
def few(make_market: Callable):
    """Customer 0 buys product 0 on day 10, 1 on day 20 and 2 on day 300; customer 1 buys 1 on day 21 and 3 on 310."""
    return make_market(np.array([0, 0, 1, 0, 1]), np.array([0, 1, 1, 2, 3]), np.array([10, 20, 21, 300, 310]), 2, 4)


def day(number: float) -> int:
    return START + int(number * DAY)


def known(market, until: float, *cutoffs: int, labelled: Examples | None = None) -> Knowledge:
    lists = market.lists(*cutoffs or (0,)) if labelled is None else labelled
    return Knowledge.of(TemporalGraph(market.database()), market.task, lists, day(until))


def told(knowledge: Knowledge, customer: int, at: float, product: int) -> dict[str, float]:
    """The features of one pair by name."""
    asked = Examples.of(np.array([customer]), day(at))
    one = Pairs(np.zeros(1, int), np.array([product]), np.zeros(1), np.zeros(1))
    matrix = PairFeatures(knowledge, asked, one).build()
    return dict(zip(matrix.names, matrix.values[0].tolist(), strict=True))


def test_labels_after_the_first_query_do_not_choose_the_relation(few) -> None:
    """The list known by day 40 names what nobody bought; one known by day 330 is what was bought."""
    early, late = few.lists(0), few.lists(290)
    wrong = replace(early, items=ItemLists(early.items.start, np.full(len(early.items.rows), 3)))
    labelled = Examples.concatenate([wrong, late])
    assert known(few, 40, labelled=labelled).main.name == "past lists"
    assert known(few, 330, labelled=labelled).main.name == "lines"


def test_event_of_a_cohort_waits_for_the_row_that_tells_the_cohort(few) -> None:
    """Customer 0's row arrives on day 15: the purchase of day 10 counts for its cohort from then on alone."""
    knowledge = known(few, 40)
    main = knowledge.main
    arrival = np.where(main.entity == 0, day(15), day(0))
    cohort = _grouping(main, "cohort", np.zeros(2, int), np.zeros(5, int), arrival, cohort=True)
    knowledge = replace(knowledge, cohorts=(cohort,))
    for moment, items in ((12, []), (16, [0])):
        at = np.array([day(moment)])
        candidates = Candidates(knowledge, Snapshots(main, at, 1, 90 * DAY), 50)
        query, item, _ = candidates._of_cohort(0, Examples.of(np.array([1]), at))
        assert item.tolist() == items, moment
        share = told(knowledge, 1, moment, 0)["share by the cohort of the entity"]
        assert np.isnan(share) if not items else share == 1


def test_shift_of_the_sampling_is_added_to_the_odds() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(200, 2)).astype(np.float32)
    targets = (values[:, 0] + generator.normal(size=200) > 0).astype(np.float64)
    given = FeatureMatrix(values, ("a", "b"), np.ones(2, int))
    plain = Scorer(given, targets, 0.0, (np.arange(140), np.arange(140, 200)), (), Effort.FAST, 0)
    moved = replace(plain, shift=-2.5)
    for name in ("probabilities", "plain"):
        before, after = (getattr(scorer.score(values[:9]), name) for scorer in (plain, moved))
        odds = [np.log(p / (1 - p)) for p in (before, after)]
        np.testing.assert_allclose(odds[1] - odds[0], -2.5, atol=1e-6)


def test_an_expert_is_fitted_once_for_each_number_of_rows_that_it_learns_from() -> None:
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(200, 2)).astype(np.float32)
    shown = (scores[:, :1] + generator.normal(size=(200, 1)) > 0).astype(np.float32)
    design, outputs = Design.fit(scores, shown, 2), Outputs.of(TargetKind.BINARY, shown[:, 0])

    def told(expert: FittedOnce, number: int) -> np.ndarray:
        context = Rows(scores[:number], scores[:number])
        (found,) = expert.path(design, outputs, context, shown[:number], Rows(scores[:9], scores[:9]))
        return found

    both = FittedOnce("linear", Lines(2), (0.3,))
    for number in (140, 200, 140):
        np.testing.assert_array_equal(told(both, number), told(FittedOnce("linear", Lines(2), (0.3,)), number))
    assert len(both.fitted) == 2


def test_customers_who_buy_much_say_less_of_what_goes_together(make_market: Callable) -> None:
    """Customer 0 bought 0 and 1; customer 1 bought 0, 2 and 3: the former weighs 1 / log(3), the latter 1 / log(4)."""
    market = make_market(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 2, 3]), np.arange(5), 2, 4)
    (events,) = events_between(TemporalGraph(market.database()), "customers", "products")
    likeness = Likeness.of(events, day(10))
    two, three = 1 / np.log(3), 1 / np.log(4)
    assert likeness.share[0, 1] == pytest.approx(two / (two + three))
    assert likeness.share[0, 2] == pytest.approx(three / (two + three))
    assert likeness.cosine[0, 1] == pytest.approx(two / np.sqrt((two + three) * two))


def test_season_is_the_window_that_followed_a_year_ago(few) -> None:
    at = np.array([START + YEAR + 5 * DAY])  # a year ago: days 5 to 35
    candidates = Candidates(known(few, 370), Snapshots(known(few, 370).main, at, 1, 90 * DAY), 50)
    _, item, place = candidates._season(Examples.of(np.array([1]), at))
    assert dict(zip(item.tolist(), place.tolist(), strict=True)) == {1: 0, 0: 1}


def test_anniversary_is_still_to_come(few) -> None:
    """The last purchase of product 0 was on day 10; on day 370 its day of the year is 5.2425 days ahead."""
    pair = told(known(few, 40), 0, 370, 0)
    assert pair["days until the anniversary of its last meeting"] == pytest.approx(5.2425, abs=1e-3)
    assert pair["days until the anniversary of the item's last meeting"] == pytest.approx(5.2425, abs=1e-3)


def test_last_list_counts_what_became_known_with_it(few) -> None:
    """Customer 0's lists: products 0 and 1, known on day 30; none, known on day 60."""
    knowledge = known(few, 70, 0, 30)
    name = "share of the past lists with the item"
    assert [told(knowledge, 0, at, 0)[f"{name} (last 1)"] for at in (30, 59, 60)] == [1, 1, 0]
    assert [told(knowledge, 0, at, 0)[f"{name} (last 3)"] for at in (30, 59, 60)] == [1, 1, 0.5]


def test_what_was_met_a_half_life_earlier_counts_half(few) -> None:
    main = known(few, 40).main
    scores = {}
    for age in (0, 45, 90):
        at = np.array([day(21 + age)])
        found = Snapshots(main, at, 1, 90 * DAY).scores(np.array([1]), at)
        scores[age] = found.at(np.array([0]), np.array([0]))[0][0]
    assert scores[0] > 0
    assert scores[45] / scores[0] == pytest.approx(0.5**0.5)
    assert scores[90] / scores[0] == pytest.approx(0.5)


@pytest.mark.parametrize(("top", "near"), [(3, 30), (20, 60)])
def test_near_rivals_are_three_times_as_many_as_asked_for(habits, top: int, near: int) -> None:
    context, queries = habits.lists(*range(270, 451, 30)), habits.lists(480).unlabelled()
    graph = TemporalGraph(habits.database())
    block = Block(graph, habits.task, context, np.arange(len(context)), queries, Effort.FAST, 0, top)
    assert block.near == near
    assert block.candidates.snapshots.half_life == 90 * DAY


def test_only_near_rivals_are_scored(habits, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 products the six that look best and the plain ranking's two remain."""
    monkeypatch.setattr("relfm.ranking.block.LEAST_NEAR", 0)
    context, queries = habits.lists(*range(270, 451, 30)), habits.lists(480).unlabelled()
    graph = TemporalGraph(habits.database())
    block = Block(graph, habits.task, context, np.arange(len(context)), queries, Effort.FAST, 0, 2)
    rivals = block._rivals(queries)
    counts = np.bincount(rivals.query, minlength=len(queries))
    assert counts.min() >= 6 and counts.max() <= 8
    assert (np.bincount(rivals.query[rivals.plain < 2], minlength=len(queries)) >= 1).all()


HOME, WORK = (ForeignKey((f"{name}_city",), "cities", ("id",)) for name in ("home", "work"))
TO_CUSTOMER, TO_PRODUCT = (ForeignKey((name,), f"{name}s", ("id",)) for name in ("customer", "product"))
KEY = ("int64", None)
CITIES = Schema.of(
    [
        Table("cities", (Column("id", *KEY),), ("id",)),
        Table(
            "customers",
            (Column("id", *KEY), Column("home_city", *KEY), Column("work_city", *KEY)),
            ("id",),
            (HOME, WORK),
        ),
        Table("products", (Column("id", *KEY),), ("id",)),
        Table(
            "orders",
            (Column("customer", *KEY), Column("product", *KEY), Column("at", "timestamp", Stype.timestamp)),
            (),
            (TO_CUSTOMER, TO_PRODUCT),
            "at",
        ),
    ]
)


def test_two_keys_to_one_table_are_two_cohorts(few) -> None:
    """Customer 2 lives where customer 0 does and works where customer 1 does."""
    tables = {
        "cities": pa.table({"id": [0, 1]}),
        "customers": pa.table({"id": [0, 1, 2], "home_city": [0, 1, 0], "work_city": [0, 1, 1]}),
        "products": pa.table({"id": [0, 1, 2, 3]}),
        "orders": pa.table(
            {
                "customer": [0, 1],
                "product": [2, 3],
                "at": pa.array([day(10), day(11)], pa.timestamp("us")),
            }
        ),
    }
    lists = Examples.of(np.array([0, 1]), day(0), items=ItemLists(np.array([0, 1, 2]), np.array([2, 3])))
    knowledge = Knowledge.of(TemporalGraph(Database(CITIES, tables)), few.task, lists, day(40))
    assert [c.name for c in knowledge.cohorts] == ["customers.home_city", "customers.work_city"]
    at = np.array([day(40)])
    candidates = Candidates(knowledge, Snapshots(knowledge.main, at, 1, 90 * DAY), 50)
    asked = Examples.of(np.array([2]), at)
    assert [candidates._of_cohort(number, asked)[1].tolist() for number in (0, 1)] == [[2], [3]]
    pair = told(knowledge, 2, 40, 3)
    assert pair["share by the customers.home_city of the entity"] == 0
    assert pair["share by the customers.work_city of the entity"] == 1
    names = PairFeatures(knowledge, asked, Pairs(*(np.zeros(1, int),) * 4)).build().names
    assert len(set(names)) == len(names)


def test_two_ways_through_one_table_have_two_names() -> None:
    """An order has a buyer and a receiver, both of them customers."""
    buyer, receiver = (ForeignKey((name,), "customers", ("id",)) for name in ("buyer", "receiver"))
    schema = Schema.of(
        [
            Table("customers", (Column("id", *KEY),), ("id",)),
            Table("products", (Column("id", *KEY),), ("id",)),
            Table(
                "orders",
                (Column("buyer", *KEY), Column("receiver", *KEY), Column("product", *KEY)),
                (),
                (buyer, receiver, TO_PRODUCT),
            ),
        ]
    )
    tables = {
        "customers": pa.table({"id": [0, 1]}),
        "products": pa.table({"id": [0]}),
        "orders": pa.table({"buyer": [0], "receiver": [1], "product": [0]}),
    }
    events = events_between(TemporalGraph(Database(schema, tables)), "customers", "products")
    assert [(e.name, e.entity.tolist()) for e in events] == [
        ("orders through orders.buyer, orders.product", [0]),
        ("orders through orders.receiver, orders.product", [1]),
    ]
