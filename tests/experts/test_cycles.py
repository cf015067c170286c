import numpy as np
import pandas as pd
import pytest

from relfm import Predictor, connect
from relfm.experts.cycles import parts_apart, recurring, shifted
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind
from relfm.times import DAY, Span, parse_time

AT = parse_time("2025-11-11")
EACH = 200


def yearly(rate_of: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Cutoffs int64[N] and shares of yes float32[N, 1] of ``EACH`` rows a month, so many years as there are rates of
    the month that is asked about; the other months have .3."""
    moments = [int(Span(back).before(np.int64(AT))) for back in range(12 * len(rate_of), 0, -1)]
    rates = [rate_of[k // 12] if k % 12 == 0 else 0.3 for k in range(len(moments))]
    shown = np.concatenate([np.arange(EACH) < EACH * rate for rate in rates]).astype(np.float32)
    return np.repeat(moments, EACH), shown[:, None]


@pytest.mark.parametrize(("rates", "divides"), [([0.8, 0.8, 0.8], True), ([0.3, 0.8, 0.3], False), ([0.3] * 3, False)])
def test_a_context_is_divided_where_its_levels_come_round(rates: list[float], divides: bool) -> None:
    cutoffs, shown = yearly(rates)
    parts = parts_apart(cutoffs, shown, 30 * DAY)
    assert bool(parts) == divides
    if divides:
        assert (np.sort(np.concatenate(parts)) == np.arange(len(cutoffs))).all()
        assert all(set(cutoffs[a]).isdisjoint(cutoffs[b]) for a in parts for b in parts if a is not b)


def test_growth_comes_round_with_no_year() -> None:
    cutoffs, _ = yearly([0.3] * 3)
    rates = np.repeat(np.linspace(0.1, 0.9, 36), EACH)
    shown = (np.tile(np.arange(EACH), 36) < EACH * rates).astype(np.float32)[:, None]
    assert parts_apart(cutoffs, shown, 30 * DAY) == []


def test_levels_of_hundreds_of_moments_are_left_alone() -> None:
    cutoffs = AT - np.arange(2000) * DAY
    shown = (np.arange(2000) % 7 == 0).astype(np.float32)[:, None]
    assert parts_apart(np.repeat(cutoffs[:300], 20), np.repeat(shown[:300], 20, axis=0), DAY)
    assert parts_apart(cutoffs, shown, DAY) == []


def test_what_was_missed_at_the_same_time_of_other_years_is_expected_again() -> None:
    cutoffs, shown = yearly([0.8, 0.8, 0.8])
    said = np.full((len(shown), 1), 0.3)
    peak, other = recurring(said, shown, cutoffs, np.array([AT, AT - 150 * DAY]), 30 * DAY)[:, 0]
    missed = np.log(0.8 / 0.2) - np.log(0.3 / 0.7)
    assert 0.7 * missed < peak < missed
    assert abs(other) < 0.25


def test_what_was_missed_once_is_not_expected_again() -> None:
    cutoffs, shown = yearly([0.3, 0.3, 0.8])
    told = recurring(np.full((len(shown), 1), 0.3), shown, cutoffs, np.array([AT]), 30 * DAY)
    assert np.abs(told).max() < 0.1


def test_weekends_come_round_for_questions_about_a_day() -> None:
    cutoffs = np.repeat(AT - np.arange(28, 0, -1) * DAY, EACH)
    rates = np.repeat([0.7 if k % 7 == 0 else 0.2 for k in range(28)], EACH)
    shown = (np.tile(np.arange(EACH), 28) < EACH * rates).astype(np.float32)[:, None]
    said = np.full((len(shown), 1), float(shown.mean()))
    weekend, weekday = recurring(said, shown, cutoffs, AT + np.array([0, DAY]), DAY)[:, 0]
    assert weekend > 1 and weekday < -0.2


def test_a_shift_of_classes_keeps_their_sum_and_that_of_yes_the_order() -> None:
    classes = Outputs.of(TargetKind.MULTICLASS, np.zeros(1), 3)
    told = shifted(classes, np.array([[0.2, 0.3, 0.5]]), np.array([[1.0, 0.0, 0.0]]))
    assert told.sum() == pytest.approx(1) and told[0, 0] > 0.3 and told[0, 1] / told[0, 2] == pytest.approx(0.6)
    yes = shifted(Outputs.of(TargetKind.BINARY, np.zeros(1)), np.array([[0.1], [0.2], [0.9]]), np.full((3, 1), -2.0))
    assert (np.diff(yes[:, 0]) > 0).all() and (yes[:, 0] < [0.1, 0.2, 0.9]).all()


def test_a_peak_of_weeks_is_foretold_from_those_of_two_years() -> None:
    """Two rows in any month, ten in November."""
    generator = np.random.default_rng(4)
    usual = generator.gamma(3.0, 2 / 3, 150)
    months = pd.date_range("2022-12-01", "2025-10-01", freq="MS")
    rows = [generator.poisson(usual * (5.0 if month.month == 11 else 1.0)) for month in months]
    sold = np.concatenate([np.repeat(np.arange(150), number) for number in rows])
    days = np.concatenate(
        [month + pd.to_timedelta(generator.random(n.sum()) * 28, "D") for month, n in zip(months, rows, strict=True)]
    )
    orders = pd.DataFrame({"id": np.arange(len(sold)), "product_id": sold, "at": days}).sort_values("at")
    shop = connect({"products": pd.DataFrame({"id": np.arange(150)}), "orders": orders})
    question = "PREDICT COUNT(orders.*, 0, 1, month) FOR EACH products.id"
    told = Predictor(effort="fast").predict(shop, question, at="2025-11-01").frame.prediction
    assert 0.6 * 10 < told.mean() < 1.3 * 10
