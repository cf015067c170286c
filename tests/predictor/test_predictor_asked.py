"""Who is asked about, when, and what they may learn from: never from their own cell, never before they came."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from busy_shop import AT, QUESTIONS, busy_shop

import relfm
from relfm import Predictor
from relfm import predictor as module
from relfm.connectors import connect
from relfm.context import denser
from relfm.database import Database
from relfm.errors import DataCannotAnswer, UsageError
from relfm.moments import data_end, moment_of
from relfm.planning import resolve
from relfm.task import Examples
from relfm.times import DAY, format_time, parse_time, to_microseconds

FAST = Predictor(effort="fast")
START = datetime(2020, 1, 1)


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


def test_a_row_that_is_asked_about_is_no_example_of_itself() -> None:
    """Cells of pure noise that are known: whoever could see them would guess them right."""
    generator = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "id": range(600),
            "colour": generator.choice(["red", "green", "blue"], 600),
            "size": generator.normal(size=600),
            "height": generator.normal(size=600),
        }
    )
    database = connect({"people": people})
    found = Predictor(model=None).predict(database, "PREDICT people.colour FOR EACH people.id", entities=range(300))
    right = (found.frame["prediction"].to_numpy() == people["colour"].to_numpy()[found.frame["id"]]).mean()
    assert right < 0.45
    assert found.context_rows == 300


def test_labels_between_are_not_made_for_later_steps_of_a_forecast(database: Database) -> None:
    task = resolve(database, "PREDICT COUNT(orders.*, 0, 7, days) FORECAST 2 TIMEFRAMES FOR EACH users.user_id")
    end = moment_of(database, task)
    queries = Examples.of(np.arange(5), end + 60 * DAY, seen=end)
    context = task.labeller.label_step(database, np.array([end - 30 * DAY]), 1)
    assert denser(database, task, context, queries) is context


def test_who_had_not_come_yet_is_not_predicted_by_name(database: Database) -> None:
    users = database.tables["users"].to_pandas()
    times = database.times("users")
    late = users["user_id"][int(times.argmax())]
    before = int(times.max()) - 1
    with pytest.raises(DataCannotAnswer, match=f"users with the key {late} did not exist at"):
        FAST.predict(database, QUESTIONS["binary"], at=before, entities=[late])


@pytest.mark.parametrize("key", [10**20, -(10**25)])
def test_a_key_beyond_64_bits_is_no_bug(database: Database, key: int) -> None:
    with pytest.raises(UsageError, match="do not fit users.user_id"):
        FAST.predict(database, QUESTIONS["binary"], at=AT, entities=[key])


def test_text_for_entities_and_a_limit_of_nobody_are_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="entities is '12', not a list of keys"):
        FAST.predict(database, QUESTIONS["binary"], at=AT, entities="12")
    for limit in (0, -1):
        with pytest.raises(UsageError, match=f"limit {limit} is no whole number of 1 or more"):
            FAST.predict(database, QUESTIONS["binary"], at=AT, limit=limit)


@pytest.mark.parametrize(
    "at",
    [datetime(2020, 9, 1), date(2020, 9, 1), pd.Timestamp("2020-09-01"), np.datetime64("2020-09-01"), "2020-09-01"],
)
def test_a_moment_may_be_any_kind_of_date(database: Database, at: object) -> None:
    task = resolve(database, QUESTIONS["binary"])
    assert moment_of(database, task, at) == parse_time("2020-09-01")
    with pytest.raises(UsageError, match="is no moment"):
        moment_of(database, task, 1.5)


def test_many_queries_are_answered_in_parts_with_the_same_answers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("binary", "regression", "multiclass"):
        whole = FAST.predict(database, QUESTIONS[kind], at=AT).frame
        monkeypatch.setattr(module, "MOST_QUERIES", 7)
        parts = FAST.predict(database, QUESTIONS[kind], at=AT).frame
        monkeypatch.undo()
        pd.testing.assert_frame_equal(whole, parts)


def test_rows_whose_cells_are_known_are_answered_in_parts_from_the_same_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(0)
    people = pd.DataFrame({"id": range(90), "size": generator.normal(size=90)})
    people["colour"] = np.where(people["size"] + generator.normal(size=90) > 0, "red", "blue")
    database, asked = connect({"people": people}), range(40)
    whole = FAST.predict(database, "PREDICT people.colour FOR EACH people.id", entities=asked).frame
    monkeypatch.setattr(module, "MOST_QUERIES", 9)
    parts = FAST.predict(database, "PREDICT people.colour FOR EACH people.id", entities=asked).frame
    pd.testing.assert_frame_equal(whole, parts)


def claims(last_login: int) -> Database:
    """Somebody files a claim every forty days; everybody logs in daily until day ``last_login``."""
    generator = np.random.default_rng(0)
    on = [START + timedelta(days=40 * n) for n in range(1, 15)]
    logins = [START + timedelta(days=d) for d in range(last_login + 1)]
    return connect(
        {
            "people": pd.DataFrame({"id": range(30)}),
            "claims": pd.DataFrame({"id": range(14), "person_id": generator.integers(0, 30, 14), "made": on}),
            "logins": pd.DataFrame(
                {"id": range(len(logins)), "person_id": generator.integers(0, 30, len(logins)), "at": logins}
            ),
        }
    )


def test_a_usual_silence_is_no_end_of_the_data() -> None:
    question = "PREDICT COUNT(claims.*, 0, 60, days) > 0 FOR EACH people.id"
    usual, long = claims(599), claims(900)
    task = resolve(usual, question)
    assert format_time(moment_of(usual, task)) == format_time(parse_time("2020-01-01") + 599 * DAY)
    assert data_end(usual, task, parse_time("2021-08-20")) == parse_time("2021-08-20")
    assert moment_of(long, resolve(long, question)) == to_microseconds(np.datetime64(START + timedelta(days=560)))


def test_plan_is_a_function_after_a_prediction_too(database: Database) -> None:
    FAST.predict(database, QUESTIONS["binary"], at=AT, limit=3)
    for name in relfm.__all__:
        assert callable(getattr(relfm, name)), name
    assert relfm.plan(database, QUESTIONS["binary"], at=AT).query_rows > 0


def test_cells_of_a_database_without_time_are_backtested_too() -> None:
    generator = np.random.default_rng(0)
    size = generator.normal(size=200)
    people = pd.DataFrame({"id": range(200), "size": size, "weight": size + 0.1 * generator.normal(size=200)})
    made = FAST.backtest(connect({"people": people}), "PREDICT people.weight FOR EACH people.id", folds=2)
    assert made.value < 0.3


def test_asking_about_every_known_cell_leaves_nothing_to_learn_from() -> None:
    people = pd.DataFrame({"id": range(60), "size": range(60), "weight": [float(n % 7) for n in range(60)]})
    with pytest.raises(DataCannotAnswer, match="none is left to learn from") as caught:
        FAST.predict(connect({"people": people}), "PREDICT people.weight FOR EACH people.id", entities=range(60))
    assert "fewer rows" in caught.value.hint
