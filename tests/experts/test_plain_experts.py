"""The plain experts answer the base rate, the entity's past, and the neighbours' outputs."""

import numpy as np
import pytest
from one_expert import fitted

from relfm.experts.neighbours import Neighbours
from relfm.experts.plain import History, Prior


def test_prior_answers_the_base_rate() -> None:
    values, targets = np.zeros((4, 1), np.float32), np.array([1.0, 0.0, 0.0, 0.0])
    (found,) = Prior().path(*fitted(values, targets, values[:2]))
    np.testing.assert_allclose(found, [[0.25], [0.25]])


def test_history_answers_the_rate_of_rows_with_the_same_past() -> None:
    past = np.repeat([0.0, 0.5, np.nan], [400, 400, 400]).astype(np.float32)
    targets = np.concatenate([np.arange(400) % 10 == 0, np.arange(400) % 2 == 0, np.ones(400)]).astype(np.float64)
    queries = np.array([[0.0], [0.5], [np.nan]], np.float32)
    (found,) = History((0,)).path(*fitted(past[:, None], targets, queries))
    np.testing.assert_allclose(found[:, 0], [0.1, 0.5, 1.0], atol=0.02)


def test_history_of_few_rows_is_drawn_to_the_base_rate() -> None:
    values = np.array([[0.0], [1.0], [1.0], [1.0]] * 5, np.float32)
    targets = np.array([1.0, 0.0, 0.0, 0.0] * 5)
    (found,) = History((0,)).path(*fitted(values, targets, values[:2]))
    assert 0.25 < found[0, 0] < 1 and 0 < found[1, 0] < 0.25


def test_history_has_one_answer_for_each_of_its_columns() -> None:
    values = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    targets = (values[:, 0] > 0).astype(np.float64)
    first, second = History((0, 1)).path(*fitted(values, targets, values[:5]))
    assert np.var(first) > np.var(second)


@pytest.mark.parametrize("number", [30, 7000])
def test_neighbours_answer_what_near_rows_answer(number: int) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(number, 2)).astype(np.float32)
    targets = (np.abs(values[:, 0]) > 0.7).astype(np.float64)
    queries = np.array([[0, 0], [2, 0], [-2, 0]], np.float32)
    narrow, _, wide = (p[:, 0] for p in Neighbours().path(*fitted(values, targets, queries)))
    assert narrow[0] < 0.5 < narrow[1]
    assert np.ptp(wide) < np.ptp(narrow)


def test_neighbours_without_any_telling_feature_answer_the_base_rate() -> None:
    values, targets = np.ones((40, 3), np.float32), np.array([1.0, 0.0, 0.0, 0.0] * 10)
    for found in Neighbours().path(*fitted(values, targets, values[:2])):
        np.testing.assert_allclose(found, 0.25, atol=1e-6)
