"""Drawn questions: different, of many kinds, answerable, and the same for the same seed."""

import numpy as np
import pytest
from timed_shop import frames

from relfm import Database, parse
from relfm.connectors import connect
from relfm.planning import resolve
from relfm.questions import answered, draw_questions
from relfm.sample import generate
from relfm.task import TargetKind


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Database:
    from relfm.sample import write_sqlite

    path = tmp_path_factory.mktemp("questions") / "shop.db"
    write_sqlite(path, customers=150)
    return connect(path, cache=False)


def test_questions_are_different_and_fit_the_schema(shop: Database) -> None:
    questions = draw_questions(shop, 20, seed=0)
    assert len(set(questions)) == len(questions) == 20
    for question in questions:
        assert str(parse(question))
        resolve(shop, question)


def test_the_same_seed_draws_the_same(shop: Database) -> None:
    assert draw_questions(shop, 8, seed=3) == draw_questions(shop, 8, seed=3)
    assert draw_questions(shop, 8, seed=3) != draw_questions(shop, 8, seed=4)


def test_answers_vary_and_are_of_several_kinds(shop: Database) -> None:
    found = [answered(shop, question) for question in draw_questions(shop, 30, seed=1)]
    usable = [f for f in found if f.is_usable]
    assert len(usable) >= 10
    assert {TargetKind.BINARY, TargetKind.REGRESSION} <= {f.task.kind for f in usable}
    assert all(len(np.unique(f.examples.targets)) > 1 for f in usable)
    assert all(f.reason for f in found if not f.is_usable)


def test_a_missing_cell_is_hidden_from_its_own_question(shop: Database) -> None:
    static = [q for q in draw_questions(shop, 60, seed=2) if "COUNT" not in q and ", 0, " not in q]
    assert static
    for question in static:
        assert resolve(shop, question).hidden


def test_a_ranking_has_no_single_target(shop: Database) -> None:
    question = "PREDICT LIST_DISTINCT(order_lines.product_id, 0, 30, days) RANK TOP 3 FOR EACH customers.id"
    assert not answered(shop, question).is_usable


def test_a_database_without_events_offers_nothing() -> None:
    few = {name: rows.head(5) for name, rows in frames(10, 20).items()}
    assert draw_questions(connect(few, cache=False), 5, seed=0) == []


def test_the_sample_generator_is_there() -> None:
    assert callable(generate)
