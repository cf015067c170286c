"""What every labeller offers: labels of the first window, and of later ones where a task has several steps."""

import numpy as np
import pytest
from small_shop import SCHEMA, days, shop

from relfm.labels import QueryLabeller, SqlLabeller
from relfm.task import Labeller
from relfm.times import Span

SQL = """
SELECT t.timestamp, o.user_id, count(*) AS label FROM timestamps t
JOIN orders o ON o.ordered > t.timestamp AND o.ordered <= t.timestamp + INTERVAL '{timedelta}' GROUP BY 1, 2
"""
DATABASE = shop(
    users=[{"user_id": 1, "signup": 0}],
    orders=[{"order_id": n, "user_id": 1, "ordered": n} for n in (6, 9, 10)],
)


@pytest.mark.parametrize("kind", [QueryLabeller, SqlLabeller])
def test_a_labeller_has_all_that_is_asked_of_one(kind: type) -> None:
    assert {name for name in vars(Labeller) if not name.startswith("_")} <= set(dir(kind))


def test_a_step_is_a_window_length() -> None:
    labeller = QueryLabeller.of("PREDICT COUNT(orders.*, 0, 3, days) FORECAST 2 TIMEFRAMES FOR EACH users", SCHEMA)
    assert [labeller.label_step(DATABASE, days(5), step).targets.tolist() for step in (0, 1)] == [[1], [2]]


def test_label_sql_looks_one_window_ahead() -> None:
    labeller = SqlLabeller(SQL, "users", "user_id", "timestamp", "label", Span.of(3, "days"))
    first = labeller.label_step(DATABASE, days(5), 0)
    assert np.array_equal(first.targets, labeller.label(DATABASE, days(5)).targets)
    with pytest.raises(NotImplementedError, match="SqlLabeller looks one window ahead"):
        labeller.label_step(DATABASE, days(5), 1)
