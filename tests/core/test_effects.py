"""Effects of facts: exact where the answer is a known function of the features."""

from collections.abc import Callable

import numpy as np
import pytest

from relfm.effects import STATE, Exchanged
from relfm.features import FeatureMatrix
from relfm.panels import Side

FACTS = ("age", "orders", "orders", "city", "noise")
WEIGHTS = np.array([2.0, -1.0, 3.0, 0.5, 0.0])


def sides(states: int = 0, others: int = 40, seed: int = 3) -> tuple[Side, Side]:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(others + 1, len(FACTS))).astype(np.float32)
    told = generator.normal(size=(others + 1, states)).astype(np.float32) if states else None
    matrix = FeatureMatrix(values, tuple(f"{fact} {i}" for i, fact in enumerate(FACTS)), np.zeros(5, np.int64), FACTS)
    parts = np.array([0]), np.arange(1, others + 1)
    return tuple(Side(matrix.take(p), None if told is None else told[p]) for p in parts)


def asked(answer: Callable[[np.ndarray], np.ndarray], **options: int) -> tuple[Exchanged, np.ndarray]:
    row, others = sides(**options)
    made = Exchanged.of(row, others, np.random.default_rng(0))
    return made, answer(made.side.features.values.astype(np.float64))


def test_effects_of_a_weighted_sum_are_its_terms() -> None:
    made, told = asked(lambda x: x @ WEIGHTS)
    values = made.side.features.values.astype(np.float64)
    terms = (values[0] - values[1 : 1 + len(made.orders)].mean(axis=0)) * WEIGHTS
    effects, errors = made.effects(told)
    assert made.facts == ("age", "orders", "city", "noise")
    np.testing.assert_allclose(effects, [terms[0], terms[1] + terms[2], terms[3], 0.0], atol=1e-9)
    spread = (values[1 : 1 + len(made.orders), 0] * WEIGHTS[0]).std(ddof=1) / np.sqrt(len(made.orders))
    assert errors[0] == pytest.approx(spread)
    assert errors[3] == pytest.approx(0.0, abs=1e-9)


def test_an_interaction_is_shared_alike() -> None:
    made, told = asked(lambda x: x[:, 0] * x[:, 3], others=1)
    own, lent = made.side.features.values[:2].astype(np.float64)
    effects, _ = made.effects(told)
    age = ((own[0] * lent[3] - lent[0] * lent[3]) + (own[0] * own[3] - lent[0] * own[3])) / 2
    assert effects[0] == pytest.approx(age)
    np.testing.assert_allclose(effects[[1, 3]], 0.0, atol=1e-9)


def test_effects_add_up_to_the_answer_less_the_usual_one() -> None:
    made, told = asked(lambda x: np.tanh(x @ WEIGHTS) + x[:, 0] * x[:, 1] ** 2)
    assert made.effects(told)[0].sum() == pytest.approx(told[0] - made.usual(told))


def test_one_feature_alone_moves_the_row_and_the_usual_row() -> None:
    made, told = asked(lambda x: x @ WEIGHTS)
    away = made.side.features.values[0].astype(np.float64) - made.medians
    np.testing.assert_allclose(made.alone(told), 2 * away * WEIGHTS, atol=1e-6)


def test_a_state_is_one_fact() -> None:
    row, others = sides(states=6)
    made = Exchanged.of(row, others, np.random.default_rng(0))
    told = made.side.states.astype(np.float64).sum(axis=1)
    effects, _ = made.effects(told)
    assert made.facts[-1] == STATE
    assert effects[-1] == pytest.approx(told[0] - made.usual(told))
    np.testing.assert_allclose(effects[:-1], 0.0, atol=1e-9)
    np.testing.assert_allclose(made.alone(told), 0.0, atol=1e-9)


def test_what_most_lack_is_usually_missing() -> None:
    row, others = sides()
    others.features.values[:30, 3] = np.nan
    made = Exchanged.of(row, others, np.random.default_rng(0))
    assert np.isnan(made.medians).tolist() == [False, False, False, True, False]


def test_without_features_nothing_moves_the_answer() -> None:
    none = FeatureMatrix(np.zeros((9, 0), np.float32), (), np.zeros(0, np.int64))
    made = Exchanged.of(Side(none.take(np.array([0]))), Side(none), np.random.default_rng(0))
    told = np.full(len(made.side.features), 0.25)
    assert made.effects(told)[0].tolist() == []
    assert made.usual(told) == 0.25
