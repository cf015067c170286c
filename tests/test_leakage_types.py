"""A later row that turns the inferred type of a column around changes no answer, to the last bit."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from invariance import differences
from random_networks import networks
from timed_shop import AT, QUESTIONS, frames

from relfm import Predictor
from relfm.connectors import connect
from relfm.predictor import Prediction
from relfm.times import DAY, to_datetime64

Frames = dict[str, pd.DataFrame]

STORES = "PREDICT LIST_DISTINCT(orders.store_id, 0, 30, days) RANK TOP 3 FOR EACH customers.id"

LATER = 400
"""So many rows after the moment outnumber those before it."""


@pytest.fixture(scope="module")
def shop() -> Frames:
    """The timed shop with a column of yes and no, and dates that nobody has told yet."""
    shop, generator = frames(60, 700), np.random.default_rng(0)
    customers = shop["customers"]
    newsletter = (generator.random(len(customers)) < 0.5).astype(np.int64)
    born = pd.Series(pd.NaT, index=customers.index, dtype="datetime64[us]")
    shop["customers"] = customers.assign(newsletter=newsletter, born=born)
    return shop


def more(rows: pd.DataFrame, time: str, **cells: object) -> pd.DataFrame:
    """``rows`` and later ones, with those cells and otherwise those of the first row."""
    later = pd.concat([rows.iloc[:1]] * LATER, ignore_index=True)
    later["id"] = 10_000 + np.arange(LATER)
    later[time] = to_datetime64(AT + (1 + np.arange(LATER)) * DAY // 4)
    return pd.concat([rows, later.assign(**cells)], ignore_index=True)


def yes_or_no_gets_a_third_value(shop: Frames) -> Frames:
    return {**shop, "customers": more(shop["customers"], "joined", newsletter=2)}


def yes_or_no_gets_a_fraction(shop: Frames) -> Frames:
    return {**shop, "customers": more(shop["customers"], "joined", newsletter=0.5)}


def segments_stop_repeating(shop: Frames) -> Frames:
    return {**shop, "customers": more(shop["customers"], "joined", segment=[f"segment {n}" for n in range(LATER)])}


def cities_of_stores_stop_repeating(shop: Frames) -> Frames:
    return {**shop, "stores": more(shop["stores"], "opened", city=[f"city {n}" for n in range(LATER)])}


def an_empty_date_is_filled(shop: Frames) -> Frames:
    return {**shop, "customers": more(shop["customers"], "joined", born=to_datetime64(np.int64(AT - 9_000 * DAY)))}


CHANGES = {
    yes_or_no_gets_a_third_value: ("customers", "newsletter"),
    yes_or_no_gets_a_fraction: ("customers", "newsletter"),
    segments_stop_repeating: ("customers", "segment"),
    cities_of_stores_stop_repeating: ("stores", "city"),
    an_empty_date_is_filled: ("customers", "born"),
}


def answered(shop: Frames, kind: str) -> Prediction:
    """With heads and states of networks that have learned nothing; a ranking uses none."""
    database = connect(shop, cache=False)
    if kind == "ranking":
        return Predictor(effort="fast").predict(database, STORES, at=AT)
    return Predictor(model=networks()).predict(database, QUESTIONS[kind], at=AT)


@pytest.fixture(scope="module")
def unchanged(shop: Frames) -> dict[str, Prediction]:
    return {kind: answered(shop, kind) for kind in ("ranking", "regression")}


@pytest.mark.parametrize("change", CHANGES)
def test_the_change_does_turn_the_schema_around(shop: Frames, change: Callable[[Frames], Frames]) -> None:
    table, column = CHANGES[change]
    before, after = (connect(s, cache=False).schema.tables[table].column(column) for s in (shop, change(shop)))
    assert before.stype != after.stype


@pytest.mark.parametrize("kind", ["ranking", "regression"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_type_that_later_rows_turn_around_changes_no_answer(
    shop: Frames, unchanged: dict[str, Prediction], change: Callable[[Frames], Frames], kind: str
) -> None:
    assert not differences(unchanged[kind], answered(change(shop), kind))
