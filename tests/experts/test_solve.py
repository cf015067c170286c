"""Closed forms equal their textbook solutions and scikit-learn's."""

import numpy as np
import pytest

from relfm.experts.solve import logistic_path, ridge_path

sklearn = pytest.importorskip("sklearn.linear_model")


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    inputs = generator.normal(0.3, 1, (240, 7)).astype(np.float32)
    weights = generator.uniform(0.2, 2, 240).astype(np.float32)
    return inputs, inputs @ generator.normal(0, 1, 7) + generator.normal(0, 1, 240), weights


@pytest.mark.parametrize("strength", [0.001, 0.1, 10.0])
def test_ridge_equals_the_normal_equations_and_scikit_learn(data: tuple, strength: float) -> None:
    inputs, target, weights = data
    outputs = np.stack([target, -target + 3], axis=1).astype(np.float32)
    (found,) = ridge_path(inputs, outputs, weights, inputs[:9], [strength])
    model = sklearn.Ridge(alpha=strength * float(weights.sum())).fit(inputs, outputs, sample_weight=weights)
    np.testing.assert_allclose(found, model.predict(inputs[:9]), atol=2e-4)


def test_ridge_path_is_in_the_order_of_its_strengths(data: tuple) -> None:
    inputs, target, weights = data
    outputs = target[:, None].astype(np.float32)
    strong, weak = ridge_path(inputs, outputs, weights, inputs, [100.0, 0.001])
    (alone,) = ridge_path(inputs, outputs, weights, inputs, [0.001])
    assert np.var(strong) < np.var(weak)
    np.testing.assert_array_equal(weak, alone)


def test_very_strong_ridge_answers_the_weighted_mean(data: tuple) -> None:
    inputs, target, weights = data
    (found,) = ridge_path(inputs, target[:, None].astype(np.float32), weights, inputs[:3], [1e8])
    np.testing.assert_allclose(found[:, 0], np.average(target, weights=weights), atol=1e-3)


@pytest.mark.parametrize("strength", [0.003, 0.1])
@pytest.mark.parametrize("rare", [0.0, 2.5])
def test_logistic_equals_scikit_learn(data: tuple, strength: float, rare: float) -> None:
    inputs, score, weights = data
    target = (score > rare).astype(np.float32)
    (found,) = logistic_path(inputs, target, weights, inputs, [strength])
    model = sklearn.LogisticRegression(C=1 / (strength * float(weights.sum())), tol=1e-8, max_iter=500)
    expected = model.fit(inputs, target, sample_weight=weights).decision_function(inputs)
    likelihood = [-np.mean(weights * (target * o - np.logaddexp(0, o))) for o in (found, expected)]
    np.testing.assert_allclose(found, expected, atol=0.06)
    assert likelihood[0] == pytest.approx(likelihood[1], abs=2e-3)


def test_logistic_path_is_in_the_order_of_its_strengths(data: tuple) -> None:
    inputs, score, weights = data
    weak, strong = logistic_path(inputs, (score > 0).astype(np.float32), weights, inputs, [0.001, 10.0])
    assert np.var(strong) < np.var(weak)


def test_separable_classes_stay_finite() -> None:
    inputs = np.array([[-1], [-2], [1], [2]], np.float32)
    (odds,) = logistic_path(inputs, np.array([0, 0, 1, 1], np.float32), np.ones(4, np.float32), inputs, [1e-6])
    assert np.isfinite(odds).all() and (np.sign(odds) == np.sign(inputs[:, 0])).all()


def test_constant_inputs_answer_the_base_rate() -> None:
    inputs, target = np.ones((40, 3), np.float32), np.repeat([1.0, 0.0], [10, 30]).astype(np.float32)
    (odds,) = logistic_path(inputs, target, np.ones(40, np.float32), inputs[:2], [0.1])
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), 0.25, atol=1e-4)
    (found,) = ridge_path(inputs, target[:, None], np.ones(40, np.float32), inputs[:2], [0.1])
    np.testing.assert_allclose(found, 0.25, atol=1e-5)
