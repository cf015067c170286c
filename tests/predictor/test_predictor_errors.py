"""Every message that the predictor can raise, with what to do about it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from busy_shop import AT, QUESTIONS, busy_shop
from small_shop import shop

from relfm import Predictor
from relfm.answer import answer
from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import DataCannotAnswer, UsageError
from relfm.planning import plan, resolve
from relfm.task import Examples

FAST = Predictor(effort="fast")
BINARY = QUESTIONS["binary"]


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


def test_unknown_effort_is_named() -> None:
    with pytest.raises(UsageError, match="unknown effort 'fats'") as caught:
        Predictor(effort="fats")
    assert "fast" in caught.value.hint


def test_unknown_adaptation_is_named() -> None:
    with pytest.raises(UsageError, match="unknown adaptation 'gbdt'") as caught:
        Predictor(adapt="gbdt")
    assert caught.value.hint == "there is: trees"


@pytest.mark.parametrize("interval", [0, 1, 80, -0.5])
def test_interval_outside_zero_and_one_is_refused(database: Database, interval: float) -> None:
    with pytest.raises(UsageError, match=f"interval {interval} is not between 0 and 1"):
        FAST.predict(database, BINARY, at=AT, interval=interval)


def test_moment_that_is_none_is_named(database: Database) -> None:
    with pytest.raises(UsageError, match="'tomorrow' is not a date or time"):
        FAST.predict(database, BINARY, at="tomorrow")


def test_moment_before_all_data_is_refused(database: Database) -> None:
    with pytest.raises(DataCannotAnswer, match="2019-01-01 lies before all data, which begin at 2020-01-01") as caught:
        FAST.predict(database, BINARY, at="2019-01-01")
    assert "choose --at between" in caught.value.hint


def test_history_shorter_than_the_horizon_has_no_labels(database: Database) -> None:
    with pytest.raises(
        DataCannotAnswer, match="no label is known by 2020-01-.*: the data begin less than two"
    ) as caught:
        FAST.predict(database, BINARY, at="2020-01-20")
    assert "shorter horizon" in caught.value.hint


def test_labels_of_one_class_are_told(database: Database) -> None:
    question = "PREDICT COUNT(orders.*, 0, 20, days) > 1000 FOR EACH users.user_id"
    with pytest.raises(DataCannotAnswer, match=r"all \d+ labels are False, so there is nothing to tell apart"):
        FAST.predict(database, question, at=AT)


def test_question_about_nobody_says_so(database: Database) -> None:
    question = f"{BINARY} WHERE users.age > 1000"
    with pytest.raises(DataCannotAnswer):
        FAST.predict(database, question, at=AT)
    static = "PREDICT users.age FOR EACH users.user_id"
    with pytest.raises(DataCannotAnswer, match="nobody at 2020-12-01: no row of 'users' qualifies") as caught:
        FAST.predict(database, static, at=AT)
    assert "--for" in caught.value.hint


def test_no_entities_are_no_list(database: Database) -> None:
    with pytest.raises(UsageError, match="entities is an empty list of keys"):
        FAST.predict(database, BINARY, at=AT, entities=[])
    with pytest.raises(UsageError, match="entities is 100, not a list of keys") as caught:
        FAST.predict(database, BINARY, at=AT, entities=100)
    assert caught.value.hint == "write [100]"
    with pytest.raises(UsageError, match="entities is a table") as caught:
        FAST.predict(database, BINARY, at=AT, entities=pd.DataFrame({"user_id": [100]}))
    assert caught.value.hint.endswith(".user_id")


def test_a_column_of_moments_is_no_moment_and_is_told_briefly(database: Database) -> None:
    with pytest.raises(UsageError, match="is no moment") as caught:
        FAST.predict(database, BINARY, at=pd.Series(pd.date_range("2020-01-01", periods=200)))
    assert len(caught.value.message) < 100


def test_a_value_that_no_row_has_is_why_nobody_qualifies(database: Database) -> None:
    question = f"{BINARY} WHERE users.segment = 'A'"
    for ask in (FAST.predict, plan):
        with pytest.raises(DataCannotAnswer) as caught:
            ask(database, question, at=AT)
        assert "no row of users has segment 'A'" in caught.value.hint


def test_moment_that_is_missing_is_no_moment(database: Database) -> None:
    for missing in (np.datetime64("NaT"), np.datetime64("NaT", "us"), pd.NaT):
        with pytest.raises(UsageError, match="NaT.* is no"):
            FAST.predict(database, BINARY, at=missing)
    timeless = connect({"people": pd.DataFrame({"id": range(9), "w": [None, *range(8)]})})
    with pytest.raises(UsageError, match="NaT.* is no moment"):
        FAST.predict(timeless, "PREDICT people.w FOR EACH people.id", at=np.datetime64("NaT"))


@pytest.mark.parametrize(("entities", "named"), [([100, 7, 9], "7, 9"), (["100", "no"], "no")])
def test_unknown_key_is_named(database: Database, entities: Sequence, named: str) -> None:
    with pytest.raises(DataCannotAnswer, match=f"no row of 'users' has the key {named}") as caught:
        FAST.predict(database, BINARY, at=AT, entities=entities)
    assert caught.value.hint.startswith("check --for")


def test_keys_of_mixed_types_do_not_fit(database: Database) -> None:
    with pytest.raises(UsageError, match=r"the keys \[100, 'x'\] do not fit users.user_id"):
        FAST.predict(database, BINARY, at=AT, entities=[100, "x"])


def test_a_key_that_is_not_utf_8_is_told(database: Database) -> None:
    with pytest.raises(UsageError, match=r"the key 'a\\udcff' is not text in UTF-8"):
        FAST.predict(database, BINARY, at=AT, entities=["100", "a\udcff"])


def test_table_without_rows_cannot_answer() -> None:
    with pytest.raises(DataCannotAnswer, match="table 'orders' has no rows"):
        FAST.predict(shop(users=[{"user_id": 1, "signup": 0}]), BINARY)


def asked_of(database: Database, targets: Sequence[float], cutoff: int) -> tuple:
    task = resolve(database, BINARY)
    context = Examples.of(np.arange(len(targets)), cutoff, np.array(targets))
    return task, context, Examples.of(np.array([0]), database.span[1])


def test_context_that_was_not_known_in_time_is_no_context(database: Database) -> None:
    task, context, queries = asked_of(database, [0.0, 1.0], database.span[1])
    with pytest.raises(DataCannotAnswer, match="no label of 'PREDICT COUNT.*' was known in time") as caught:
        answer(database, task, context, queries)
    assert "shorter horizon" in caught.value.hint


def test_context_of_one_class_tells_nothing_apart(database: Database) -> None:
    task, context, queries = asked_of(database, [1.0, 1.0], database.span[0])
    with pytest.raises(DataCannotAnswer, match="all 2 labels are True, so there is nothing to tell apart"):
        answer(database, task, context, queries)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("effort", ["fast", "default"])
@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("row", [0, 1])
def test_single_entity_is_answered_without_a_warning(row: int, kind: str, effort: str) -> None:
    """A forecast of one shop's sales; ``row`` is the number of its row, beside one that is not there yet."""
    generator = np.random.default_rng(0)
    users = [{"user_id": 1, "signup": 0 if row == 0 else 900}, {"user_id": 2, "signup": 900 if row == 0 else 0}]
    orders = [
        {"order_id": n, "user_id": row + 1, "item_id": n % 3, "price": float(n % 9), "status": "xy"[n % 2],
         "ordered": float(generator.uniform(1, 300))}
        for n in range(60)
    ]  # fmt: skip
    database = shop(users=users, orders=orders, items=[{"item_id": n} for n in range(3)])
    frame = Predictor(effort=effort).predict(database, QUESTIONS[kind].replace("> 1", "> 3"), at="2020-10-20").frame
    assert set(frame["user_id"]) == {row + 1}
    assert not frame.drop(columns="baseline").isna().any(axis=None)
