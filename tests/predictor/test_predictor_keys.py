"""Rows are named by their keys, in whatever holds them; what has another shape than the key is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from busy_shop import AT, QUESTIONS, busy_shop

from relfm import Predictor
from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import DataCannotAnswer, UsageError

FAST = Predictor(effort="fast")
STATIC = "PREDICT lines.amount FOR EACH lines"


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


@pytest.fixture(scope="module")
def lines() -> Database:
    """Lines are known by their order and their number."""
    orders = pd.DataFrame({"order_id": range(20)})
    made = pd.DataFrame(
        {
            "order_id": np.repeat(range(20), 3),
            "line_no": np.tile([1, 2, 3], 20),
            "amount": np.random.default_rng(0).normal(size=60),
        }
    )
    return connect({"orders": orders, "lines": made})


@pytest.mark.parametrize("form", [list, tuple, np.array, iter, pd.Index, lambda k: pd.Series(k, index=[7, 8])])
def test_any_list_of_keys_names_rows(database: Database, form: Any) -> None:
    found = FAST.predict(database, QUESTIONS["binary"], at=AT, entities=form([103, 101]))
    assert found.frame["user_id"].tolist() == [103, 101]


def test_an_unknown_key_of_a_series_is_named(database: Database) -> None:
    with pytest.raises(DataCannotAnswer, match="has the key 7"):
        FAST.predict(database, QUESTIONS["binary"], at=AT, entities=pd.Series([101, 7], index=["a", "b"]))


@pytest.mark.parametrize("form", [list, np.array, pd.MultiIndex.from_tuples])
def test_keys_of_several_columns_are_tuples(lines: Database, form: Any) -> None:
    assert lines.schema.tables["lines"].primary_key == ("order_id", "line_no")
    found = FAST.predict(lines, STATIC, entities=form([(4, 2), (3, 1)]))
    assert found.frame[["order_id", "line_no"]].to_numpy().tolist() == [[4, 2], [3, 1]]


@pytest.mark.parametrize(
    ("entities", "wrong"),
    [([(1, 2), (3,)], r"\(3,\)"), ([(1, 2, 3)], r"\(1, 2, 3\)"), ([1, 2], "1"), (["12", "13"], "'12'")],
)
def test_keys_of_another_length_are_refused(lines: Database, entities: list, wrong: str) -> None:
    with pytest.raises(UsageError, match=rf"the key {wrong} does not fit lines.order_id\+line_no") as caught:
        FAST.predict(lines, STATIC, entities=entities)
    assert caught.value.hint == "give tuples of 2 values"


def test_tuples_do_not_fit_a_key_of_one_column(database: Database) -> None:
    with pytest.raises(UsageError, match="do not fit users.user_id"):
        FAST.predict(database, QUESTIONS["binary"], at=AT, entities=[(101, 2)])


def test_an_empty_list_is_refused_whatever_the_key(lines: Database) -> None:
    with pytest.raises(UsageError, match="entities is an empty list of keys"):
        FAST.predict(lines, STATIC, entities=[])
