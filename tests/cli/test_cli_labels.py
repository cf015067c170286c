import json
import re
import sqlite3
from contextlib import closing

import pandas as pd
import pytest


@pytest.fixture
def rows(relfm, shop, churn):
    outcome = relfm("labels", shop, churn)
    assert outcome.code == 0, outcome.err
    return pd.DataFrame([json.loads(line) for line in outcome.out.splitlines()])


def test_a_label_is_what_sql_counts(rows, shop):
    moment = rows["cutoff"].iloc[0]
    after = (pd.Timestamp(moment) + pd.Timedelta(days=30)).isoformat(sep=" ")
    with closing(sqlite3.connect(shop)) as connection:
        ordered = connection.execute(
            "SELECT DISTINCT customer_id FROM orders WHERE datetime(created) > ? AND datetime(created) <= ?",
            (moment.replace("T", " "), after),
        )
        expected = {customer for (customer,) in ordered}
    latest = rows[rows["cutoff"] == moment]
    assert list(rows.columns) == ["id", "cutoff", "target"]
    assert len(expected & set(latest["id"])) > 10
    assert set(latest.loc[~latest["target"].astype(bool), "id"]) == expected & set(latest["id"])


def test_the_latest_cutoffs_come_first(rows, relfm, shop, churn):
    assert rows["cutoff"].is_monotonic_decreasing
    limited = relfm("labels", shop, churn, "--limit", "5").out.splitlines()
    assert [json.loads(line)["id"] for line in limited] == rows["id"].head(5).tolist()


def test_cutoffs_may_be_closer_than_a_horizon(relfm, shop, churn, tmp_path):
    outcome = relfm("labels", shop, churn, "--every", "7 days", "--at", "2025-06-30", "-o", "labels.parquet")
    assert outcome.code == 0, outcome.err
    cutoffs = pd.read_parquet(tmp_path / "labels.parquet")["cutoff"].drop_duplicates()
    assert cutoffs.iloc[0] <= pd.Timestamp("2025-05-31")
    assert set(cutoffs.diff().dropna()) == {pd.Timedelta(days=-7)}
    assert "wrote " in outcome.err


def test_classes_are_named_and_lists_hold_keys(relfm, shop):
    segment = "PREDICT customers.segment FOR EACH customers.id"
    targets = {json.loads(line)["target"] for line in relfm("labels", shop, segment).out.splitlines()}
    assert targets == {"business", "consumer", "family", "student"}
    lists = "PREDICT LIST_DISTINCT(orders.handled_by, 0, 30, days) RANK TOP 3 FOR EACH customers.id"
    first = json.loads(relfm("labels", shop, lists).out.splitlines()[0])
    assert first["target"] == sorted(set(first["target"]))


def test_notes_say_what_was_labelled_unless_quiet(relfm, shop, churn):
    assert "For every row of customers" in relfm("labels", shop, churn).err
    assert relfm("labels", shop, churn, "-q").err == ""


def test_a_step_that_is_no_span_is_exit_code_2(relfm, shop, churn):
    outcome = relfm("labels", shop, churn, "--every", "weekly")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, "error: 'weekly' is not a length of time")


def test_labels_and_queries_have_the_same_features(relfm, shop, churn, tmp_path):
    outcome = relfm("labels", shop, churn, "--features", "--limit", "900", "-o", "a.parquet", "--queries", "b.csv")
    assert outcome.code == 0, outcome.err
    labelled, queries = pd.read_parquet(tmp_path / "a.parquet"), pd.read_csv(tmp_path / "b.csv")
    assert list(labelled)[:3] == ["id", "cutoff", "target"]
    assert list(labelled.drop(columns="target")) == list(queries)
    assert len(labelled) == 900 and set(labelled.dtypes.iloc[3:].astype(str)) == {"float32"}
    assert queries["cutoff"].nunique() == 1 and pd.Timestamp(queries["cutoff"][0]) > labelled["cutoff"].max()
    assert re.search(rf"900 of [\d,]+ labels at \d+ cutoffs, {len(queries.columns) - 2} features", outcome.err)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--queries", "b.csv"], "--queries without --features"),
        (["--features", "-f", "table"], "features are too many columns for a terminal"),
        (["--features", "--queries", "b.xlsx"], "unknown suffix '.xlsx' of 'b.xlsx'"),
        (["--features", "--queries", "b.csv", "-o", "b.csv"], "-o and --queries are both 'b.csv'"),
    ],
)
def test_what_does_not_go_with_features_is_exit_code_2(relfm, shop, churn, options, message):
    outcome = relfm("labels", shop, churn, *options)
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, f"error: {message}")
