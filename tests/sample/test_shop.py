"""The shop holds what its docstrings promise: a size, an order of events, and a signal that is planted but noisy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from relfm.sample.calendar import CLOSING
from relfm.sample.shop import generate

Tables = dict[str, pd.DataFrame]
CUTOFF = pd.Timestamp("2025-09-01")
LATEST = pd.Timestamp(CLOSING)


def auroc(positive: np.ndarray, score: np.ndarray) -> float:
    ranks, num_positive = rankdata(score), positive.sum()
    return (ranks[positive].sum() - num_positive * (num_positive + 1) / 2) / (num_positive * (~positive).sum())


@pytest.fixture(scope="module")
def churn(tables: Tables) -> pd.DataFrame:
    """Per customer of the cutoff: days since the last order, and whether none follows within 30 days."""
    orders, customers = tables["orders"], tables["customers"]
    known = customers[customers["signup"] <= CUTOFF]
    past = orders[orders["created"] <= CUTOFF]
    window = orders[(orders["created"] > CUTOFF) & (orders["created"] <= CUTOFF + pd.Timedelta(days=30))]
    last = past.groupby("customer_id")["created"].max().reindex(known["id"])
    quiet = (CUTOFF - last).dt.days.fillna(9999).to_numpy()
    return pd.DataFrame(
        {"quiet": quiet, "leaves": ~known["id"].isin(window["customer_id"]).to_numpy()}, index=known["id"]
    )


def test_same_seed_gives_the_same_shop_and_another_seed_another() -> None:
    first, again, other = generate(3, customers=60), generate(3, customers=60), generate(4, customers=60)
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
    assert not first["orders"].equals(other["orders"])


def test_shop_is_large_enough_to_learn_from_and_small_enough_for_a_demo(tables: Tables) -> None:
    assert len(tables["customers"]) == 3000
    assert 120_000 < sum(map(len, tables.values())) < 200_000
    assert tables["orders"]["created"].dt.year.unique().tolist() == [2021, 2022, 2023, 2024, 2025]


def test_nothing_happens_after_the_closing(tables: Tables) -> None:
    for table in tables.values():
        for column in table.select_dtypes("datetime"):
            assert not (table[column] >= LATEST).any()


def test_every_event_follows_its_cause(tables: Tables) -> None:
    orders = tables["orders"].set_index("id")
    lines = tables["order_lines"]
    signup = tables["customers"].set_index("id")["signup"]
    hired = tables["employees"].set_index("id")["hired"]
    launched = tables["products"].set_index("id")["launched"]
    handled = orders.dropna(subset="handled_by")
    returned = tables["returns"].merge(orders, left_on="order_id", right_index=True)
    assert (orders["created"] >= orders["customer_id"].map(signup)).all()
    assert (orders["shipped"].dropna() > orders.loc[orders["shipped"].notna(), "created"]).all()
    assert (handled["created"] >= handled["handled_by"].map(hired)).all()
    assert (lines["order_id"].map(orders["created"]) >= lines["product_id"].map(launched)).all()
    assert (returned["created_x"] > returned["shipped"]).all()
    assert (tables["employees"]["manager_id"].dropna() < tables["employees"]["id"].iloc[1:]).all()


def test_every_line_of_a_return_was_ordered(tables: Tables) -> None:
    ordered = pd.MultiIndex.from_frame(tables["order_lines"][["order_id", "line_no"]])
    returned = pd.MultiIndex.from_frame(tables["returns"][["order_id", "line_no"]])
    assert ordered.is_unique
    assert returned.isin(ordered).all()


def test_total_of_an_order_is_the_sum_of_its_lines(tables: Tables) -> None:
    lines = tables["order_lines"]
    sums = (lines["price"] * lines["quantity"]).groupby(lines["order_id"]).sum()
    np.testing.assert_allclose(tables["orders"].set_index("id")["total"], sums, atol=0.006)


def test_who_leaves_can_be_guessed_but_not_known_from_the_last_order(churn: pd.DataFrame) -> None:
    assert 0.3 < churn["leaves"].mean() < 0.65
    assert 0.7 < auroc(churn["leaves"].to_numpy(), churn["quiet"].to_numpy()) < 0.9


def test_an_angry_ticket_makes_leaving_more_likely(tables: Tables, churn: pd.DataFrame) -> None:
    tickets = tables["support_tickets"]
    recent = tickets[(tickets["opened"] <= CUTOFF) & (tickets["opened"] > CUTOFF - pd.Timedelta(days=90))]
    angry = recent[recent["body"].str.contains("furious|unacceptable|last time|disappointment")]
    active = churn[churn["quiet"] <= 120]
    upset = active.index.isin(angry["customer_id"])
    assert upset.sum() > 50
    assert active.loc[upset, "leaves"].mean() > active.loc[~upset, "leaves"].mean() + 0.1


def test_customers_buy_their_favourites_again(tables: Tables) -> None:
    lines = tables["order_lines"].merge(tables["orders"], left_on="order_id", right_on="id")
    past, future = lines[lines["created"] <= CUTOFF], lines[lines["created"] > CUTOFF]
    bought = pd.MultiIndex.from_frame(past[["customer_id", "product_id"]])
    known = future[future["customer_id"].isin(past["customer_id"])]
    assert 0.25 < pd.MultiIndex.from_frame(known[["customer_id", "product_id"]]).isin(bought).mean() < 0.75


def test_some_segments_are_missing_and_the_rest_show_in_behaviour(tables: Tables) -> None:
    segment = tables["customers"].set_index("id")["segment"]
    orders = tables["orders"].groupby(tables["orders"]["customer_id"].map(segment)).size()
    assert 0.08 < segment.isna().mean() < 0.16
    assert orders["business"] / (segment == "business").sum() > 1.5 * orders["consumer"] / (segment == "consumer").sum()
