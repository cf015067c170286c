import re

import pytest
from small_shop import SCHEMA, days, shop

from relfm.errors import DataCannotAnswer, QuestionError
from relfm.labels import classes_at, task_of, with_classes
from relfm.times import Span

_EACH = "FOR EACH users.user_id"
_EXAMPLES = [
    ("COUNT(orders.*, 0, 30, days) = 0 FOR users.user_id = 1", "binary"),
    (f"COUNT(orders.*, 0, 30, days) > 0 {_EACH}", "binary"),
    (f"COUNT(orders.*, 0, 30, days) = 0 {_EACH} WHERE COUNT(orders.*, -90, 0, days) > 0", "binary"),
    (f"SUM(orders.price, 0, 90, days) {_EACH}", "regression"),
    ("SUM(orders.price, 0, 90, days) > 100 FOR users.user_id IN (1,2,3)", "binary"),
    ("AVG(orders.price, 0, 4, weeks) FOR items.item_id = 5", "regression"),
    (f"MAX(orders.price, 0, 12, hours) {_EACH}", "regression"),
    (f"MIN(orders.qty, 0, 30, days) <= 3 {_EACH}", "binary"),
    (f"COUNT(orders.*, 7, 37, days) {_EACH}", "regression"),
    (f"COUNT(orders.*, 0, 30) {_EACH}", "regression"),
    (f"SUM(orders.price WHERE orders.status = 'ok', 0, 30, days) {_EACH}", "regression"),
    (f"COUNT(orders.* WHERE orders.status='returned' AND orders.price > 20, 0, 30, days) > 0 {_EACH}", "binary"),
    ("LIST_DISTINCT(orders.item_id, 0, 30, days) RANK TOP 10 FOR users.user_id = 1", "ranking"),
    (f"LIST_DISTINCT(orders.item_id WHERE orders.price > 10, 0, 30, days) RANK TOP 5 {_EACH}", "ranking"),
    ("users.age FOR users.user_id = 7", "regression"),
    ("users.segment FOR users.user_id IN (1, 2)", "multiclass"),
    (f"users.age > 40 {_EACH}", "binary"),
    (f"users.segment = 'a' {_EACH} WHERE users.country = 'US'", "binary"),
    ("orders.status FOR EACH orders.order_id", "multiclass"),
    ("SUM(orders.qty, 0, 1, weeks) FORECAST 4 TIMEFRAMES FOR items.item_id = 3", "forecast"),
    (f"COUNT(orders.*, 0, 30, days) > 0 {_EACH} ASSUMING COUNT(orders.*, 0, 7, days) > 2", "binary"),
    (
        f"COUNT(orders.*,0,30) > 0 OR SUM(orders.price,0,30,days) > 500 {_EACH} "
        "WHERE users.age >= 18 AND NOT users.country = 'DE'",
        "binary",
    ),
    (f"COUNT(orders.*,0,30,days) > 0 AND COUNT(orders.*,30,60,days) = 0 {_EACH}", "binary"),
    (f"COUNT(orders.*, 0, 30, days) > 0 {_EACH} WHERE COUNT(orders.*, -INF, 0) > 3", "binary"),
    (f"users.age {_EACH} WHERE users.age IS NULL", "regression"),
]
_BEYOND = [
    (f"COUNT_DISTINCT(orders.item_id, 0, 30) {_EACH}", "regression"),
    (f"LAST(orders.status, 0, 30) {_EACH}", "multiclass"),
    (f"FIRST(orders.price, 0, 30) {_EACH}", "regression"),
    (f"LIST_DISTINCT(orders.item_id, 0, 30) RANK TOP 50 {_EACH}", "ranking"),
    (f"COUNT(orders.* WHERE items.category = 'x', 0, 30) > 0 {_EACH}", "binary"),
    ("items.category FOR EACH orders.order_id", "multiclass"),
    (f"COUNT(orders.* WHERE orders.status LIKE '%turn%', 0, 30) {_EACH}", "regression"),
    (f"SUM(orders.price, 0, 30) - SUM(orders.qty, 0, 30) {_EACH}", "regression"),
    (f"SUM(orders.price * orders.qty, 0, 1, years) {_EACH}", "regression"),
    (f"COUNT(returns.*, 0, 30, day) {_EACH}", "regression"),
    ("COUNT(orders.*, 0, 30) FOR EACH users", "regression"),
    (f"EXISTS(orders.*, 0, 1, quarter) {_EACH}", "binary"),
    ("users.vip FOR EACH users", "multiclass"),
    (f"COUNT(orders.item_id, 0, 30) {_EACH}", "regression"),
    (f"LAST(orders.item_id, 0, 30) = 3 {_EACH}", "binary"),
    (f"users.segment CLASSIFY {_EACH}", "multiclass"),
    (f"COUNT(orders.*, 0, 30) > 0 CLASSIFY {_EACH}", "binary"),
]


@pytest.mark.parametrize(("question", "kind"), _EXAMPLES + _BEYOND)
def test_a_question_has_the_kind_that_its_target_says(question: str, kind: str) -> None:
    assert task_of(f"PREDICT {question}", SCHEMA).kind == kind


@pytest.mark.parametrize(
    ("question", "horizon", "gap"),
    [
        (f"COUNT(orders.*, 7, 37) {_EACH}", Span.of(37, "days"), Span.of(7, "days")),
        (f"COUNT(orders.*, 0, 1, month) {_EACH}", Span.of(1, "month"), Span.of(0, "months")),
        (f"COUNT(orders.*, 0, 3) > COUNT(orders.*, 3, 6) {_EACH}", Span.of(6, "days"), Span()),
        (f"COUNT(orders.*, 0, 3) {_EACH} ASSUMING COUNT(orders.*, 0, 9) > 1", Span.of(9, "days"), Span()),
        (f"COUNT(orders.*, 0, 1, month) + COUNT(orders.*, 0, 3) {_EACH}", Span.of(31, "days"), None),
        (f"SUM(orders.qty, 0, 1, weeks) FORECAST 4 TIMEFRAMES {_EACH}", Span.of(28, "days"), Span()),
        (f"users.age {_EACH}", None, Span()),
    ],
)
def test_the_horizon_is_the_end_of_the_last_window(question: str, horizon: Span | None, gap: Span | None) -> None:
    task = task_of(f"PREDICT {question}", SCHEMA)
    assert task.horizon == horizon
    assert gap is None or task.gap == gap


def test_a_cell_is_hidden_and_the_future_is_not() -> None:
    assert task_of("PREDICT users.age > 40 FOR EACH users", SCHEMA).hidden == {("users", "age")}
    assert task_of("PREDICT items.category FOR EACH orders", SCHEMA).hidden == {("items", "category")}
    assert task_of("PREDICT SUM(orders.qty, 0, 3) FOR EACH users", SCHEMA).hidden == frozenset()


def test_a_ranking_names_its_items_and_how_many() -> None:
    task = task_of("PREDICT LIST_DISTINCT(orders.item_id, 0, 30) RANK TOP 50 FOR EACH users", SCHEMA)
    assert (task.item, task.top) == ("items", 50)
    assert task_of("PREDICT LIST_DISTINCT(orders.item_id, 0, 30) FOR EACH users", SCHEMA).top == 10


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("COUNT(orders.*, 0, 3) FOR EACH users", "EMPTY AS 0: a row of users with nothing in the window counts as 0"),
        ("COUNT(orders.*, 0, 3) EMPTY AS NULL FOR EACH users", "EMPTY AS NULL"),
        ("COUNT(orders.*, 0, 3) EMPTY AS SKIP FOR EACH users", "EMPTY AS SKIP"),
        ("AVG(orders.qty, 0, 3) FOR EACH users", "AVG of an empty window is unknown"),
        ("COUNT(orders.*, 0, 3) FOR EACH users ASSUMING EXISTS(orders.*, 0, 1)", "ASSUMING restricts"),
        ("COUNT(orders.*, 0, 3) FOR users.user_id = 1 WHERE users.age > 3", "WHERE restricts"),
        ("users.age FOR EACH users WHERE users.age IS NULL", "WHERE about the predicted column itself"),
    ],
)
def test_what_is_not_obvious_is_noted(question: str, note: str) -> None:
    assert any(n.startswith(note) for n in task_of(f"PREDICT {question}", SCHEMA).notes)


@pytest.mark.parametrize(
    ("marked", "message", "hint"),
    [
        ("PREDICT «users.bio» FOR EACH users", "users.bio is free text", "CONTAINS"),
        ("PREDICT «users.signup» FOR EACH users", "users.signup is a time", "after a date: users.signup > 2026-01-31"),
        (
            "PREDICT MAX(«orders.ordered», 0, 30) FOR EACH users",
            "orders.ordered is a time",
            r"after a date: MAX\(orders.ordered, 0, 30, days\) > 2026-01-31",
        ),
        (
            "PREDICT «LAST(orders.status, 0, 3)» FORECAST 3 TIMEFRAMES FOR EACH users",
            "only numbers are forecast",
            "FORECAST",
        ),
        ("PREDICT «COUNT(orders.*, 0, 3) > 0» FORECAST 3 TIMEFRAMES FOR EACH users", "only numbers", "FORECAST"),
        (
            "PREDICT LAST(«orders.item_id» WHERE orders.qty > 1, 0, 30) FOR EACH users",
            "orders.item_id names rows of items, it is not a quantity",
            r"LIST_DISTINCT\(orders.item_id WHERE orders.qty > 1, 0, 30, days\) RANK TOP 1",
        ),
        ("PREDICT FIRST(«orders.item_id», 0, 30) FOR EACH users", "not a quantity", "LIST_DISTINCT"),
        ("PREDICT 1 + MAX(«orders.item_id», 0, 30) FOR EACH users", "not a quantity", "LIST_DISTINCT"),
        ("PREDICT MIN(«orders.order_id», 0, 30) FOR EACH users", "orders.order_id is a key", "COUNT_DISTINCT"),
        ("PREDICT COUNT(orders.*, 0, 30) «CLASSIFY» FOR EACH users", "a number", "COUNT.* > 0"),
        ("PREDICT users.age «CLASSIFY TOP 3» FOR EACH users", "only classes are classified", "leave CLASSIFY out"),
        ("PREDICT COUNT(orders.*, 0, 3) FORECAST 2 TIMEFRAMES «CLASSIFY» FOR EACH users", "a number", "CLASSIFY"),
    ],
)
def test_a_target_that_cannot_be_predicted_is_refused(marked: str, message: str, hint: str) -> None:
    with pytest.raises(QuestionError, match=message) as raised:
        task_of(marked.replace("«", "").replace("»", ""), SCHEMA)
    assert raised.value.span == (marked.index("«"), marked.index("»") - 1)
    assert re.search(hint, raised.value.hint)


def test_what_a_refusal_says_to_ask_is_a_question() -> None:
    with pytest.raises(QuestionError) as raised:
        task_of("PREDICT MIN(orders.ordered, 0, 30) FOR EACH users", SCHEMA)
    asked = raised.value.hint.partition(": ")[2]
    assert task_of(f"PREDICT {asked} FOR EACH users", SCHEMA).kind == "binary"


@pytest.mark.parametrize(
    ("target", "advised"),
    [
        ("AVG(orders.qty, 0, 3)", True),
        ("FIRST(orders.price, 0, 3) > 1", True),
        ("FIRST(orders.status, 0, 3)", False),
        ("MAX(orders.ordered, 0, 3) > '2020-01-05'", False),
        ("AVG(orders.qty, 0, 3) > 1 AND LAST(orders.status, 0, 3) = 'ok'", False),
    ],
)
def test_zero_is_advised_only_where_it_can_be_asked(target: str, advised: bool) -> None:
    (note,) = [n for n in task_of(f"PREDICT {target} FOR EACH users", SCHEMA).notes if "is unknown" in n]
    assert ("EMPTY AS 0" in note) == advised
    if advised:
        task_of(f"PREDICT {target} EMPTY AS 0 FOR EACH users", SCHEMA)


def test_windows_of_a_forecast_may_be_equally_long_in_other_units() -> None:
    target = "SUM(orders.price, 0, 7, days) - SUM(orders.qty, 0, 1, week)"
    task = task_of(f"PREDICT {target} FORECAST 3 TIMEFRAMES FOR EACH items", SCHEMA)
    assert (task.kind, task.horizon) == ("forecast", Span.of(21, "days"))
    orders = [{"order_id": i, "item_id": 1, "ordered": 10 + 7 * i, "price": i, "qty": 5} for i in range(3)]
    database = shop(items=[{"item_id": 1}], orders=orders)
    steps = [task.labeller.label_step(database, days(9), step).targets.tolist() for step in range(3)]
    assert steps == [[-5.0], [-4.0], [-3.0]]


def test_classes_come_from_windows_closed_by_then() -> None:
    orders = [{"order_id": i, "user_id": 1, "status": "abcd"[i], "ordered": 3 * i + 3} for i in range(4)]
    database = shop(users=[{"user_id": 1, "signup": 0}], orders=orders)
    task = task_of("PREDICT LAST(orders.status, 0, 3) FOR EACH users", SCHEMA)
    assert classes_at(task, database, days(9)[0]) == ("b", "c")
    bound = with_classes(task, database, days(9)[0])
    examples = bound.labeller.label(database, days(3, 6, 9))
    assert examples.targets.tolist() == [0, 1]  # at day 9 comes a class that nobody has seen: no label
    with pytest.raises(DataCannotAnswer, match="no class is known by 2020-01-02"):
        classes_at(task, database, days(1)[0])


def test_classes_of_a_cell_are_those_of_rows_that_exist() -> None:
    users = [{"user_id": i, "segment": s, "signup": i} for i, s in enumerate(["b", None, "a", "c"])]
    database = shop(users=users)
    task = with_classes(task_of("PREDICT users.segment FOR EACH users", SCHEMA), database, days(2)[0])
    assert task.classes == ("a", "b")
    assert task.labeller.label(database, days(3)).targets.tolist() == [1, 0]


def test_other_kinds_keep_their_classes() -> None:
    task = task_of("PREDICT users.age > 3 FOR EACH users", SCHEMA)
    assert task.classes == (False, True)
    assert with_classes(task, shop(), 0) is task
