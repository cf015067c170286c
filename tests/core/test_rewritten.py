"""Columns that are written over as time goes on are told by the answers of the latest windows; causes are not."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from relfm import Predictor
from relfm.connectors import connect
from relfm.database import Database
from relfm.planning import plan

START = datetime(2024, 1, 1)
DAYS = 400
QUESTIONS = (
    "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH users.id",
    "PREDICT COUNT(orders.*, 0, 30, days) FOR EACH users.id",
)


@pytest.fixture(scope="module")
def database() -> Database:
    """Users of a lively kind order three times as often as the others; who has ordered of late is marked."""
    generator = np.random.default_rng(0)
    lively = generator.integers(0, 2, 600)
    owner = np.repeat(np.arange(600), generator.poisson(np.where(lively, 18, 6)))
    day = generator.uniform(0, DAYS, len(owner))
    latest = pd.Series(day).groupby(owner).max().reindex(range(600), fill_value=0.0)
    users = pd.DataFrame(
        {"id": range(600), "joined": START, "lively": lively, "city": generator.choice(["a", "b"], 600)}
    )
    users["is_active"] = np.where(generator.random(600) < 0.03, 1, latest > DAYS - 40).astype(int)  # marks err at times
    users["segment"] = pd.cut(DAYS - latest, [-1, 20, 60, 9999], labels=["hot", "warm", "cold"]).astype(str)
    users.loc[generator.random(600) < 0.03, "segment"] = "warm"
    made = [START + timedelta(days=d) for d in day]
    return connect({"users": users, "orders": pd.DataFrame({"id": range(len(day)), "user_id": owner, "made": made})})


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_latest_answers_tell_what_was_written_over(database: Database, question: str) -> None:
    (said,) = plan(database, question).warnings
    assert said.startswith(
        "users.is_active, users.segment tell the latest answers far better than any before (AUROC 0."
    )
    assert said.endswith('leave it out with exclude = ["is_active", "segment"] under [tables.users] in relfm.toml')


def test_what_is_left_out_is_not_spoken_of(database: Database) -> None:
    hidden = database.hide({("users", "is_active"), ("users", "segment")})
    assert plan(hidden, QUESTIONS[0]).warnings == ()


def test_a_mark_of_now_says_nothing_of_a_year_ago(database: Database) -> None:
    assert plan(database, QUESTIONS[0], at=START + timedelta(days=250)).warnings == ()


def test_a_backtest_says_so_too(database: Database) -> None:
    (said,) = Predictor(effort="fast").backtest(database, QUESTIONS[0], folds=1).warnings
    assert "users.is_active, users.segment tell" in said
