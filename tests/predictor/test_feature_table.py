"""The features that relfm's experts get, as tables for another model: of labels and of queries, column by column."""

import numpy as np
import pandas as pd
import pytest
import small_shop
import timed_shop
from busy_shop import AT, QUESTIONS, busy_shop
from mutations import mutated

import relfm
from relfm import FeatureTables, asked, feature_table, features
from relfm.asked import Asked
from relfm.database import Database
from relfm.errors import DataCannotAnswer, RelfmError, UsageError
from relfm.label_table import label_table
from relfm.planning import task_at
from relfm.schema import Column, ForeignKey, Schema, Table
from relfm.stype import Stype
from relfm.task import Examples

BINARY = QUESTIONS["binary"]
KEYS = ["user_id", "cutoff"]


@pytest.fixture(scope="module")
def shop() -> Database:
    return busy_shop()


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_cells_are_those_that_the_experts_get(shop: Database, kind: str) -> None:
    task, moment = task_at(shop, QUESTIONS[kind], AT)
    question = Asked(shop, task, moment, 16_000)
    context, queries = question.context(), question.queries()
    both = Examples.concatenate([context.unlabelled(), queries.unlabelled()])
    expected = features.compute(shop, task, both, context, until=int(queries.seen.min()))
    tables = relfm.feature_tables(shop, QUESTIONS[kind], at=AT)
    assert tables.features == list(expected.names)
    given, told = (t.sort_values(KEYS)[tables.features] for t in (tables.context, tables.queries()))
    order = np.lexsort((context.cutoffs, context.rows))
    np.testing.assert_array_equal(given.to_numpy(), expected.values[: len(context)][order])
    np.testing.assert_array_equal(told.to_numpy(), expected.values[len(context) :])
    assert np.isnan(given.to_numpy()).any() and set(given.dtypes) == {np.dtype("float32")}


def test_labels_are_those_of_the_label_table(shop: Database) -> None:
    tables = relfm.feature_tables(shop, BINARY, at=AT)
    pd.testing.assert_frame_equal(tables.context[[*KEYS, "target"]], label_table(shop, BINARY, at=AT))
    assert list(tables.queries()) == [*KEYS, *tables.features]
    assert tables.num_labels == len(tables.context) and f"{tables.num_labels} labels" in repr(tables)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "imputation"])
def test_nothing_after_the_moment_changes_a_cell(kind: str) -> None:
    tables = timed_shop.frames(30, 300)

    def made(frames: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
        database = relfm.connect(frames)
        found = relfm.feature_tables(database, timed_shop.QUESTIONS[kind], at=timed_shop.AT)
        return [f.sort_values(["id", "cutoff"], ignore_index=True) for f in (found.context, found.queries())]

    before = made(tables)
    assert all(len(frame) for frame in before)
    for seed in range(5000, 5006):
        for one, other in zip(before, made(mutated(tables, timed_shop.AT, seed)), strict=True):
            pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_row_with_a_label_is_described_as_it_was_when_it_was_a_query(shop: Database) -> None:
    """Counts and recency need nothing that is fitted, so a later moment changes nothing in them."""
    later = relfm.feature_tables(shop, BINARY, at=AT)
    cutoff = later.context["cutoff"].max()
    then = relfm.feature_tables(shop, BINARY, at=cutoff).queries()
    now = later.context[later.context["cutoff"] == cutoff]
    plain = [n for n in later.features if n.startswith(("number of ", "days since the last of ", "mean of target "))]
    assert len(plain) > 5 and len(now) == len(then)
    np.testing.assert_array_equal(now[plain].to_numpy(), then[plain].to_numpy())


def test_a_large_population_is_drawn_from_and_described_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MOST_ENTITIES", 40)
    database = busy_shop(num_users=120, num_orders=2_500)
    tables = relfm.feature_tables(database, BINARY, at=AT)
    queries = tables.queries()
    left_out = ~queries["user_id"].isin(tables.context["user_id"])
    assert len(queries) == 119 and 30 < tables.context["user_id"].nunique() <= 40
    assert queries.loc[left_out, "last target of its past targets"].notna().all()
    monkeypatch.setattr(feature_table, "MOST_AT_ONCE", 33)
    again = relfm.feature_tables(database, BINARY, at=AT)
    pd.testing.assert_frame_equal(again.context, tables.context, check_exact=True)
    pd.testing.assert_frame_equal(again.queries(), queries, check_exact=True)


def test_of_many_labels_the_latest_are_taken_from_many_cutoffs(shop: Database) -> None:
    tables = relfm.feature_tables(shop, BINARY, at=AT, limit=50)
    assert 40 < len(tables.context) <= 50 < tables.num_labels
    assert tables.context["cutoff"].is_monotonic_decreasing and tables.context["cutoff"].nunique() > 5


def test_cutoffs_may_be_closer_than_a_horizon(shop: Database) -> None:
    cutoffs = relfm.feature_tables(shop, BINARY, at=AT, every="5 days").context["cutoff"].drop_duplicates()
    assert set(cutoffs.diff().dropna()) == {pd.Timedelta(days=-5)}


def test_labels_are_shown_as_stale_as_the_queries(shop: Database) -> None:
    tables = relfm.feature_tables(shop, BINARY, at="2021-04-01")
    stale = "days between what was seen and the cutoff"
    assert (tables.queries()[stale] > 80).all()
    assert set(tables.context[stale]) == set(tables.queries()[stale])


def test_queries_may_be_named_or_few(shop: Database) -> None:
    tables = relfm.feature_tables(shop, BINARY, at=AT)
    assert tables.queries([103, 101])["user_id"].tolist() == [103, 101]
    assert len(tables.queries(limit=3)) == 3
    with pytest.raises(UsageError, match="limit 0 is no whole number"):
        tables.queries(limit=0)


def test_labels_are_there_where_nobody_is_asked_about(shop: Database) -> None:
    tables = relfm.feature_tables(shop, "PREDICT orders.status FOR EACH orders.order_id")
    assert set(tables.context["target"]) == {"x", "y", "z"}
    with pytest.raises(DataCannotAnswer, match="the question is about nobody"):
        tables.queries()


def with_names(categories: list[str], key: str) -> FeatureTables:
    """Of a shop whose channels are ``categories`` and whose customers have a key of the name ``key``."""
    to_customer = ForeignKey((key,), "customers", (key,))
    number, text, time = (key, "int64", None), ("channel", "string", Stype.categorical), ("at", "timestamp", None)
    orders = Table("orders", tuple(Column(*c) for c in (number, text, time)), (), (to_customer,), "at")
    schema = Schema.of([Table("customers", (Column(*number),), (key,)), orders])
    rows = [{key: n % 7, "channel": categories[n % len(categories)], "at": float(n % 83)} for n in range(240)]
    database = small_shop.shop(schema, customers=[{key: n} for n in range(7)], orders=rows)
    return relfm.feature_tables(database, f"PREDICT COUNT(orders.*, 0, 2, days) > 0 FOR EACH customers.{key}")


def test_names_are_unique_and_such_as_boosted_trees_take() -> None:
    tables = with_names(["web, old", "web: old", "{shop}", "a <b>"], "id")
    plain = with_names(["web", "phone", "shop", "a"], "id")
    names = list(tables.context)
    assert len(set(names)) == len(names) == len(plain.features) + 3
    assert not set('[]{}",:<') & set("".join(names))
    assert any(name.endswith("channel = web  old in all orders.id (2)") for name in names)


@pytest.mark.parametrize("key", ["target", "cutoff"])
def test_a_key_of_the_name_of_a_column_keeps_its_table(key: str) -> None:
    tables = with_names(["web", "phone"], key)
    assert list(tables.context)[:3] == [f"customers.{key}", "cutoff", "target"]
    assert list(tables.queries())[:2] == [f"customers.{key}", "cutoff"]
    assert set(tables.context[f"customers.{key}"]) == set(range(7))


@pytest.mark.parametrize(
    ("question", "settings", "message"),
    [
        (QUESTIONS["ranking"], {}, "a ranking is many answers, and a row of features has one target"),
        (QUESTIONS["forecast"], {}, "a forecast of 3 windows is 3 answers, and a row"),
        (BINARY, {"limit": 0}, "limit 0 is no whole number of 1 or more"),
        (BINARY, {"every": 7}, "every 7 is a int"),
        (BINARY, {"every": "weekly"}, "'weekly' is not a length of time"),
    ],
)
def test_what_has_no_such_table_is_refused(shop: Database, question: str, settings: dict, message: str) -> None:
    with pytest.raises(RelfmError, match=message) as error:
        relfm.feature_tables(shop, question, at=AT, **settings)
    assert error.type is UsageError and error.value.hint
