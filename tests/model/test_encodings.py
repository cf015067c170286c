"""What values, dates, strings and ages look like to the network."""

import numpy as np
import pytest
import torch

from relfm.model.ages import AGE_SIZE, age_features
from relfm.model.dates import DATE_SIZE, date_features
from relfm.model.numbers import NumberBasis, soft_clip
from relfm.model.statistics import BINS, column_statistics
from relfm.model.text import identity_features, used_strings
from relfm.tensors import DatabaseTensors, TableTensors
from relfm.times import DAY, MISSING_TIME, TIMELESS

NONE = np.zeros(0, np.int32)


def table_of(numbers: np.ndarray, times: np.ndarray | None = None, dates: np.ndarray | None = None) -> TableTensors:
    size = len(numbers)
    times = np.full(size, TIMELESS) if times is None else times
    dates = np.zeros((size, 0), np.int64) if dates is None else dates
    strings = np.zeros((size, 0), np.int32)
    return TableTensors(0, times, numbers.astype(np.float32).reshape(size, -1), strings, dates, NONE, NONE, NONE)


def basis_of(numbers: np.ndarray) -> np.ndarray:
    values = torch.from_numpy(numbers.astype(np.float32))[None]
    return NumberBasis()(values, column_statistics(table_of(numbers), 0)).detach().numpy()[0]


def test_scale_and_origin_of_a_column_do_not_matter_to_its_shape() -> None:
    values = np.random.default_rng(0).standard_normal(50).astype(np.float32).astype(np.float64)
    scaled, bins = slice(0, 1), slice(4, 4 + BINS)
    for part in (scaled, bins):
        found = basis_of(values * 1024 + 65536)[:, part]
        np.testing.assert_allclose(found, basis_of(values)[:, part], atol=2e-3)
    assert np.abs(basis_of(values)[:, bins] - basis_of(values**3)[:, bins]).max() > 0.1


def test_bins_fill_one_after_the_other() -> None:
    bins = basis_of(np.arange(9.0))[:, 4 : 4 + BINS]
    np.testing.assert_allclose(bins, np.tri(9, 8, -1), atol=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_flags_two_values_are_far_apart(share: float) -> None:
    values = (np.arange(200) < 200 * share).astype(float)
    basis = basis_of(values)
    assert np.abs(basis[0] - basis[-1]).max() > 0.9 and len(np.unique(basis, axis=0)) == 2


def test_missing_numbers_are_zero_everywhere() -> None:
    basis = basis_of(np.array([1.0, np.nan, 3.0, np.inf]))
    assert not basis[[1, 3]].any() and basis[0].any() and basis.shape[1] == NumberBasis.size


def test_soft_clip_keeps_order_far_out() -> None:
    x = torch.tensor([-1e9, -100.0, -3.0, -0.5, 2.0, 3.5, 1e3, 1e9])
    clipped = soft_clip(x)
    assert torch.equal(clipped[2:5], x[2:5]) and (clipped.diff() > 0).all() and clipped.abs().max() < 30


def test_statistics_are_of_what_was_known() -> None:
    times = np.array([1, 2, 3, TIMELESS, MISSING_TIME])
    table = table_of(np.array([10.0, 20.0, 900.0, 30.0, 800.0]), times)
    assert column_statistics(table, 2).centers[0] == 20
    assert column_statistics(table, 3).centers[0] == 25
    assert column_statistics(table, 2) is column_statistics(table, 2)
    nothing = column_statistics(table_of(np.full(3, np.nan)), 9)
    assert (nothing.centers[0], nothing.scales[0]) == (0, 1)


def test_dates_repeat_with_day_week_and_year() -> None:
    monday = 19_723 * DAY  # 2024-01-01
    dates = np.array([[monday, monday + 7 * DAY, monday + DAY, monday + DAY // 2, MISSING_TIME]])
    found = date_features(dates, np.full(5, TIMELESS), np.zeros(1), np.ones(1))
    assert found.shape == (1, 5, DATE_SIZE) and not found[0, 4].any()
    np.testing.assert_allclose(found[0, 0, :4], found[0, 1, :4], atol=1e-6)  # hour and day of the week
    assert np.abs(found[0, 0, 2:4] - found[0, 2, 2:4]).max() > 0.3
    assert np.abs(found[0, 0, :2] - found[0, 3, :2]).max() > 0.9
    np.testing.assert_allclose(found[0, 0, 4:8], [0, 1, 0, 1], atol=0.01)  # the first of the month and of the year


def test_dates_of_timed_rows_are_told_relative_to_them() -> None:
    times = np.array([1000, 9000, 9000]) * DAY
    shifted = date_features(times[None] + np.array([[7, 7, -7]]) * DAY, times, np.zeros(1), np.ones(1))[0]
    np.testing.assert_allclose(shifted[0, 8:], shifted[1, 8:], atol=1e-6)
    np.testing.assert_allclose(shifted[1, -8:], -shifted[2, -8:], atol=1e-6)


def test_ages_and_distances_among_siblings() -> None:
    ages = np.array([-1, 30, 1, 3, -1, 31]) * DAY  # two seeds; nodes 2, 3, 4 tell the first, 5 the second
    ages[[0, 4]] = -1
    parents, segments = np.array([-1, -1, 0, 0, 0, 1]), np.array([0, 0, 1, 2])
    found = age_features(ages, parents, segments, np.array([0, 2, 3]))
    assert found.shape == (6, AGE_SIZE) and not found[[1, 2, 3, 5], 0].any()
    timeless = age_features(np.full(3, -1), np.array([-1, 0, 0]), np.array([0, 0]), np.array([0]))
    assert (timeless[:, 0] == 1).all() and not timeless[:, 1:].any()
    assert found[4, 0] == 1 and not found[4, 1:].any()
    since, sign, position, gap, share = found[:, -5:].T
    np.testing.assert_allclose(since[[2, 3, 5]], [0, 0, -np.log(2) / 5], atol=1e-6)  # one day before its parent
    np.testing.assert_allclose(sign[[2, 5]], [0, -1])
    np.testing.assert_allclose(position[[2, 3]], [0, np.log(2) / 3], atol=1e-6)
    np.testing.assert_allclose(gap[[2, 3]], [0, np.log(3) / 5], atol=1e-6)
    np.testing.assert_allclose(share[[2, 3, 5]], [1 / 3, 1, 1], atol=1e-6)


def test_hashes_are_nearly_orthogonal(shop: DatabaseTensors) -> None:
    hashes = np.random.default_rng(0).integers(0, 2**32, 200, dtype=np.uint32)
    features = identity_features(np.concatenate([hashes, hashes[:1]]))
    assert set(np.unique(features)) == {-1, 1} and np.array_equal(features[0], features[-1])
    likeness = features[:200] @ features[:200].T / features.shape[1]
    assert np.abs(likeness - np.eye(200)).max() < 0.75


@pytest.mark.parametrize("count", [8, 10_000])
def test_each_string_is_encoded_once(count: int) -> None:
    strings = np.array([[3, -1], [7, 3], [-1, 0]], np.int32)
    used, places = used_strings(strings, count)
    assert used.tolist() == [0, 3, 7] and places.tolist() == [[1, 3], [2, 1], [3, 0]]
