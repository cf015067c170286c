"""Where there are too many entities to learn from, a draw of them teaches, and everybody still has a past."""

from dataclasses import replace

import numpy as np
import pytest
import small_shop
from busy_shop import AT, busy_shop

import relfm
from relfm import asked, backtest, features
from relfm.asked import Asked
from relfm.database import Database
from relfm.planning import resolve
from relfm.task import Examples
from relfm.times import parse_time

QUESTION = "PREDICT COUNT(orders.*, 0, 20, days) > 0 FOR EACH users.user_id"
NUM_USERS, MOST = 120, 40


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(asked, "MOST_ENTITIES", MOST)
    return busy_shop(num_users=NUM_USERS, num_orders=2_500)


def asked_of(shop: Database, question: str = QUESTION, **settings: bool) -> Asked:
    return Asked(shop, resolve(shop, question), parse_time(AT), 4_000, **settings)


def test_about_so_many_are_learned_from_as_are_allowed(shop: Database) -> None:
    drawn = asked_of(shop).drawn
    assert len(drawn) == MOST and len(np.unique(drawn)) == MOST
    few = asked_of(shop, QUESTION + " WHERE users.segment = 'a'")
    assert len(few.population) < NUM_USERS * 0.6
    among = np.isin(few.drawn, few.population).sum()
    assert 0.7 * MOST < among < 1.3 * MOST < len(few.drawn)


def test_a_small_population_is_learned_from_as_a_whole(shop: Database) -> None:
    question = QUESTION.replace("FOR EACH users.user_id", "FOR users.user_id IN (101, 102)")
    assert asked_of(shop, question).drawn is None
    assert asked_of(shop, of_everybody=True).drawn is None
    assert asked_of(shop, "PREDICT users.segment FOR EACH users.user_id").drawn is None


def test_nobody_who_comes_later_changes_the_draw(shop: Database) -> None:
    orders = [{"order_id": n, "user_id": n % 90, "ordered": float(3 * n)} for n in range(100)]
    users = [{"user_id": n, "signup": 0 if n < 90 else 400} for n in range(130)]
    first, second = (asked_of(small_shop.shop(users=users[:n], orders=orders)) for n in (90, 130))
    assert len(first.drawn) == MOST
    np.testing.assert_array_equal(first.drawn, second.drawn)


def test_answers_do_not_depend_on_who_else_is_asked(shop: Database) -> None:
    predictor = relfm.Predictor(effort="fast", model=None)
    whole = predictor.predict(shop, QUESTION, at=AT).frame.set_index("user_id").probability
    drawn = asked_of(shop).drawn
    left_out = int(np.setdiff1d(np.arange(NUM_USERS - 1), drawn)[0])
    for rows in ([left_out], [left_out, int(drawn[0])], list(range(60))):
        keys = [100 + row for row in rows]
        some = predictor.predict(shop, QUESTION, at=AT, entities=keys).frame.set_index("user_id").probability
        np.testing.assert_allclose(some, whole.loc[keys], rtol=1e-6)


def test_parts_of_a_large_prediction_agree_with_the_whole(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = relfm.Predictor(effort="fast", model=None)
    whole = predictor.predict(shop, QUESTION, at=AT).frame
    monkeypatch.setattr("relfm.predictor.MOST_QUERIES", 33)
    parts = predictor.predict(shop, QUESTION, at=AT).frame
    np.testing.assert_allclose(parts.probability, whole.probability, rtol=1e-6)


def test_whoever_is_not_learned_from_has_a_past_that_nobody_else_reads(shop: Database) -> None:
    question = asked_of(shop)
    context, queries = question.context(), question.queries()
    own = question.own(queries)
    assert set(own.rows) == set(queries.rows) - set(question.drawn) and set(context.rows) <= set(question.drawn)
    changed = int(own.rows[0])
    targets = np.where(own.rows == changed, 1 - own.targets, own.targets)

    def described(labels: Examples) -> features.FeatureMatrix:
        return features.compute(shop, question.task, queries, context, until=question.moment, own=labels)

    before, after = described(own), described(replace(own, targets=targets))
    past = [i for i, name in enumerate(before.names) if "its past targets" in name]
    mine = queries.rows == changed
    np.testing.assert_array_equal(before.values[~mine], after.values[~mine])
    assert not np.isnan(before.values[mine][:, past]).all()
    assert (before.values[mine] != after.values[mine]).any()


def test_forecasts_are_drawn_for_each_of_their_steps(shop: Database) -> None:
    question = "PREDICT COUNT(orders.*, 0, 20, days) FORECAST 2 TIMEFRAMES FOR EACH users.user_id"
    found = relfm.Predictor(effort="fast", model=None).predict(shop, question, at=AT)
    assert len(found.frame) == 2 * (NUM_USERS - 1)


def test_a_large_fold_is_scored_on_a_draw(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "MOST_SCORED", 25)
    found = relfm.Predictor(effort="fast", model=None).backtest(shop, QUESTION, folds=2, at=AT)
    assert set(found.table[found.table.fold != "all"].rows) == {25}
