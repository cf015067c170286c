"""Explanations: of the very answer that is given, from what was known, exact where the truth is planted."""

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from busy_shop import AT, QUESTIONS, busy_shop
from small_shop import shop

from relfm import Predictor, RelfmError
from relfm.database import Database
from relfm.explain import SIMILAR, Explanation

FAST = Predictor(effort="fast")
KINDS = ("binary", "multiclass", "regression")


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


@pytest.fixture(scope="module")
def made(database: Database) -> dict[str, Explanation]:
    return {kind: FAST.explain(database, QUESTIONS[kind], entity=102, at=AT) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_the_one_that_predict_gives(database: Database, made: dict, kind: str) -> None:
    found = FAST.predict(database, QUESTIONS[kind], at=AT, entities=[102]).frame
    pd.testing.assert_frame_equal(made[kind].frame, found, rtol=1e-6)
    shown = {"binary": "probability", "multiclass": f"p_{found['prediction'][0]}", "regression": "prediction"}[kind]
    assert made[kind].answer == pytest.approx(found[shown][0], rel=1e-6)


def test_the_answer_of_the_default_experts_is_theirs(database: Database) -> None:
    made = Predictor().explain(database, QUESTIONS["binary"], entity=102, at=AT)
    found = Predictor().predict(database, QUESTIONS["binary"], at=AT, entities=[102])
    assert made.answer == pytest.approx(found.frame["probability"][0], rel=1e-6)
    assert dict(zip(made.experts["expert"], made.experts["weight"], strict=True)) == pytest.approx(found.weights)


@pytest.mark.parametrize("kind", KINDS)
def test_effects_add_up_and_the_greatest_come_first(made: dict, kind: str) -> None:
    facts = made[kind].facts
    assert facts.columns.tolist() == ["fact", "effect", "error", "feature", "value", "usual"]
    assert facts["effect"].sum() == pytest.approx(made[kind].answer - made[kind].usual, abs=1e-9)
    assert facts["effect"].abs().is_monotonic_decreasing
    assert facts["fact"].is_unique


@pytest.mark.parametrize("kind", KINDS)
def test_past_labels_are_the_entity_s_own_and_had_closed(made: dict, kind: str) -> None:
    past = made[kind].past
    assert len(past) and past["cutoff"].is_monotonic_decreasing
    assert (past["cutoff"] + pd.Timedelta(days=20) <= pd.Timestamp(AT)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_similar_examples_are_of_others(made: dict, kind: str) -> None:
    similar = made[kind].similar
    assert 0 < len(similar) <= SIMILAR
    assert similar.columns.tolist() == ["user_id", "cutoff", "target"]
    assert not (similar["user_id"] == 102).any()


def test_experts_answer_between_which_the_mixture_lies(made: dict) -> None:
    heard = made["binary"].experts
    assert heard["weight"].sum() == pytest.approx(1.0)
    assert heard["answer"].between(0, 1).all()


def test_the_fact_that_decides_comes_first() -> None:
    generator = np.random.default_rng(0)
    ages = generator.integers(18, 80, 300)
    users = [
        {
            "user_id": n,
            "age": float(age),
            "segment": "old" if age > 50 else "young",
            "signup": int(generator.integers(99)),
        }
        for n, age in enumerate(ages)
    ]
    users[7] |= {"age": 75.0, "segment": None}
    question = "PREDICT users.segment FOR EACH users.user_id WHERE users.segment IS NULL"
    made = FAST.explain(shop(users=users), question, at=AT)
    assert (made.what, made.frame["prediction"][0]) == ("probability of old", "old")
    first, *others = made.facts.itertuples(index=False)
    assert (first.fact, first.feature, first.value) == ("users.age", "users.age", 75.0)
    assert first.effect > 0.3
    assert all(abs(other.effect) < 0.1 for other in others)


def test_nothing_later_moves_an_explanation(database: Database, made: dict) -> None:
    tables = dict(database.tables)
    orders = tables["orders"]
    later = pc.greater(orders.column("ordered"), pd.Timestamp(AT).to_pydatetime())
    assert pc.sum(later).as_py() > 0
    prices = pc.if_else(later, 1e6, orders.column("price"))
    tables["orders"] = orders.set_column(orders.column_names.index("price"), "price", prices)
    other = FAST.explain(Database(database.schema, tables), QUESTIONS["regression"], entity=102, at=AT)
    for name in ("facts", "experts", "past", "similar", "frame"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(made["regression"], name), check_exact=True)


@pytest.mark.parametrize(
    ("question", "entity", "message", "hint"),
    [
        (QUESTIONS["ranking"], 102, "a ranking is many answers", "ask about one item"),
        (QUESTIONS["forecast"], 102, "a forecast of 3 windows is 3 answers", "leave FORECAST out"),
        (QUESTIONS["binary"], None, "about 13 rows of 'users'", "--for 100"),
        (QUESTIONS["binary"], 999, "no row of 'users' has the key 999", "check --for"),
    ],
)
def test_what_has_no_single_answer_is_refused(
    database: Database, question: str, entity: int | None, message: str, hint: str
) -> None:
    with pytest.raises(RelfmError, match=message) as raised:
        FAST.explain(database, question, entity=entity, at=AT)
    assert hint in raised.value.hint


def test_an_explanation_is_shown_briefly(made: dict) -> None:
    assert repr(made["binary"]).startswith(f"Explanation({QUESTIONS['binary']!r}: probability of yes ")
    assert "<table" in made["binary"]._repr_html_()
