"""Distinct values, by sorting: as NumPy says, whatever their type and order."""

import numpy as np
import pytest

from relfm.distinct import distinct


@pytest.mark.parametrize(
    "values",
    [
        np.array([], np.int64),
        np.array([3]),
        np.array([5, 1, 5, -2, 1]),
        np.array([0.5, -1.0, 0.5]),
        np.zeros(4, bool),
        np.array([[2, 1], [1, 0]]),
    ],
)
def test_values_that_differ_in_order(values: np.ndarray) -> None:
    found = distinct(values)
    assert found.tolist() == np.unique(values).tolist()
    assert found.dtype == values.dtype


def test_the_argument_is_neither_changed_nor_handed_out() -> None:
    values = np.array([4])
    distinct(values)[0] = 7
    assert values.tolist() == [4]
