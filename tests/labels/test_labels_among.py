"""Labels of some entities are those that they have among the labels of all."""

import numpy as np
import pytest
from small_shop import SCHEMA, days, shop

from relfm.database import Database
from relfm.labels import QueryLabeller, SqlLabeller, task_of, with_classes
from relfm.task import Examples
from relfm.times import DAY, Span

QUESTIONS = (
    "COUNT(orders.*, 0, 5) > 1 FOR EACH users",
    "SUM(orders.price WHERE orders.qty = 1 OR orders.qty > 2, 0, 4) FOR EACH users WHERE COUNT(orders.*, -9, 0) > 0",
    "SUM(lines.amount, 0, 5) FOR EACH users WHERE users.age > 20 OR users.segment = 'a'",
    "FIRST(orders.status, 0, 5) FOR EACH users",
    "LIST_DISTINCT(orders.item_id, 0, 5) RANK TOP 2 FOR EACH users",
    "COUNT(orders.*, 0, 5) FORECAST 2 TIMEFRAMES FOR EACH users",
    "COUNT(orders.*, 0, 5) FOR EACH items",
    "lines.pieces FOR EACH lines",
    "users.segment FOR EACH users WHERE users.age > 20",
)
CUTOFFS = days(*range(3, 40, 4))


@pytest.fixture(scope="module")
def database() -> Database:
    generator = np.random.default_rng(0)
    users = [{"user_id": 5 * n, "age": 20.0 + n % 4, "segment": "ab"[n % 2], "signup": n % 5} for n in range(12)]
    orders = [
        {
            "order_id": n,
            "user_id": 5 * int(generator.integers(0, 12)),
            "item_id": int(generator.integers(0, 4)),
            "price": float(generator.gamma(2, 10)),
            "qty": int(generator.integers(1, 5)),
            "status": "xyz"[int(generator.integers(0, 3))],
            "ordered": float(generator.uniform(0, 40)),
        }
        for n in range(150)
    ]
    lines = [{"order_id": o, "line_no": n, "amount": float(o + n), "pieces": o * n} for o in range(150) for n in (1, 2)]
    return shop(users=users, items=[{"item_id": n} for n in range(4)], orders=orders, lines=lines)


def content(examples: Examples) -> tuple:
    lists = None if examples.items is None else (examples.items.start.tolist(), examples.items.rows.tolist())
    targets = None if examples.targets is None else examples.targets.tolist()
    return examples.rows.tolist(), examples.cutoffs.tolist(), targets, lists


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("rows", [[1], [0, 2, 3], [], list(range(4))], ids=str)
def test_labels_among_some_are_theirs_among_all(database: Database, question: str, rows: list[int]) -> None:
    task = with_classes(task_of(f"PREDICT {question}", SCHEMA), database, int(CUTOFFS[-1]))
    asked = np.array(rows, dtype=np.int64)
    for step in range(task.steps):
        everybody = task.labeller.label_step(database, CUTOFFS, step)
        among = task.labeller.label_step(database, CUTOFFS, step, asked)
        assert content(among) == content(everybody.take(np.isin(everybody.rows, asked)))
        assert (len(among) > 0) == bool(rows)
    assert content(task.labeller.label(database, CUTOFFS)) == content(task.labeller.label_step(database, CUTOFFS, 0))


def test_labels_of_written_sql_are_those_of_the_rows_asked_for(database: Database) -> None:
    sql = (
        "SELECT t.timestamp, o.user_id, count(*) AS n FROM timestamps t JOIN orders o "
        "ON o.ordered > t.timestamp AND o.ordered <= t.timestamp + INTERVAL '{timedelta}' GROUP BY ALL"
    )
    labeller = SqlLabeller(sql, "users", "user_id", "timestamp", "n", Span(0, 5 * DAY))
    everybody, among = labeller.label(database, CUTOFFS), labeller.label(database, CUTOFFS, np.array([1, 4]))
    assert content(among) == content(everybody.take(np.isin(everybody.rows, [1, 4]))) and len(among)


def test_a_key_that_is_a_word_of_sql_is_asked_for_by_its_name(database: Database) -> None:
    statement = QueryLabeller.of("PREDICT COUNT(orders.*, 0, 5) FOR EACH users", SCHEMA)
    assert statement.label(database, CUTOFFS, np.array([3])).rows.tolist() == [3] * len(CUTOFFS)
