"""What single experts answer, exactly: curvature, isotonic fit, shrinkage, the latest neighbours, honest spreads."""

import numpy as np
import pytest
from one_expert import fitted

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.episodes import Panelled
from relfm.experts.mixture import Mixed
from relfm.experts.neighbours import MAX_CONTEXT, Neighbours
from relfm.experts.outputs import Outputs
from relfm.experts.plain import History
from relfm.experts.solve import CURVATURE_ROWS, _Logistic
from relfm.experts.trees import TREES, _distributions, trees_join
from relfm.task import TargetKind


@pytest.mark.parametrize("times", [2, 5])
def test_curvature_of_a_sample_is_that_of_all_rows(times: int) -> None:
    generator = np.random.default_rng(0)
    number = times * CURVATURE_ROWS + 100
    inputs = generator.normal(size=(number, 3)).astype(np.float32)
    weights = generator.uniform(0.5, 2, number).astype(np.float32)
    problem = _Logistic(inputs, (inputs[:, 0] > 0).astype(np.float32), weights)
    curvature = generator.uniform(0.1, 0.25, number) * weights
    problem._refresh(curvature)
    centred = problem.inputs - np.average(problem.inputs, axis=0, weights=curvature)
    full = (centred * curvature[:, None]).T @ centred
    np.testing.assert_allclose(np.diag(problem._gram), np.diag(full), rtol=0.1)
    assert np.abs(problem._gram - full).max() < 0.1 * full.max()


def test_a_bump_in_a_distribution_becomes_the_mean_of_both_sides() -> None:
    outputs = Outputs.of(TargetKind.REGRESSION, np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    found = outputs.normalise(np.array([[0.8, 0.2, 0.6, 0.1]]))
    np.testing.assert_allclose(found, [[0.8, 0.4, 0.4, 0.1]])


def test_history_counts_the_base_rate_as_ten_rows() -> None:
    values = np.repeat([0.0, 1.0], [5, 15]).astype(np.float32)[:, None]
    targets = np.repeat([1.0, 0.0], [5, 15])
    (found,) = History((0,)).path(*fitted(values, targets, values[[0, -1]]))
    np.testing.assert_allclose(found[:, 0], [(5 + 10 * 0.25) / 15, 10 * 0.25 / 25])


def test_neighbours_are_the_latest_rows() -> None:
    """Half as many rows as are looked at had the opposite sign, before all of the others."""
    old = MAX_CONTEXT // 2
    values = np.random.default_rng(0).normal(size=(old + MAX_CONTEXT, 1)).astype(np.float32)
    targets = (values[:, 0] > 0).astype(np.float64)
    targets[:old] = 1 - targets[:old]
    queries = np.array([[-1.0], [1.0]], np.float32)
    for found in Neighbours(bandwidths=(0.35, 0.6)).path(*fitted(values, targets, queries)):
        assert found[0, 0] < 0.15 < 0.85 < found[1, 0]


def test_a_held_out_row_is_spread_by_the_errors_of_others() -> None:
    """Every second guess is the target itself, as of trees that know it by heart; the others err by five."""
    outputs = Outputs.of(TargetKind.REGRESSION, np.linspace(-10, 10, 1000))
    generator, by_heart = np.random.default_rng(0), np.arange(400) % 2 == 0
    guess = generator.normal(size=400)
    held = guess + np.where(by_heart, 0.0, generator.choice([-5.0, 5.0], 400))
    known, _ = _distributions(outputs, guess, guess[:3], held)
    width = outputs.quantile(known, 0.9) - outputs.quantile(known, 0.1)
    assert width[by_heart].min() > 8
    assert np.median(width[~by_heart]) < 2


def test_trees_that_know_their_rows_by_heart_answer_others_with_a_wide_distribution() -> None:
    """Nothing tells the target, so that eight of ten of the others lie within 2.56 of one another."""
    generator, early, late = np.random.default_rng(0), np.arange(300), np.arange(300, 500)
    values, targets = generator.normal(size=(500, 6)).astype(np.float32), generator.normal(size=500)
    outputs = Outputs.of(TargetKind.REGRESSION, targets)
    design = Design.fit(values, outputs.encode(targets), 6)
    rows = Rows(values, design.transform(values))
    flat = np.tile(outputs.encode(targets).mean(axis=0), (200, 1)).clip(1e-3, 1 - 1e-3)
    mixed = Mixed(flat, {"prior": flat}, {"prior": 1.0}, late, flat, {"prior": flat})
    block = Panelled(outputs, design, rows, rows.take(late), targets)
    joined = trees_join(mixed, block, early, seed=0)
    for told in (joined.late_by_expert[TREES], joined.by_expert[TREES]):
        assert np.median(outputs.quantile(told, 0.9) - outputs.quantile(told, 0.1)) > 2.2
