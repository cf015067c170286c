"""Fixed values of single features, one test for each choice that whole predictions hardly show."""

import numpy as np
import pyarrow as pa
import pytest
from small_shop import day, shop

from relfm.database import Database
from relfm.features import compute
from relfm.features.series import table_series
from relfm.graph import TemporalGraph
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

MONTH = Span.of(30, "days")


def task(horizon: Span | None = MONTH, entity: str = "users") -> Task:
    return Task("t", TargetKind.REGRESSION, entity, None, horizon=horizon)


def told(
    database: Database, asked: Examples, labelled: Examples | None = None, *, about: Task | None = None
) -> dict[str, list[float]]:
    matrix = compute(database, about or task(), asked, labelled, until=int(asked.seen.min()))
    return dict(zip(matrix.names, matrix.values.T.tolist(), strict=True))


def test_the_first_row_of_all_has_features_from_its_own_moment_on() -> None:
    """Nobody has ordered before day 10."""
    database = shop(users=[{"user_id": 0, "signup": 0}], orders=[{"order_id": 0, "user_id": 0, "ordered": 10}])
    name = "days since the last of orders.user_id"
    assert told(database, Examples.of(np.array([0]), day(10)))[name] == [0.0]
    assert name not in told(database, Examples.of(np.array([0]), day(10) - 1))


def test_anniversary_is_the_days_that_are_left_of_the_year() -> None:
    database = shop(users=[{"user_id": 0, "signup": 0}])
    days = told(database, Examples.of(np.array([0]), day(10)))["days to the anniversary of users.signup"]
    assert days == pytest.approx([365.2425 - 10], abs=1e-3)


@pytest.mark.parametrize(("length", "seasons", "weekdays"), [(7, 2, 2), (299, 2, 0), (300, 0, 0), (365, 0, 0)])
def test_season_and_weekday_are_shown_where_the_window_is_a_part_of_them(
    length: int, seasons: int, weekdays: int
) -> None:
    database = shop(users=[{"user_id": 0, "signup": 0}])
    names = told(database, Examples.of(np.array([0]), day(10)), about=task(Span.of(length, "days")))
    assert sum(name.startswith("season") for name in names) == seasons
    assert sum(name.startswith("weekday") for name in names) == weekdays


@pytest.mark.parametrize(("distinct", "is_text"), [(6, False), (7, True), (16, True)])
def test_text_of_which_three_in_ten_differ_is_told_by_its_length(distinct: int, is_text: bool) -> None:
    users = [{"user_id": n, "country": f"land {n % distinct}", "signup": n} for n in range(20)]
    names = [s.name for s in table_series(shop(users=users), "users", day(50))]
    assert ("length of users.country" in names) == is_text
    assert any(name.startswith("users.country = ") for name in names) != is_text


def test_children_of_children_are_never_the_entity_itself() -> None:
    """A person's houses have owners, who are persons: their ages are no feature of the person."""
    key, number = ("int64", None), ("float64", Stype.numerical)
    to_person = ForeignKey(("owner",), "persons", ("id",))
    to_house = ForeignKey(("house",), "houses", ("id",))
    schema = Schema.of(
        [
            Table("houses", (Column("id", *key), Column("owner", *key)), ("id",), (to_person,)),
            Table("persons", (Column("id", *key), Column("house", *key), Column("age", *number)), ("id",), (to_house,)),
            Table("rooms", (Column("house", *key), Column("size", *number)), (), (to_house,)),
        ]
    )
    rows = {
        "houses": {"id": [0, 1], "owner": [0, 1]},
        "persons": {"id": [0, 1], "house": [1, 0], "age": [30.0, 40.0]},
        "rooms": {"house": [0, 0, 1], "size": [3.0, 5.0, 7.0]},
    }
    database = Database(schema, {name: pa.table(columns) for name, columns in rows.items()})
    names = told(database, Examples.of(np.array([0, 1]), day(0)), about=task(entity="persons"))
    assert names["number of rooms.house of houses.owner"] == [2, 1]
    assert not [name for name in names if "persons.house of houses.owner" in name]
    assert TemporalGraph(database).children_of("houses")  # a way there is


def test_targets_of_those_with_the_same_parent_are_windowed_but_for_the_shortest() -> None:
    """Users 0 and 1 last bought item 0, user 2 item 1; their targets became known on days 50, 70 and 90."""
    users = [{"user_id": n, "signup": 0} for n in range(3)]
    orders = [{"order_id": n, "user_id": n, "item_id": n // 2, "ordered": 10} for n in range(3)]
    database = shop(users=users, items=[{"item_id": 0}, {"item_id": 1}], orders=orders)
    labelled = Examples.of(np.arange(3), np.array([day(20), day(40), day(60)]), np.array([2.0, 6.0, 9.0]))
    asked = Examples.of(np.array([0, 0, 2]), np.array([day(75), day(420), day(95)]))
    names = told(database, asked, labelled)
    shared = {name: value for name, value in names.items() if "past targets of the items" in name}
    of = "past targets of the items (item_id) of its last orders.user_id"
    assert set(shared) == {
        f"mean of target over all {of}",
        f"last target of {of}",
        f"mean of target over the last 3 of {of}",
        f"mean of target over {of} of the last 360 days",
    }
    np.testing.assert_array_equal(shared[f"mean of target over all {of}"], [4, 4, 9])
    np.testing.assert_array_equal(shared[f"last target of {of}"], [6, 6, 9])
    np.testing.assert_array_equal(shared[f"mean of target over {of} of the last 360 days"], [4, 6, 9])


def test_static_target_of_a_row_of_the_same_moment_does_not_show() -> None:
    """Two rows at one instant, one of them told: the other must not read it, nor may the told one read itself."""
    users = [{"user_id": n, "signup": 0} for n in range(2)]
    orders = [{"order_id": n, "user_id": n, "item_id": 0, "ordered": 0} for n in range(2)]
    database = shop(users=users, items=[{"item_id": 0}], orders=orders)
    labelled = Examples.of(np.array([0]), day(5), np.array([7.0]))
    asked = Examples.of(np.array([0, 1, 1]), np.array([day(5), day(5), day(6)]))
    names = told(database, asked, labelled, about=task(None))
    assert names["number of its past targets"] == [0, 0, 0]
    last = names["last target of past targets of the items (item_id) of its last orders.user_id"]
    np.testing.assert_array_equal(last, [np.nan, np.nan, 7])
