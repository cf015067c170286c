"""What calibration fits, to the digit: the order statistic of an interval, the slope and centre of a temperature."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from relfm.calibration import Conformal, Temperature


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.81, 0.9, 0.95])
def test_margin_is_the_order_statistic_that_covers_the_next_target_too(coverage: float) -> None:
    outside = np.random.default_rng(0).permutation(50).astype(np.float64)
    zero = np.zeros(50)
    margin = Conformal.fit(zero - 1e6, zero, outside, coverage).margin
    assert margin == np.sort(outside)[math.ceil(coverage * 51) - 1]


@pytest.mark.parametrize("coverage", [0.985, 0.99])
def test_margin_for_more_than_the_rows_can_promise_lies_beyond_the_farthest(coverage: float) -> None:
    """Sixty rows of an exponential tail promise 60 of 61; more is covered too, on average over what was drawn."""
    generator, zero = np.random.default_rng(0), np.zeros(60)
    missed = []
    for _ in range(3000):
        outside = generator.exponential(size=60)
        margin = Conformal.fit(zero - 1e6, zero, outside, coverage).margin
        assert margin > outside.max()
        missed.append(np.exp(-margin))
    assert np.mean(missed) == pytest.approx(1 - coverage, rel=0.2)


def test_margin_goes_on_where_the_rows_end() -> None:
    outside, zero = np.random.default_rng(0).exponential(size=60), np.zeros(60)
    inside, beyond = (Conformal.fit(zero - 1e6, zero, outside, c).margin for c in (60 / 61 - 1e-9, 60 / 61 + 1e-9))
    assert inside == outside.max()
    assert beyond == pytest.approx(inside, abs=1e-6)
    assert Conformal.fit(zero - 1, zero, np.ones(60), 0.99).margin == 1, "targets that repeat have no tail"


def test_a_slope_is_the_root_of_the_one_that_fits_held_out_rows() -> None:
    odds = np.random.default_rng(0).normal(0, 1.2, 40_000)
    outcomes = (np.random.default_rng(1).random(40_000) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    for scale in (0.4, 3.0):
        slope = Temperature.fit(1 / (1 + np.exp(-scale * odds)), outcomes, 0.5).slope
        assert slope == pytest.approx(math.sqrt(1 / scale), rel=0.03)


def test_predictions_are_drawn_to_the_base_rate_of_the_context() -> None:
    odds = np.random.default_rng(0).normal(-1.4, 1.2, 4000)
    outcomes = (np.random.default_rng(1).random(4000) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    temperature = Temperature.fit(1 / (1 + np.exp(-3 * odds)), outcomes, 0.2)
    assert temperature.slope < 0.8
    low, rate, high = temperature(np.array([0.05, 0.2, 0.6]))
    assert rate == pytest.approx(0.2)
    assert 0.05 < low < rate < high < 0.6


def test_the_identity_is_worth_ten_rows() -> None:
    """Fifty rows that weak odds order perfectly have no best slope but for the ten, each worth a quarter."""
    odds = np.repeat([-0.1, 0.1], 25)
    fitted = brentq(lambda s: 2.5 * (s - 1) - 50 * 0.1 / (1 + math.exp(0.1 * s)), 1, 4)
    slope = Temperature.fit(1 / (1 + np.exp(-odds)), (odds > 0).astype(np.float64), 0.5).slope
    assert slope == pytest.approx(math.sqrt(fitted), abs=1e-4)
