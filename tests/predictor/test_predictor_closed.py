"""What has ended is known to have ended from that moment on, and not before."""

import numpy as np
import pandas as pd
import pytest

import relfm

QUESTION = "PREDICT COUNT(moves.*, 0, 30, days) > 0 FOR EACH accounts.id"
START, DAYS, NUM = np.datetime64("2023-01-01", "us"), 500, 400
AT = 470


def moments(days: np.ndarray) -> np.ndarray:
    return START + (np.asarray(days) * 86_400e6).astype("timedelta64[us]")


@pytest.fixture(scope="module")
def bank() -> dict[str, pd.DataFrame]:
    """Accounts that move every ten days or so until they are closed."""
    generator = np.random.default_rng(0)
    opened = np.sort(generator.uniform(0, DAYS - 100, NUM))
    closed = opened + generator.exponential(250, NUM)
    counts = generator.poisson(0.1 * (np.minimum(closed, DAYS) - opened))
    owner = np.repeat(np.arange(NUM), counts)
    times = opened[owner] + generator.random(len(owner)) * (np.minimum(closed, DAYS) - opened)[owner]
    order = np.argsort(times)
    ended = pd.Series(moments(closed)).where(closed <= DAYS)
    accounts = pd.DataFrame({"id": np.arange(NUM), "opened": moments(opened), "closed_at": ended})
    moves = pd.DataFrame({"id": np.arange(len(owner)), "account_id": owner[order], "at": moments(times[order])})
    return {"accounts": accounts, "moves": moves}


def said(tables: dict[str, pd.DataFrame]) -> pd.Series:
    found = relfm.Predictor(effort="fast").predict(relfm.connect(tables, cache=False), QUESTION, at=str(moments(AT)))
    return found.frame.set_index("id").probability


def test_who_has_just_left_is_known_to_have_left(bank: dict[str, pd.DataFrame]) -> None:
    answers = said(bank)
    accounts = bank["accounts"].set_index("id")
    just_closed = accounts.closed_at.between(moments(AT - 12), moments(AT))
    is_open = accounts.closed_at.isna() | (accounts.closed_at > moments(AT + 30))
    assert just_closed.sum() > 5
    assert answers[just_closed[just_closed].index].mean() < 0.2 < 0.7 < answers[is_open[is_open].index].mean()


def test_that_anybody_will_leave_is_not_known_before_the_first_has_left(bank: dict[str, pd.DataFrame]) -> None:
    accounts = bank["accounts"]
    nobody_yet = accounts.closed_at.where(accounts.closed_at > moments(AT))
    assert nobody_yet.notna().any()
    answers = [
        relfm.Predictor().predict(relfm.connect(bank | {"accounts": made}, cache=False), QUESTION, at=str(moments(AT)))
        for made in (accounts.assign(closed_at=nobody_yet), accounts.drop(columns="closed_at"))
    ]
    pd.testing.assert_frame_equal(answers[0].frame, answers[1].frame, check_exact=True)


def test_who_will_leave_is_not_known_to(bank: dict[str, pd.DataFrame]) -> None:
    accounts = bank["accounts"]
    later = accounts.closed_at > moments(AT)
    changed = accounts.assign(closed_at=accounts.closed_at.mask(later, accounts.closed_at + pd.Timedelta(days=1)))
    assert later.sum() > 5
    pd.testing.assert_series_equal(said(bank), said(bank | {"accounts": changed}), check_exact=True)
