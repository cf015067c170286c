"""Calibration brings probabilities and intervals nearer to what happens; from too few rows it changes nothing."""

import numpy as np
import pytest

from relfm.calibration import (
    MIN_ROWS,
    ClassTemperature,
    Conformal,
    Temperature,
    calibration_error,
    coverage_error,
)


def drawn(scale: float, number: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities whose log-odds are ``scale`` times too far out, and outcomes."""
    generator = np.random.default_rng(0)
    odds = generator.normal(0, 1.2, number)
    outcomes = (generator.random(number) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    return 1 / (1 + np.exp(-scale * odds)), outcomes


def log_loss(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    return float(-np.log(np.where(outcomes > 0, probabilities, 1 - probabilities)).mean())


@pytest.mark.parametrize("scale", [0.3, 3.0], ids=["timid", "bold"])
def test_miscalibrated_probabilities_lose_less_afterwards(scale: float) -> None:
    probabilities, outcomes = drawn(scale)
    calibrated = Temperature.fit(probabilities[:2000], outcomes[:2000], 0.5)(probabilities[2000:])
    assert log_loss(calibrated, outcomes[2000:]) < log_loss(probabilities[2000:], outcomes[2000:]) - 0.005
    assert calibration_error(calibrated, outcomes[2000:]) < calibration_error(probabilities[2000:], outcomes[2000:])


def test_calibrated_probabilities_hardly_change() -> None:
    probabilities, outcomes = drawn(1.0)
    np.testing.assert_allclose(Temperature.fit(probabilities, outcomes, 0.5)(probabilities), probabilities, atol=0.03)


def test_order_of_predictions_never_changes() -> None:
    probabilities, outcomes = drawn(3.0)
    upside_down = Temperature.fit(probabilities, 1 - outcomes, 0.5)
    for temperature in (Temperature.fit(probabilities, outcomes, 0.2), upside_down):
        assert temperature.slope > 0
        assert (np.diff(temperature(np.sort(probabilities))) >= 0).all()


@pytest.mark.parametrize("number", [0, 1, MIN_ROWS - 1])
def test_few_rows_calibrate_nothing(number: int) -> None:
    probabilities, outcomes = drawn(3.0, number)
    assert Temperature.fit(probabilities, outcomes, 0.5) == Temperature()
    assert Conformal.fit(probabilities, probabilities, outcomes, 0.8) == Conformal()


def test_one_class_calibrates_nothing() -> None:
    probabilities, outcomes = drawn(3.0)
    assert Temperature.fit(probabilities, np.ones_like(outcomes), 0.5) == Temperature()


def test_identity_is_the_identity() -> None:
    probabilities = np.array([0.001, 0.2, 0.5, 0.9])
    np.testing.assert_allclose(Temperature()(probabilities), probabilities)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("half", [0.1, 4.0], ids=["narrow", "wide"])
def test_interval_covers_what_it_promises(coverage: float, half: float) -> None:
    generator = np.random.default_rng(0)
    middle = generator.normal(size=6000)
    targets = middle + generator.standard_t(4, 6000)
    low, high = middle - half, middle + half
    conformal = Conformal.fit(low[:3000], high[:3000], targets[:3000], coverage)
    low, high = conformal(low[3000:], middle[3000:], high[3000:])
    assert np.mean((targets[3000:] >= low) & (targets[3000:] <= high)) == pytest.approx(coverage, abs=0.03)


def test_interval_never_leaves_out_the_middle() -> None:
    low, high = Conformal(-5.0)(np.array([0.0]), np.array([1.0]), np.array([2.0]))
    assert (low[0], high[0]) == (1.0, 1.0)


def test_calibration_error_of_known_cases() -> None:
    assert calibration_error(np.full(10, 0.3), np.repeat([1.0, 0.0], [3, 7]), num_bins=1) == pytest.approx(0)
    assert calibration_error(np.full(10, 0.9), np.zeros(10)) == pytest.approx(0.9)
    assert calibration_error(np.zeros(0), np.zeros(0)) == 0


def test_calibration_error_of_equal_probabilities_knows_no_order() -> None:
    half, outcomes = np.full(400, 0.5), np.repeat([0.0, 1.0], 200)
    assert calibration_error(half, outcomes) == calibration_error(half, outcomes[::-1]) == 0
    few = np.concatenate([np.full(30, 0.2), np.full(70, 0.6)])
    came = np.concatenate([np.arange(30) < 9, np.arange(70) < 42])
    turned = np.random.default_rng(0).permutation(100)
    assert calibration_error(few, came) == pytest.approx(0.3 * 0.1)
    assert calibration_error(few[turned], came[turned]) == pytest.approx(0.3 * 0.1)


@pytest.mark.parametrize(
    ("zeros", "low", "high", "wanted"),
    [
        (50, 0.0, 40.0, 0.0),  # both edges are the right quantiles: 90 % are inside because half of them are 0
        (50, 0.0, 99.0, 0.1),  # the upper edge is too high, which no target on it explains
        (90, 0.0, 0.0, 0.0),  # right again, with both edges on the same targets
        (50, -1.0, 40.0, 0.1),  # an edge on no target excuses nothing
        (50, 0.0, 20.0, 0.1),  # 70 % are inside: too few count in full
        (0, 8.0, 90.0, 0.02),  # 83 % are inside, and the one target on the lower edge excuses no more than itself
    ],
)
def test_coverage_counts_only_what_repeated_targets_do_not_explain(
    zeros: int, low: float, high: float, wanted: float
) -> None:
    targets = np.concatenate([np.zeros(zeros), np.arange(1.0, 101 - zeros)])
    edges = np.full(100, low), np.full(100, high)
    assert coverage_error(*edges, targets, 0.8) == pytest.approx(wanted)


def test_coverage_of_numbers_that_never_repeat_is_plain() -> None:
    targets = np.random.default_rng(0).normal(size=1000)
    for half in (0.5, 1.0, 2.0):
        plain = abs((np.abs(targets) <= half).mean() - 0.8)
        assert coverage_error(np.full(1000, -half), np.full(1000, half), targets, 0.8) == pytest.approx(plain)


@pytest.mark.parametrize("scale", [0.4, 2.5], ids=["timid", "bold"])
def test_class_temperature_brings_shares_nearer_and_keeps_the_likeliest(scale: float) -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 1.5, (4000, 4))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    classes = (generator.random(4000)[:, None] > true.cumsum(axis=1)[:, :-1]).sum(axis=1)
    told = np.exp(scale * logits) / np.exp(scale * logits).sum(axis=1, keepdims=True)
    fitted = ClassTemperature.fit(told, classes)
    assert fitted.slope == pytest.approx(np.sqrt(1 / scale), rel=0.05)
    mended = fitted(told)
    np.testing.assert_allclose(mended.sum(axis=1), 1)
    np.testing.assert_array_equal(mended.argmax(axis=1), told.argmax(axis=1))
    rows = np.arange(4000)
    assert -np.log(mended[rows, classes]).mean() < -np.log(told[rows, classes]).mean() - 0.01


def test_class_temperature_of_few_rows_changes_nothing() -> None:
    told = np.random.default_rng(2).dirichlet(np.ones(3), MIN_ROWS - 1)
    assert ClassTemperature.fit(told, np.arange(MIN_ROWS - 1) % 3) == ClassTemperature()
    np.testing.assert_allclose(ClassTemperature()(told), told)
