"""Targets as probabilities and back: a distribution's quantiles are those of the targets it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm.experts.outputs import MAX_THRESHOLDS, Outputs
from relfm.task import TargetKind

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


def numbers(targets: np.ndarray) -> Outputs:
    return Outputs.of(TargetKind.REGRESSION, np.asarray(targets, dtype=np.float64))


def whole(outputs: Outputs, targets: np.ndarray) -> np.ndarray:
    """The distribution of all targets as one row of exceedance probabilities."""
    return outputs.normalise(outputs.encode(targets).mean(axis=0, keepdims=True))


@pytest.mark.parametrize("spread", ["normal", "lognormal", "uniform"])
def test_quantiles_of_a_continuous_distribution_come_back(spread: str) -> None:
    targets = getattr(np.random.default_rng(0), spread)(size=4000)
    outputs = numbers(targets)
    assert not outputs.is_discrete and outputs.num_outputs == MAX_THRESHOLDS
    for level in LEVELS:
        found = outputs.quantile(whole(outputs, targets), level)[0]
        assert np.mean(targets <= found) == pytest.approx(level, abs=0.02)


def test_quantiles_of_few_values_are_those_values() -> None:
    targets = np.repeat([0.0, 1.0, 5.0], [60, 30, 10])
    outputs = numbers(targets)
    assert outputs.is_discrete
    found = [outputs.quantile(whole(outputs, targets), level)[0] for level in (0.5, 0.8, 0.95)]
    assert found == [0.0, 1.0, 5.0]


def test_median_of_a_target_that_is_mostly_zero_is_zero() -> None:
    generator = np.random.default_rng(0)
    targets = np.where(generator.random(2000) < 0.7, 0.0, generator.gamma(2.0, 10.0, 2000))
    outputs = numbers(targets)
    assert outputs.quantile(whole(outputs, targets), 0.5)[0] == pytest.approx(0, abs=1e-6)
    assert outputs.quantile(whole(outputs, targets), 0.95)[0] == pytest.approx(np.quantile(targets, 0.95), rel=0.1)


@pytest.mark.parametrize("targets", [[3.0] * 10, [1.0, 2.0], [7.0]])
def test_few_targets_make_outputs(targets: list[float]) -> None:
    outputs = numbers(np.array(targets))
    found = outputs.quantile(whole(outputs, np.array(targets)), 0.5)[0]
    assert min(targets) <= found <= max(targets)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=200),
    st.lists(st.floats(0, 1), min_size=2, max_size=40),
)
def test_quantiles_rise_with_their_level_and_stay_among_the_targets(targets: list, noise: list) -> None:
    outputs = numbers(np.array(targets))
    shares = outputs.normalise(np.resize(noise, (3, outputs.num_outputs)))
    assert (np.diff(shares, axis=1) <= 1e-12).all()
    found = np.stack([outputs.quantile(shares, level) for level in LEVELS])
    slack = 1e-9 * (1 + np.abs(targets).max())
    assert (np.diff(found, axis=0) >= -slack).all()
    assert found.min() >= min(targets) - slack and found.max() <= max(targets) + slack


def test_level_may_differ_by_row() -> None:
    targets = np.linspace(0, 1, 2001)
    outputs = numbers(targets)
    found = outputs.quantile(np.repeat(whole(outputs, targets), 2, axis=0), np.array([0.2, 0.8]))
    np.testing.assert_allclose(found, [0.2, 0.8], atol=0.03)


def test_costs_sum_to_one_and_follow_the_gaps() -> None:
    outputs = numbers(np.repeat([0.0, 1.0, 10.0], 5))
    np.testing.assert_allclose(outputs.weights, [0.1, 0.9])


def test_classes_are_indicators_that_sum_to_one() -> None:
    outputs = Outputs.of(TargetKind.MULTICLASS, np.array([0.0, 2.0]), 3)
    assert outputs.encode(np.array([2.0, 0.0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    np.testing.assert_allclose(outputs.normalise(np.array([[0.4, 0.9, -1.0], [0, 0, 0]])).sum(axis=1), 1)


def test_binary_stays_inside_zero_and_one() -> None:
    outputs = Outputs.of(TargetKind.BINARY, np.array([0.0, 1.0]))
    assert outputs.encode(np.array([1.0, 0.0])).tolist() == [[1], [0]]
    kept = outputs.normalise(np.array([[-0.3], [0.4], [1.7]]))[:, 0]
    assert 0 < kept[0] < kept[1] == 0.4 < kept[2] < 1
