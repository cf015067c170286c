"""Questions about a cell: a row that has it is an example at its own time, a row that lacks it is asked about."""

from small_shop import SCHEMA, day, days, shop

from relfm.database import Database
from relfm.labels import QueryLabeller
from relfm.schema import Schema, Table

_USERS = [
    {"user_id": 1, "signup": 3, "age": 30.0, "country": "US"},
    {"user_id": 2, "signup": 1, "age": None, "country": "US"},
    {"user_id": 3, "signup": 2, "age": 50.0, "country": "DE"},
    {"user_id": 4, "signup": 8, "age": 70.0},
    {"user_id": 5, "signup": None, "age": 90.0},
]


def test_a_known_cell_is_an_example_at_the_time_of_its_row() -> None:
    examples = QueryLabeller.of("PREDICT users.age FOR EACH users", SCHEMA).label(shop(users=_USERS), days(5))
    assert examples.rows.tolist() == [2, 0]
    assert examples.cutoffs.tolist() == days(2, 3).tolist() == examples.seen.tolist()
    assert examples.targets.tolist() == [50, 30]


def test_a_missing_cell_is_what_is_asked_about() -> None:
    labeller = QueryLabeller.of("PREDICT users.age > 40 FOR EACH users", SCHEMA)
    database = shop(users=_USERS)
    assert labeller.population(database, day(5)).tolist() == [1]
    assert labeller.population(database, day(0)).tolist() == []
    assert labeller.label(database, days(5)).targets.tolist() == [1, 0]


def test_where_about_the_cell_itself_restricts_whom_to_predict_alone() -> None:
    text = "PREDICT users.age FOR EACH users WHERE users.age IS NULL AND users.country = 'US'"
    labeller = QueryLabeller.of(text, SCHEMA)
    assert labeller.label(shop(users=_USERS), days(9)).rows.tolist() == [0]
    assert labeller.population(shop(users=_USERS), day(9)).tolist() == [1]


def test_a_row_asked_for_is_predicted_even_if_its_cell_is_known() -> None:
    labeller = QueryLabeller.of("PREDICT users.age FOR users.user_id = 3", SCHEMA)
    assert labeller.population(shop(users=_USERS), day(9)).tolist() == [2]


def test_where_sees_the_past_of_each_row_and_not_of_the_present() -> None:
    orders = [{"order_id": 1, "user_id": 1, "ordered": 4}, {"order_id": 2, "user_id": 3, "ordered": 1}]
    text = "PREDICT users.age FOR EACH users WHERE COUNT(orders.*, -INF, 0) > 0"
    examples = QueryLabeller.of(text, SCHEMA).label(shop(users=_USERS, orders=orders), days(9))
    assert examples.rows.tolist() == [2]


def test_a_cell_of_a_parent_is_seen_only_once_the_parent_exists() -> None:
    orders = [{"order_id": i, "user_id": u, "ordered": 2} for i, u in enumerate([1, 3, 9])]
    examples = QueryLabeller.of("PREDICT users.age FOR EACH orders", SCHEMA).label(
        shop(users=_USERS, orders=orders), days(9)
    )
    assert (examples.rows.tolist(), examples.targets.tolist()) == ([1], [50])


def test_timeless_rows_are_examples_at_the_moment_of_asking() -> None:
    database = shop(items=[{"item_id": 1, "category": "a"}, {"item_id": 2}, {"item_id": 3, "category": "b"}])
    labeller = QueryLabeller.of("PREDICT items.category = 'a' FOR EACH items", SCHEMA)
    examples = labeller.label(database, days(3, 7))
    assert examples.cutoffs.tolist() == days(7, 7).tolist()
    assert examples.targets.tolist() == [1, 0]
    assert labeller.population(database, day(0)).tolist() == [1]


def test_a_table_without_a_key_is_asked_about_by_row() -> None:
    items = SCHEMA.tables["items"]
    schema = Schema.of([Table("items", items.columns)])
    database = Database(schema, {"items": shop(items=[{"category": c} for c in ("a", None, "b")]).tables["items"]})
    labeller = QueryLabeller.of("PREDICT items.category = 'a' FOR EACH items", schema)
    assert labeller.label(database, days(7)).rows.tolist() == [0, 2]
    assert labeller.population(database, day(7)).tolist() == [1]
