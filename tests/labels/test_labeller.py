"""What counts as a row of a window, who is labelled, and what an empty window means."""

import pytest
from small_shop import SCHEMA, day, days, shop

from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.labels import QueryLabeller, task_of

_USERS = [{"user_id": 1, "signup": 0}, {"user_id": 2, "signup": 4}, {"user_id": 3, "signup": None}]


def _order(order_id: int, ordered: float | None, user_id: int = 1, **cells: object) -> dict:
    return {"order_id": order_id, "user_id": user_id, "ordered": ordered, **cells}


def _labels(question: str, database: Database, *cutoffs: float) -> list[tuple[int, float]]:
    examples = QueryLabeller.of(f"PREDICT {question}", SCHEMA).label(database, days(*cutoffs))
    return list(zip(examples.rows.tolist(), examples.targets.tolist(), strict=True))


def test_a_window_leaves_out_its_start_and_holds_its_end() -> None:
    database = shop(users=_USERS, orders=[_order(1, 5), _order(2, 5.01), _order(3, 8), _order(4, 8.01)])
    assert _labels("COUNT(orders.*, 0, 3) FOR EACH users", database, 5) == [(0, 2.0), (1, 0.0)]


def test_a_calendar_month_ends_on_its_own_last_day() -> None:
    database = shop(users=_USERS, orders=[_order(1, 59), _order(2, 60)])  # 29 February and 1 March
    assert _labels("COUNT(orders.*, 0, 1, month) FOR EACH users", database, 30) == [(0, 1.0), (1, 0.0)]


def test_nobody_is_labelled_before_they_exist_or_if_nobody_knows_when() -> None:
    database = shop(users=_USERS)
    assert _labels("COUNT(orders.*, 0, 3) FOR EACH users", database, 3, 4) == [(0, 0.0), (0, 0.0), (1, 0.0)]


def test_rows_whose_time_is_unknown_never_count() -> None:
    database = shop(users=_USERS, orders=[_order(1, None), _order(2, 6)])
    assert _labels("COUNT(orders.*, 0, 3) FOR users.user_id = 1 WHERE users.user_id = 1", database, 5) == [(0, 1.0)]


def test_lines_happen_when_their_order_does() -> None:
    lines = [{"order_id": 1, "line_no": n, "amount": 2.5, "pieces": n} for n in (1, 2)]
    database = shop(users=_USERS, orders=[_order(1, 6), _order(2, 20)], lines=[*lines, {"order_id": 2, "line_no": 1}])
    assert _labels("SUM(lines.amount * lines.pieces, 0, 3) FOR EACH users", database, 5) == [(0, 7.5), (1, 0.0)]


def test_a_composite_key_names_each_row_of_its_table() -> None:
    lines = [{"order_id": o, "line_no": n, "pieces": o * 10 + n} for o in (1, 2) for n in (1, 2)]
    database = shop(users=_USERS, orders=[_order(1, 6), _order(2, 7)], lines=lines)
    assert _labels("lines.pieces FOR EACH lines", database, 9) == [(0, 11), (1, 12), (2, 21), (3, 22)]


def test_a_row_reached_after_the_window_is_missing() -> None:
    """A return whose order is dated later than the window must not be counted for that order's user."""
    returns = [{"return_id": 1, "order_id": 1, "returned": 6}, {"return_id": 2, "order_id": 2, "returned": 6}]
    database = shop(users=_USERS, orders=[_order(1, 3), _order(2, 30)], returns=returns)
    assert _labels("COUNT(returns.*, 0, 3) FOR EACH users", database, 5) == [(0, 1.0), (1, 0.0)]


def test_a_parent_that_does_not_exist_yet_meets_no_condition() -> None:
    users = [{"user_id": 1, "signup": 0, "country": "DE"}, {"user_id": 2, "signup": 9, "country": "DE"}]
    orders = [_order(1, 3), _order(2, 3, user_id=2)]
    database = shop(users=users, items=[{"item_id": 1}], orders=[o | {"item_id": 1} for o in orders])
    question = "COUNT(orders.* WHERE users.country = 'DE', 0, 3) FOR EACH items"
    assert _labels(question, database, 2) == [(0, 1.0)]
    assert _labels(question, database, 7) == [(0, 0.0)]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("COUNT(orders.*, 0, 3)", [(0, 1.0), (1, 0.0)]),
        ("COUNT(orders.*, 0, 3) EMPTY AS 0", [(0, 1.0), (1, 0.0)]),
        ("COUNT(orders.*, 0, 3) EMPTY AS NULL", [(0, 1.0)]),
        ("COUNT(orders.*, 0, 3) EMPTY AS SKIP", [(0, 1.0)]),
        ("COUNT(orders.*, 0, 3) = 0", [(0, 0.0), (1, 1.0)]),
        ("COUNT(orders.*, 0, 3) = 0 EMPTY AS SKIP", [(0, 0.0)]),
        ("AVG(orders.qty, 0, 3)", [(0, 4.0)]),
        ("AVG(orders.qty, 0, 3) EMPTY AS 0", [(0, 4.0), (1, 0.0)]),
        ("MIN(orders.qty, 0, 3) <= 5", [(0, 1.0)]),
        ("MIN(orders.qty, 0, 3) <= 5 OR users.user_id > 0", [(0, 1.0), (1, 1.0)]),  # unknown or true is true
        ("MIN(orders.qty, 0, 3) <= 5 OR users.user_id > 0 EMPTY AS NULL", [(0, 1.0), (1, 1.0)]),
        ("MIN(orders.qty, 0, 3) <= 5 OR users.user_id > 0 EMPTY AS SKIP", [(0, 1.0)]),
        ("NOT EXISTS(orders.*, 0, 3)", [(0, 0.0), (1, 1.0)]),
        ("SUM(orders.price, 0, 3)", [(0, 0.0), (1, 0.0)]),  # the one order has no price
        ("SUM(orders.price, 0, 3) EMPTY AS NULL", []),
        ("SUM(orders.qty, 0, 3) / COUNT(orders.*, 0, 3)", [(0, 4.0)]),  # nothing is divided by 0
    ],
)
def test_an_empty_window_counts_as_the_question_says(target: str, expected: list[tuple[int, float]]) -> None:
    database = shop(users=_USERS, orders=[_order(1, 6, qty=4)])
    assert _labels(f"{target} FOR EACH users", database, 5) == expected


def test_assuming_restricts_labels_but_not_whom_to_predict() -> None:
    database = shop(users=_USERS, orders=[_order(1, 6), _order(2, 9)])
    question = "PREDICT COUNT(orders.*, 0, 5) FOR EACH users ASSUMING COUNT(orders.*, 0, 2) > 0"
    labeller = QueryLabeller.of(question, SCHEMA)
    assert labeller.label(database, days(5)).rows.tolist() == [0]
    assert labeller.population(database, day(5)).tolist() == [0, 1]


def test_where_restricts_both_and_reads_the_past_alone() -> None:
    database = shop(users=_USERS, orders=[_order(1, 2), _order(2, 6, user_id=2)])
    labeller = QueryLabeller.of("PREDICT COUNT(orders.*, 0, 5) FOR EACH users WHERE EXISTS(orders.*, -5, 0)", SCHEMA)
    assert labeller.label(database, days(5)).rows.tolist() == [0]
    assert labeller.population(database, day(5)).tolist() == [0]
    assert labeller.population(database, day(6)).tolist() == [0, 1]


def test_ids_restrict_who_is_predicted_and_not_what_is_learned() -> None:
    database = shop(users=_USERS)
    labeller = QueryLabeller.of("PREDICT COUNT(orders.*, 0, 5) FOR users.user_id = 2 WHERE users.age > 3", SCHEMA)
    assert labeller.population(database, day(5)).tolist() == [1]
    labeller = QueryLabeller.of("PREDICT COUNT(orders.*, 0, 5) FOR users.user_id = 2", SCHEMA)
    assert labeller.label(database, days(5)).rows.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("ids", "at", "message"),
    [
        ("(1, 8, 9)", 9, "no row of 'users' has user_id = 8, 9"),
        ("(1, 'one')", 9, "no row of 'users' has user_id = one"),
        ("(99999999999999999999)", 9, "no row of 'users' has user_id = 99999999999999999999"),
        ("(2, 1, 3)", 2, "users with user_id 2, 3 did not exist at 2020-01-03"),
    ],
)
def test_ids_that_nobody_has_yet_are_named(ids: str, at: int, message: str) -> None:
    labeller = QueryLabeller.of(f"PREDICT COUNT(orders.*, 0, 5) FOR users.user_id IN {ids}", SCHEMA)
    with pytest.raises(DataCannotAnswer, match=message):
        labeller.population(shop(users=_USERS), day(at))


def test_a_forecast_is_labelled_step_by_step() -> None:
    database = shop(users=_USERS, orders=[_order(1, 6), _order(2, 8), _order(3, 9), _order(4, 11)])
    task = task_of("PREDICT COUNT(orders.*, 0, 2) FORECAST 3 TIMEFRAMES FOR EACH users", SCHEMA)
    steps = [task.labeller.label_step(database, days(5), step).targets.tolist() for step in range(task.steps)]
    assert steps == [[1, 0], [2, 0], [1, 0]]
    assert task.labeller.label(database, days(5)).targets.tolist() == steps[0]


@pytest.mark.parametrize(
    ("condition", "users"),
    [
        ("users.country LIKE 'D%'", [0]),
        ("users.country NOT LIKE 'D%'", [1]),
        ("users.country CONTAINS 'S'", [1]),
        ("NOT users.country STARTS WITH 'D'", [1]),
        ("users.country ENDS WITH 'E'", [0]),
        ("users.country IN ('DE', 'FR')", [0]),
        ("users.country NOT IN ('DE')", [1]),
        ("users.country IS NULL", [2]),
        ("users.vip = TRUE", [0]),
        ("users.vip IS FALSE OR users.country IS NULL", [1, 2]),
        ("users.signup > '2020-01-02'", [1, 2]),
        ("users.signup <= 2020-01-02", [0]),
        ("users.age * 2 + 1 >= 7.0", [0, 1]),
        ("-users.age < 0 - 3", [1]),
        ("NOT (users.age > 3 OR users.country = 'FR')", [0]),
    ],
)
def test_conditions_mean_what_they_say(condition: str, users: list[int]) -> None:
    rows = [
        {"user_id": 1, "signup": 0, "country": "DE", "vip": 1, "age": 3.0},
        {"user_id": 2, "signup": 2, "country": "US", "vip": 0, "age": 4.0},
        {"user_id": 3, "signup": 3},
    ]
    labeller = QueryLabeller.of(f"PREDICT COUNT(orders.*, 0, 5) FOR EACH users WHERE {condition}", SCHEMA)
    assert labeller.population(shop(users=rows), day(5)).tolist() == users
