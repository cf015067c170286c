"""The rule of time for pretrained networks: heads and states see nothing after the cutoff, bit for bit."""

import numpy as np
import pandas as pd
import pytest
from invariance import differences
from mutations import mutated, shuffle
from random_networks import networks
from timed_shop import AT, QUESTIONS, frames

from relfm import Predictor
from relfm.connectors import connect
from relfm.learned import EXPERTS
from relfm.predictor import Prediction

ASKED = ("binary", "multiclass", "regression", "forecast", "imputation")


@pytest.fixture(scope="module")
def shop() -> dict[str, pd.DataFrame]:
    return frames(80, 900)


def answered(shop: dict[str, pd.DataFrame], kind: str) -> Prediction:
    return Predictor(model=networks()).predict(connect(shop, cache=False), QUESTIONS[kind], at=AT)


@pytest.mark.parametrize("kind", ASKED)
def test_nothing_after_the_cutoff_reaches_a_pretrained_network(shop: dict[str, pd.DataFrame], kind: str) -> None:
    before = answered(shop, kind)
    for seed in (4000, 4001):
        assert not differences(before, answered(mutated(shop, AT, seed), kind)), f"seed {seed}"


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_the_networks_take_part(shop: dict[str, pd.DataFrame], kind: str) -> None:
    weights = answered(shop, kind).weights
    assert set(EXPERTS) <= set(weights)
    # Gentle trees, where they are, leave the others their proportions.
    weights = {name: share / (1 - weights.get("gentle-trees", 0)) for name, share in weights.items()}
    trees = weights.pop("gentle-trees", 0.0)
    assert trees == pytest.approx(1 / 3 if kind == "binary" else 0)
    heads = 2 * weights["pfn-features"]
    assert weights["pfn-states"] == weights["pfn-features"]
    if kind == "binary":  # numbers are read twice, and their weights averaged
        assert heads == pytest.approx(0.5 * (1 - weights["linear-states"] / (1 - heads)))  # heads know no states' line
    assert 0 < heads < 0.5
    assert sum(weights.values()) == pytest.approx(1)


def test_the_order_of_rows_does_not_matter_to_a_network(shop: dict[str, pd.DataFrame]) -> None:
    other = shuffle(dict(shop), AT, np.random.default_rng(0))
    assert not differences(answered(shop, "binary"), answered(other, "binary"))


def test_the_order_of_columns_and_tables_does_not_matter_to_a_network(shop: dict[str, pd.DataFrame]) -> None:
    other = {name: rows[rows.columns[::-1]] for name, rows in reversed(shop.items())}
    before, after = answered(shop, "binary").frame, answered(other, "binary").frame
    pd.testing.assert_frame_equal(before, after, check_exact=False, rtol=1e-4, atol=1e-5)


def test_rankings_and_little_effort_use_no_network(shop: dict[str, pd.DataFrame]) -> None:
    database = connect(shop, cache=False)
    plain = Predictor(effort="fast", model=None).predict(database, QUESTIONS["binary"], at=AT)
    assert not differences(
        plain, Predictor(effort="fast", model=networks()).predict(database, QUESTIONS["binary"], at=AT)
    )
