"""Rare events are learned from in full, and still predicted as rarely as they happen."""

import pytest
from busy_shop import busy_shop

import relfm
from relfm import answer
from relfm.context import QueryBlock, query_blocks

QUESTION = "PREDICT COUNT(orders.*, 0, 20, days) > 2 FOR EACH users.user_id"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[QueryBlock]:
    """The blocks that predictions are made of."""
    blocks: list[QueryBlock] = []

    def watched(*given: object) -> list[QueryBlock]:
        blocks.extend(query_blocks(*given))
        return blocks[-1:]

    monkeypatch.setattr(answer, "query_blocks", watched)
    return blocks


@pytest.mark.parametrize("negated", ["", "NOT "])
def test_rare_events_come_true_as_often_as_they_are_said_to(made: list[QueryBlock], negated: str) -> None:
    shop = busy_shop(num_users=1_500, num_orders=12_000)
    question = QUESTION.replace("COUNT", f"{negated}COUNT")
    predictor = relfm.Predictor(effort="fast", model=None)
    found = predictor.predict(shop, question, at="2020-12-01")
    is_enriched = made[0].enrichment > 2 or made[0].enrichment < 0.5
    rare = abs(found.base_rate - (0 if not negated else 1))
    said = abs(found.frame.probability - (0 if not negated else 1)).mean()
    assert is_enriched and rare < 0.1 and found.context_rows == 4_000
    assert 0.6 * rare < said < 1.6 * rare
    assert 0.6 * rare < abs(found.frame.baseline - (0 if not negated else 1)).mean() < 1.6 * rare


def test_a_backtest_tells_the_true_base_rate_and_scores_calibrated_answers(made: list[QueryBlock]) -> None:
    shop = busy_shop(num_users=1_500, num_orders=12_000)
    predictor = relfm.Predictor(effort="fast", model=None)
    found = predictor.backtest(shop, QUESTION, folds=1, at="2020-12-01")
    rate = predictor.predict(shop, QUESTION, at="2020-12-01").base_rate
    assert made[0].enrichment > 2
    assert found.table.base_rate.iloc[0] == pytest.approx(rate, rel=0.2)
    assert found.calibration_error < rate
