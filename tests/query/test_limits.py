"""What no question may hold is refused where it stands, and what is just within the limits is answered."""

import pytest
from small_shop import SCHEMA, days, shop

from relfm.errors import QuestionError
from relfm.labels import QueryLabeller, task_of
from relfm.query import PredictiveQuery, parse
from relfm.query.binding import bind
from relfm.query.checks import check
from relfm.query.nodes import Aggregate, Column, Comparison, Constant, Entity, Function, Not, Window

_NINES = "9" * 5000


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (f"PREDICT COUNT(orders.*, 0, 30) > «{_NINES}» FOR EACH users", "a number of 5000 digits is too long"),
        (f"PREDICT COUNT(orders.*, 0, «{_NINES}») FOR EACH users", "a number of 5000 digits"),
        (f"PREDICT COUNT(orders.*, -«{_NINES}», 0) FOR EACH users", "a number of 5000 digits"),
        (f"PREDICT COUNT(orders.*, 0, 30) FORECAST «{_NINES}» TIMEFRAMES FOR EACH users", "a number of 5000 digits"),
        (f"PREDICT LIST_DISTINCT(orders.item_id, 0, 3) RANK TOP «{_NINES}» FOR EACH users", "a number of 5000 digits"),
        (f"PREDICT users.age FOR users.user_id IN (1, -«{_NINES}»)", "a number of 5000 digits"),
        ("PREDICT COUNT(orders.*, 0, 30) > «1e999» FOR EACH users", "1e999 is too large for a number"),
        ("PREDICT users.age FOR users.user_id = -«1e999»", "1e999 is too large for a number"),
        (f"PREDICT COUNT(orders.*, 0, 30) > «{'9' * 20}» FOR EACH users", "is too large for a whole number"),
        (f"PREDICT COUNT(orders.*, 0, 30) > «-{'9' * 20}» FOR EACH users", "is too large for a whole number"),
        ("PREDICT COUNT(orders.* WHERE orders.qty IN (1, «9223372036854775808»), 0, 3) FOR EACH users", "64 bits"),
        ("PREDICT users.age FOR EACH users WHERE users.segment = '«\udcff»'", "text that is not UTF-8"),
        ("PREDICT users.age FOR users.user_id = '«\ud800\udc80»x'", "text that is not UTF-8"),
        ("PREDICT «\udcff» users.age", "text that is not UTF-8"),
    ],
)
def test_what_nothing_can_hold_is_pointed_at(marked: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message) as raised:
        check(bind(marked.replace("«", "").replace("»", ""), SCHEMA))
    assert raised.value.span == (marked.index("«"), marked.index("»") - 1)
    assert raised.value.hint


@pytest.mark.parametrize("number", ["9223372036854775807", "-9223372036854775808", "1.7e308", f"{'9' * 40}.0", "1e20"])
def test_numbers_that_sql_reads_are_answered(number: str) -> None:
    database = shop(users=[{"user_id": 1, "signup": 0}], orders=[{"order_id": 1, "user_id": 1, "ordered": 6}])
    labeller = QueryLabeller.of(f"PREDICT COUNT(orders.*, 0, 3) > {number} FOR EACH users", SCHEMA)
    assert labeller.label(database, days(5)).targets.tolist() == [float(number.startswith("-"))]


def test_an_id_may_have_more_digits_than_a_whole_number_has() -> None:
    assert parse(f"PREDICT users.age FOR users.user_id = {'9' * 30}").entity.ids == (Constant(int("9" * 30)),)


def _nots(count: int) -> str:
    return f"{'NOT ' * count}COUNT(orders.*, 0, 3) = 1"


def _signs(count: int) -> str:
    return f"SUM({'-' * count}orders.qty, 0, 3)"


def _sums(count: int) -> str:
    return " + ".join(["SUM(orders.qty, 0, 3)"] * count)


def _brackets(count: int) -> str:
    return f"SUM({'(1 + ' * count}orders.qty{')' * count}, 0, 3)"


def _logic(count: int) -> str:
    halves = "(COUNT(orders.*, 0, 3) = 1 AND (COUNT(orders.*, 0, 3) = 2 OR "
    return f"{halves * (count // 2)}COUNT(orders.*, 0, 3) = 3{'))' * (count // 2)}"


_DEEP = [_nots, _signs, _sums, _brackets, _logic]


@pytest.mark.parametrize("form", _DEEP)
@pytest.mark.parametrize("count", [200, 500, 5000])
def test_what_is_nested_too_deeply_is_refused(form, count: int) -> None:
    text = f"PREDICT {form(count)} FOR EACH users"
    with pytest.raises(QuestionError, match="nested too deeply") as raised:
        task_of(text, SCHEMA)
    start, end = raised.value.span
    assert start >= len("PREDICT ")
    assert end <= text.index(" FOR EACH")


@pytest.mark.parametrize("form", _DEEP)
def test_a_hundred_levels_are_answered(form) -> None:
    database = shop(users=[{"user_id": 1, "signup": 0}], orders=[{"order_id": 1, "user_id": 1, "ordered": 6, "qty": 2}])
    task = task_of(f"PREDICT {form(100)} FOR EACH users", SCHEMA)
    assert len(task.labeller.label(database, days(5)).targets) == 1


def test_brackets_that_say_nothing_may_be_any_number() -> None:
    assert parse(f"PREDICT {'(' * 900}u.a{')' * 900} FOR EACH u").target == Column("u", "a")


def test_a_query_built_too_deeply_is_refused() -> None:
    condition = Comparison(Aggregate(Function.COUNT, Column("orders", "*"), Window(0, 3)), ">", Constant(0))
    for _ in range(3000):
        condition = Not(condition)
    with pytest.raises(QuestionError, match="nested too deeply"):
        bind(PredictiveQuery(condition, Entity("users")), SCHEMA)
