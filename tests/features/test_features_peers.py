"""What holds of friends, opponents and partners, against a loop over all links."""

import numpy as np
import pandas as pd
import pytest

import relfm
from relfm.features import FeatureMatrix, compute
from relfm.features import peers as peers_module
from relfm.task import Examples, TargetKind, Task
from relfm.times import DAY, Span, parse_time

START, NUM, MOST = parse_time("2025-01-01"), 30, 4
TASK = Task("t", TargetKind.REGRESSION, "accounts", None, horizon=Span.of(10, "days"))
CUTOFFS = START + np.array([25, 60, 95]) * DAY
PAYEES = f"of the accounts (to_account_id) of its last {MOST} transfers.from_account_id"


@pytest.fixture(autouse=True)
def few(monkeypatch) -> None:
    monkeypatch.setattr(peers_module, "MOST_PEERS", MOST)


def days(numbers: np.ndarray) -> pd.DatetimeIndex:
    return pd.Timestamp("2025-01-01") + pd.to_timedelta(numbers, "D")


def tables(*, later: bool = False) -> dict[str, pd.DataFrame]:
    """Accounts, some of which are opened late, transfers between them, some of no account or to oneself, and visits;
    ``later``: more of each after all cutoffs."""
    generator = np.random.default_rng(5)
    size = NUM + 3 * later
    opened = np.concatenate([np.zeros(NUM - 5), np.full(5, 50), np.full(3 * later, 200)])
    accounts = pd.DataFrame({"id": range(size), "opened": days(opened)})
    accounts["size"] = np.concatenate([generator.normal(size=NUM), np.full(3 * later, 99.0)])
    ends = pd.DataFrame(generator.integers(0, NUM, (200, 2)), columns=["from_account_id", "to_account_id"])
    transfers = ends.assign(at=days(np.sort(generator.integers(0, 100, 200)))).astype({"to_account_id": "Int64"})
    transfers.loc[:5, "to_account_id"] = pd.NA
    transfers.loc[6:9, "to_account_id"] = transfers.loc[6:9, "from_account_id"]
    visits = pd.DataFrame({"account_id": generator.integers(0, NUM, 600)})
    visits["at"] = days(np.sort(generator.integers(0, 100, 600)))
    if later:
        new = {"from_account_id": range(NUM), "to_account_id": [NUM] * NUM, "at": days(np.full(NUM, 150))}
        transfers = pd.concat([transfers, pd.DataFrame(new).astype(transfers.dtypes)])
        visits = pd.concat([visits, pd.DataFrame({"account_id": range(NUM), "at": days(np.full(NUM, 150))})])
    transfers.insert(0, "id", range(len(transfers)))
    visits.insert(0, "id", range(len(visits)))
    return {"accounts": accounts, "transfers": transfers, "visits": visits}


@pytest.fixture(scope="module")
def labelled() -> Examples:
    cutoffs = np.repeat(START + 10 * DAY * np.arange(10), NUM)
    return Examples.of(np.tile(np.arange(NUM), 10), cutoffs, np.random.default_rng(4).normal(size=len(cutoffs)))


def told(frames: dict[str, pd.DataFrame], labelled: Examples | None) -> FeatureMatrix:
    asked = Examples.of(np.tile(np.arange(NUM), 3), np.repeat(CUTOFFS, NUM))
    return compute(relfm.connect(frames), TASK, asked, labelled, until=int(CUTOFFS[0]))


def averages(frames: dict[str, pd.DataFrame], of_peer) -> np.ndarray:
    """The mean of ``of_peer(peer, cutoff)`` over the payees of each account's last transfers, by a loop."""
    out, sent = [], frames["transfers"]
    for place in range(3 * NUM):
        row, cutoff = place % NUM, pd.Timestamp(CUTOFFS[place // NUM], unit="us")
        mine = sent[(sent["from_account_id"] == row) & (sent["at"] <= cutoff)].iloc[-MOST:]
        found = [of_peer(p, cutoff) for p in mine["to_account_id"].dropna() if p != row]
        found = [value for value in found if not np.isnan(value)]
        out.append(np.mean(found) if found else np.nan)
    return np.array(out)


def column(found: FeatureMatrix, name: str) -> np.ndarray:
    return found.values[:, found.names.index(name)]


def test_what_happened_to_payees_is_averaged(labelled) -> None:
    frames = tables()
    visits = frames["visits"]

    def number(peer: int, cutoff: pd.Timestamp) -> float:
        late = (visits["at"] <= cutoff) & (visits["at"] > cutoff - pd.Timedelta(days=10))
        return float((late & (visits["account_id"] == peer)).sum())

    name = f"mean number of visits.account_id {PAYEES} over the last 10 days"
    assert np.allclose(column(told(frames, labelled), name), averages(frames, number), equal_nan=True, atol=1e-5)


def test_cells_of_payees_are_read_once_these_are_there(labelled) -> None:
    frames = tables()
    accounts = frames["accounts"]

    def size(peer: int, cutoff: pd.Timestamp) -> float:
        return accounts["size"][peer] if accounts["opened"][peer] <= cutoff else np.nan

    found = column(told(frames, labelled), f"mean accounts.size {PAYEES}")
    assert np.allclose(found, averages(frames, size), equal_nan=True, atol=1e-5)
    assert np.isnan(found).any() and np.isfinite(found).any()


def test_past_targets_of_payees_are_known_when_their_windows_have_closed(labelled) -> None:
    frames = tables()
    known = pd.to_datetime(labelled.cutoffs, unit="us") + pd.Timedelta(days=10)

    def last(peer: int, cutoff: pd.Timestamp) -> float:
        own = (labelled.rows == peer) & (known <= cutoff)
        return labelled.targets[own][-1] if own.any() else np.nan

    found = column(told(frames, labelled), f"mean last target of past targets {PAYEES}")
    assert np.allclose(found, averages(frames, last), equal_nan=True, atol=1e-5)


def test_both_ends_have_peers(labelled) -> None:
    names = told(tables(), labelled).names
    payers = f"of the accounts (from_account_id) of its last {MOST} transfers.to_account_id"
    assert any(name.endswith(payers) for name in names) and any(name.endswith(PAYEES) for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("with_labels", [True, False])
def test_later_rows_change_nothing(with_labels, labelled) -> None:
    known = labelled if with_labels else None
    before, after = told(tables(), known), told(tables(later=True), known)
    assert before.names == after.names
    assert np.array_equal(before.values, after.values, equal_nan=True)


def test_links_that_only_the_future_has_make_no_features(labelled) -> None:
    frames = tables()
    frames["transfers"]["at"] += pd.Timedelta(days=300)
    assert not any(PAYEES in name for name in told(frames, labelled).names)


def test_many_columns_are_averaged_as_one_is(monkeypatch, labelled) -> None:
    together = told(tables(), labelled)
    monkeypatch.setattr(peers_module, "AT_ONCE", 1)
    apart = told(tables(), labelled)
    assert together.names == apart.names and np.array_equal(together.values, apart.values, equal_nan=True)


def test_habits_that_spread_among_friends_are_foreseen() -> None:
    generator, num, months = np.random.default_rng(0), 400, 12
    friends = np.stack([np.repeat(np.arange(num), 4), generator.integers(0, num, 4 * num)], axis=1)
    active, logins = generator.random(num) < 0.5, []
    for month in range(months):
        who = np.flatnonzero(active)
        logins.append(pd.DataFrame({"user_id": who, "at": days(30 * month + 29.9 * generator.random(len(who)))}))
        share = np.bincount(friends[:, 0], active[friends[:, 1]], num) / 4
        active = generator.random(num) < 1 / (1 + np.exp(4 - 8 * share))
    frames = {
        "users": pd.DataFrame({"id": range(num)}),
        "friendships": pd.DataFrame(friends, columns=["user_id", "friend_user_id"]).assign(id=range(len(friends))),
        "logins": pd.concat(logins).sort_values("at").assign(id=range(sum(map(len, logins)))),
    }
    strangers = frames["friendships"].assign(friend_user_id=generator.permutation(friends[:, 1]))
    question = "PREDICT COUNT(logins.*, 0, 30, days) > 0 FOR EACH users.id"
    predictor = relfm.Predictor(effort="fast", model=None)
    found = [
        predictor.backtest(relfm.connect(frames | {"friendships": links}), question, folds=1).table
        for links in (frames["friendships"], strangers)
    ]
    ours, without = (t.query("fold == 'all' and method == 'relfm'")["auroc"].item() for t in found)
    assert ours > 0.7 and ours > without + 0.1
