"""When a question is asked and from when on its windows can hold anything, at the very edges."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.moments import moment_of, span_of
from relfm.planning import plan, resolve
from relfm.times import DAY, format_time, parse_time

START = datetime(2024, 1, 1)
BOTH = "PREDICT COUNT(orders.*, 0, 10, days) + COUNT(visits.*, 0, 10, days) FOR EACH users.id"


@pytest.fixture(scope="module")
def shop() -> Database:
    """Twenty users from the start, four orders a day from then on, four visits a day from day 200 on, to day 300."""

    def happened(first: int) -> pd.DataFrame:
        made = [START + timedelta(days=d / 4) for d in range(4 * first, 1200)]
        return pd.DataFrame({"id": range(len(made)), "user_id": [i % 20 for i in range(len(made))], "made": made})

    users = pd.DataFrame({"id": range(20), "joined": START})
    return connect({"users": users, "orders": happened(0), "visits": happened(200)})


def test_windows_begin_where_every_counted_table_has_begun(shop: Database) -> None:
    first, _ = span_of(shop, resolve(shop, BOTH))
    assert format_time(first) == "2024-07-19"
    assert plan(shop, BOTH).cutoffs.min() >= first
    alone = resolve(shop, "PREDICT COUNT(orders.*, 0, 10, days) FOR EACH users.id")
    assert format_time(span_of(shop, alone)[0]) == "2024-01-01"


def test_the_time_of_the_first_row_is_a_moment_and_any_before_it_is_not(shop: Database) -> None:
    task, first = resolve(shop, BOTH), parse_time("2024-01-01")
    assert shop.span[0] == first
    assert moment_of(shop, task, START) == moment_of(shop, task, first) == first
    for before in (first - 1, first - DAY):
        with pytest.raises(DataCannotAnswer, match="lies before all data, which begin at 2024-01-01"):
            moment_of(shop, task, before)
