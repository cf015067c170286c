"""Numbers: heavy tails keep their reach, sizes are read in units of what is usual, intervals hold what they promise."""

import numpy as np
import pytest

from relfm.experts.design import Design
from relfm.experts.mixture import Mixed
from relfm.experts.numbers import USUAL, Reading, numbers, usual_level
from relfm.experts.outputs import Outputs
from relfm.features import FeatureMatrix
from relfm.task import TargetKind


def certain(outputs: Outputs, targets: np.ndarray) -> Mixed:
    """A mixture that knows every target, as far as thresholds can say it."""
    known = outputs.encode(targets).astype(np.float64)
    return Mixed(known, {}, {}, np.arange(len(targets)), known, {})


def test_thresholds_reach_into_a_heavy_tail():
    targets = np.random.default_rng(0).lognormal(0, 2, 5000)
    outputs = Outputs.of(TargetKind.REGRESSION, targets)
    middle = outputs.quantile(outputs.encode(targets).astype(np.float64), 0.5)
    assert middle.max() > 0.5 * targets.max()
    top = targets > np.quantile(targets, 0.99)
    assert np.abs(middle - targets)[top].mean() < 0.15 * targets[top].mean()
    body = ~top & (targets > np.quantile(targets, 0.5))
    assert np.abs(middle - targets)[body].mean() < 0.1 * targets[body].mean()


@pytest.mark.parametrize("sign", [1, -1])
def test_targets_that_nearly_all_lie_at_one_end_have_thresholds(sign):
    targets = sign * np.where(np.arange(10_000) < 9_900, 0.0, np.arange(10_000) - 9_899.0)
    outputs = Outputs.of(TargetKind.REGRESSION, targets)
    assert outputs.num_outputs >= 1
    assert np.isfinite(outputs.quantile(np.full((1, outputs.num_outputs), 0.5), 0.5)).all()


def test_the_unit_of_numbers_does_not_matter():
    targets = np.random.default_rng(1).gamma(2.0, size=500)
    large, small = (Outputs.of(TargetKind.REGRESSION, targets * unit) for unit in (1.0, 2.0**-60))
    np.testing.assert_allclose(small.weights, large.weights, rtol=1e-12)


def test_readings_in_two_units_are_averaged():
    generator = np.random.default_rng(2)
    units = generator.lognormal(0, 1, 2000)
    targets = units * generator.uniform(0.5, 1.5, 2000)
    plain = Outputs.of(TargetKind.REGRESSION, targets)
    scaled = Outputs.of(TargetKind.REGRESSION, targets / units)
    one, other = (
        Reading(plain, certain(plain, targets)),
        Reading(scaled, certain(scaled, targets / units), units, units),
    )
    both = numbers([one, other], targets, 0.8).middle
    np.testing.assert_allclose(both, (numbers([one], targets, 0.8).middle + numbers([other], targets, 0.8).middle) / 2)
    assert np.abs(numbers([other], targets, 0.8).middle - targets).mean() < 0.02 * targets.mean()


@pytest.mark.parametrize("share_of_nothing", [0.0, 0.9])
def test_means_add_up_where_medians_do_not(share_of_nothing):
    generator = np.random.default_rng(6)
    targets = generator.lognormal(3, 1, 4000) * (generator.random(4000) >= share_of_nothing)
    outputs = Outputs.of(TargetKind.REGRESSION, targets)
    base_rate = np.tile(outputs.encode(targets).mean(axis=0), (4000, 1)).astype(np.float64)
    found = numbers([Reading(outputs, Mixed(base_rate, {}, {}, np.arange(4000), base_rate, {}))], targets, 0.8)
    np.testing.assert_allclose(found.mean.sum(), targets.sum(), rtol=1e-5)
    assert found.middle.sum() < 0.8 * targets.sum()


def test_means_of_readings_are_in_the_units_of_the_target():
    generator = np.random.default_rng(7)
    units = generator.lognormal(0, 1, 2000)
    targets = units * generator.uniform(0.5, 1.5, 2000)
    scaled = Outputs.of(TargetKind.REGRESSION, targets / units)
    found = numbers([Reading(scaled, certain(scaled, targets / units), units, units)], targets, 0.8)
    np.testing.assert_allclose(found.mean, targets, rtol=0.1)


def test_a_mean_is_not_rounded_to_what_the_target_can_be_nor_below_nothing():
    targets = np.random.default_rng(8).poisson(0.4, 1000).astype(np.float64)
    outputs = Outputs.of(TargetKind.REGRESSION, targets)
    base_rate = np.tile(outputs.encode(targets).mean(axis=0), (1000, 1)).astype(np.float64)
    mixed = Mixed(base_rate, {}, {}, np.arange(1000), base_rate, {})
    np.testing.assert_allclose(numbers([Reading(outputs, mixed)], targets, 0.8).mean, targets.mean(), rtol=1e-6)
    points = np.full(1000, 0.0), np.full(1000, -3.0)
    exact = Mixed(base_rate, {}, {}, np.arange(1000), np.zeros_like(base_rate) + 0.6, {}, points)
    assert (numbers([Reading(outputs, exact)], targets, 0.8).mean >= 0).all()


def test_a_target_of_few_values_is_predicted_as_one_of_them():
    targets = np.random.default_rng(3).poisson(1.0, 1000).astype(np.float64)
    units = np.full(1000, 1.7)
    plain, scaled = (Outputs.of(TargetKind.REGRESSION, t) for t in (targets, targets / units))
    readings = [
        Reading(plain, certain(plain, targets)),
        Reading(scaled, certain(scaled, targets / units), units, units),
    ]
    assert set(numbers(readings, targets, 0.8).middle) <= set(targets)


def test_what_is_usual_is_the_mean_of_past_targets_and_of_all():
    matrix = FeatureMatrix(np.array([[2.0, 4.0], [np.nan, np.nan]], np.float32), USUAL, np.zeros(2, np.int64))
    np.testing.assert_allclose(usual_level(matrix, np.array([1.0, 3.0])), [2 + 3, 2 + 2])
    assert usual_level(matrix, np.array([-1.0, 3.0])) is None
    assert usual_level(matrix, np.zeros(2)) is None
    alone = FeatureMatrix(matrix.values[:, :1], USUAL[:1], matrix.hops[:1])
    assert usual_level(alone, np.array([1.0])) is None


def test_kept_features_are_among_the_first_however_little_they_tell():
    generator = np.random.default_rng(4)
    values = generator.normal(size=(1000, 120)).astype(np.float32)
    outputs = (values[:, :100].sum(axis=1, keepdims=True) > 0).astype(np.float32)
    values[:, 110] = np.arange(1000) % 7
    plain, kept = Design.fit(values, outputs, 100), Design.fit(values, outputs, 100, (110,))
    assert list(kept.columns).index(110) == 24
    assert [c for c in kept.columns if c != 110] == [c for c in plain.columns if c != 110]
    assert kept.relevance[24] > 0.5 * kept.relevance[23]
    assert Design.fit(values, outputs, 100, (int(plain.columns[0]),)).columns.tolist() == plain.columns.tolist()


@pytest.mark.parametrize(("least", "wanted"), [(0.0, 0.0), (-1.0, -6.0)])
def test_a_margin_widens_below_nothing_only_where_targets_are(least: float, wanted: float):
    """The least value is always foretold, edges and all, and every third target lies 5 above it: so does the margin."""
    targets = least + np.where(np.arange(300) % 3 == 0, 5.0, 0.0)
    outputs = Outputs.of(TargetKind.REGRESSION, targets)
    foretold = outputs.encode(np.full(300, least)).astype(np.float64)
    mixed = Mixed(foretold, {}, {}, np.arange(300), foretold, {})
    found = numbers([Reading(outputs, mixed)], targets, 0.8)
    assert (set(found.middle), set(found.low), set(found.high)) == ({least}, {wanted}, {least + 5})
