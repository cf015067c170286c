"""The yardstick: trees that are chosen, and stopped, on held-out rows."""

import numpy as np
import pytest

from relfm.experts.boosting import grown_classes, grown_numbers
from relfm.experts.yardstick import tuned_classes, tuned_numbers

NUM = 1500
SPLIT = np.arange(NUM * 7 // 10), np.arange(NUM * 7 // 10, NUM)


@pytest.fixture(scope="module")
def doubtful() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features float32[2 NUM, 120] of which one tells a little; the target's log-odds; the target."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(2 * NUM, 120)).astype(np.float32)
    odds = 0.8 * values[:, 3].astype(np.float64)
    return values, odds, (generator.logistic(size=2 * NUM) < odds).astype(np.float64)


def test_it_loses_less_than_trees_of_fixed_rounds_where_most_features_are_noise(
    doubtful: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    values, odds, targets = doubtful
    tuned = tuned_classes(values[:NUM], targets[:NUM], SPLIT, values[NUM:], 2, 0)[:, 1]
    fixed = grown_classes(values[:NUM], targets[:NUM], values[NUM:], 2, 0)[:, 1]
    truth = 1 / (1 + np.exp(-odds[NUM:]))
    assert np.abs(tuned - truth).mean() < 0.5 * np.abs(fixed - truth).mean()


def test_it_follows_a_rule_as_closely_as_deep_trees() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=(2 * NUM, 4)).astype(np.float32)
    targets = np.where(values[:, 0] > 0, values[:, 1], -values[:, 1]) + np.floor(3 * values[:, 2])
    tuned = tuned_numbers(values[:NUM], targets[:NUM], SPLIT, values[NUM:], 0)
    fixed = grown_numbers(values[:NUM], targets[:NUM], values[NUM:], 0)
    errors = [np.abs(told - targets[NUM:]).mean() for told in (tuned, fixed)]
    assert errors[0] < 1.1 * errors[1]


@pytest.mark.parametrize("classes", [[2.0], [0.0, 2.0], [0.0, 1.0, 3.0]])
def test_every_class_has_its_place(classes: list[float]) -> None:
    generator = np.random.default_rng(2)
    targets = generator.choice(classes, NUM)
    values = (targets[:, None] + generator.normal(0, 0.1, (NUM, 1))).astype(np.float32)
    shares = tuned_classes(values, targets, SPLIT, np.array(classes, np.float32)[:, None], 4, 0)
    assert shares.argmax(axis=1).tolist() == classes
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_a_class_that_only_held_out_rows_have_is_answered_too() -> None:
    targets = np.zeros(NUM)
    targets[-200:] = 1.0
    values = np.random.default_rng(3).normal(size=(NUM, 3)).astype(np.float32) + targets[:, None].astype(np.float32)
    shares = tuned_classes(values, targets, SPLIT, values, 2, 0)
    assert np.isfinite(shares).all()
    assert shares[-200:, 1].mean() > shares[:-200, 1].mean()


def test_the_same_seed_gives_the_same_answers(doubtful: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    values, _, targets = doubtful
    first, second = (tuned_classes(values[:NUM], targets[:NUM], SPLIT, values[NUM:], 2, 4) for _ in range(2))
    np.testing.assert_array_equal(first, second)
