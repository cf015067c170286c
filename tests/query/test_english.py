import pytest
from small_shop import SCHEMA

from relfm.query import english


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        (
            "PREDICT COUNT(orders.*, 0, 30) = 0 FOR EACH users WHERE COUNT(orders.*, -90, 0) > 0",
            "For every row of users where there are orders in the last 90 days: "
            "the probability that there are no orders in the next 30 days.",
        ),
        (
            "PREDICT SUM(orders.price WHERE orders.status = 'ok', 7, 37) FOR users.user_id IN (1, 2)",
            "For users with user_id 1, 2: "
            "the sum of orders.price (those where orders.status is 'ok') between 7 and 37 days ahead.",
        ),
        (
            "PREDICT LIST_DISTINCT(orders.item_id, 0, 1, month) RANK TOP 5 FOR EACH users",
            "For every row of users: the 5 most likely orders.item_id in the next month.",
        ),
        ("PREDICT users.segment FOR EACH users", "For every row of users: its segment."),
        (
            "PREDICT users.age > 40 FOR users.user_id = 7 WHERE users.country != 'DE'",
            "For users with user_id 7 (learning from the rows of users where users.country is not 'DE'): "
            "the probability that users.age is more than 40.",
        ),
        (
            "PREDICT SUM(orders.qty, 0, 1, weeks) FORECAST 4 TIMEFRAMES FOR EACH items",
            "For every row of items: the sum of orders.qty in the next week, "
            "and the same for 4 windows of 7 days in a row.",
        ),
        (
            "PREDICT AVG(orders.price, 0, 30) EMPTY AS SKIP FOR EACH users ASSUMING EXISTS(orders.*, 0, 7)",
            "For every row of users: the average of orders.price in the next 30 days, "
            "assuming that there are orders in the next 7 days (those with nothing in a window are left out).",
        ),
        (
            "PREDICT COUNT(orders.price, 0, 3) > SUM(orders.qty, -9, -3) AND users.age IS NOT NULL FOR EACH users",
            "For every row of users: the probability that the number of orders with orders.price in the next 3 days "
            "is more than the sum of orders.qty between 9 and 3 days before and users.age is known.",
        ),
    ],
)
def test_a_question_is_read_back_in_english(text: str, reading: str) -> None:
    assert english(text, SCHEMA) == reading


_WHO = "PREDICT COUNT(orders.*, 0, 9) > 0 FOR EACH users WHERE "
_A, _B = "users.age > 1", "users.vip = 1"


@pytest.mark.parametrize(
    ("condition", "reading"),
    [
        (f"NOT ({_A} AND {_B})", "it is not so that (users.age is more than 1 and users.vip is 1)"),
        (f"NOT {_A} AND {_B}", "it is not so that users.age is more than 1 and users.vip is 1"),
        (f"NOT ({_A} OR {_B})", "it is not so that (users.age is more than 1 or users.vip is 1)"),
        (f"NOT {_A} OR {_B}", "it is not so that users.age is more than 1 or users.vip is 1"),
        (
            "NOT users.age BETWEEN 1 AND 2",
            "it is not so that (users.age is at least 1 and users.age is at most 2)",
        ),
        (f"NOT ({_A})", "it is not so that users.age is more than 1"),
        (f"({_A} OR {_B}) AND {_A}", "(users.age is more than 1 or users.vip is 1) and users.age is more than 1"),
        ("(users.age + 1) * 2 > 3", "(users.age plus 1) times 2 is more than 3"),
        ("users.age + (1 * 2) > 3", "users.age plus 1 times 2 is more than 3"),
        ("users.age - (1 - 2) > 3", "users.age minus (1 minus 2) is more than 3"),
        ("(users.age - 1) - 2 > 3", "users.age minus 1 minus 2 is more than 3"),
        ("users.age / (1 * 2) > 3", "users.age divided by (1 times 2) is more than 3"),
        ("3 > (users.age + 1) * 2", "3 is more than (users.age plus 1) times 2"),
    ],
)
def test_the_reading_has_the_brackets_that_the_question_needs(condition: str, reading: str) -> None:
    assert f" where {reading}: " in english(_WHO + condition, SCHEMA)


def test_an_aggregate_of_arithmetic_has_them_too() -> None:
    reading = english("PREDICT SUM((orders.price + orders.qty) * orders.qty, 0, 9) FOR EACH users", SCHEMA)
    assert "the sum of (orders.price plus orders.qty) times orders.qty in the next 9 days" in reading
