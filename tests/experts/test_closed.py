"""Bases are fitted on the context alone and hold their shape when nothing tells anything."""

import numpy as np
import pytest

from relfm.experts.closed import Basis, ClosedForm, Conjunctions, Lines, Rows, Steps, Waves
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind

BASES = (Lines(8), Steps(8), Conjunctions(8, 300), Waves(8, 300))


def sides(values: np.ndarray, targets: np.ndarray, queries: np.ndarray) -> tuple[Design, Rows, Rows]:
    design = Design.fit(values, targets[:, None].astype(np.float32), 8)
    return design, Rows(values, design.transform(values)), Rows(queries, design.transform(queries))


def accuracy(basis: Basis, values: np.ndarray, targets: np.ndarray) -> float:
    """Of an expert on ``basis`` that is fitted on the first half and asked about the second."""
    half = len(values) // 2
    design, context, queries = sides(values[:half], targets[:half], values[half:])
    outputs = Outputs.of(TargetKind.BINARY, targets)
    expert = ClosedForm("x", basis, (0.01,))
    (found,) = expert.path(design, outputs, context, outputs.encode(targets[:half]), queries)
    return float(((found[:, 0] > 0.5) == (targets[half:] > 0)).mean())


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(1200, 3)).astype(np.float32)


@pytest.mark.parametrize("basis", BASES, ids=lambda b: type(b).__name__)
def test_line_is_learned_on_every_basis(values: np.ndarray, basis: Basis) -> None:
    assert accuracy(basis, values, (values[:, 0] > 0.2).astype(np.float64)) > 0.9


@pytest.mark.parametrize(("basis", "learns"), [(Lines(8), False), (Steps(8), True), (Waves(8, 300), True)])
def test_bend_needs_more_than_lines(values: np.ndarray, basis: Basis, learns: bool) -> None:
    bend = (np.abs(values[:, 0] - 0.3) > 0.8).astype(np.float64)
    assert (accuracy(basis, values, bend) > 0.85) == learns


@pytest.mark.parametrize(("basis", "learns"), [(Steps(8), False), (Conjunctions(8, 600), True)])
def test_conjunction_needs_conjunctions(values: np.ndarray, basis: Basis, learns: bool) -> None:
    both = (values[:, 0] * values[:, 1] + 0.2 * values[:, 0] > 0).astype(np.float64)
    assert (accuracy(basis, values, both) > 0.75) == learns


@pytest.mark.parametrize("basis", BASES, ids=lambda b: type(b).__name__)
def test_queries_change_nothing_that_is_fitted(values: np.ndarray, basis: Basis) -> None:
    targets = (values[:600, 0] > 0).astype(np.float64)
    design, context, queries = sides(values[:600], targets, values[600:])
    left, right = basis.columns(design, context, queries)
    again, fewer = basis.columns(design, context, queries.take(np.arange(5)))
    np.testing.assert_array_equal(left, again)
    np.testing.assert_allclose(right[:5], fewer, atol=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("basis", BASES, ids=lambda b: type(b).__name__)
def test_features_that_tell_nothing_leave_the_base_rate(basis: Basis) -> None:
    values, targets = np.ones((40, 3), np.float32), np.repeat([1.0, 0.0], [10, 30])
    design, context, queries = sides(values, targets, values[:2])
    outputs = Outputs.of(TargetKind.BINARY, targets)
    for found in ClosedForm("x", basis).path(design, outputs, context, outputs.encode(targets), queries):
        np.testing.assert_allclose(found, 0.25, atol=1e-3)


def test_missing_cells_are_a_column_of_their_own() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(600, 1)).astype(np.float32)
    values[generator.random(600) < 0.4] = np.nan
    assert accuracy(Steps(8), values, np.isnan(values[:, 0]).astype(np.float64)) == 1
