"""The example questions fit the sample shop, mean what they say, and have an answer in it."""

import pytest

from relfm.connectors import connect
from relfm.database import Database
from relfm.planning import plan
from relfm.sample import QUESTIONS, Question, write_sqlite


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path = write_sqlite(tmp_path_factory.mktemp("shop") / "shop.db", customers=300)
    return connect(path, cache=False)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.english)
def test_question_has_its_kind_and_enough_labels(question: Question, shop: Database) -> None:
    made = plan(shop, question.text)
    assert made.task.kind == question.kind
    assert made.context_rows > 200
    assert made.query_rows > 0
    if question.kind == "binary":
        assert 0.05 < made.base_rate < 0.95


def test_there_is_a_question_of_every_kind_but_forecast() -> None:
    assert {question.kind for question in QUESTIONS} == {"binary", "regression", "ranking", "multiclass"}
