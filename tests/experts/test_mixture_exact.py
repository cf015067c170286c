"""What experts lose is counted apart from their base rate, and every pool of the context has its share of an answer."""

import numpy as np
import pytest

from relfm.context import recency_pools
from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.mixture import centred_odds, convex_weights, loss, mix
from relfm.experts.outputs import Outputs
from relfm.experts.plain import Prior
from relfm.task import TargetKind


def odds_of(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities / (1 - probabilities))


@pytest.mark.parametrize("constant", [-2.0, 1.0, 2.5])
def test_an_expert_that_is_off_by_a_constant_loses_nothing(constant: float) -> None:
    generator = np.random.default_rng(0)
    odds = generator.normal(-0.5, 1.0, (500, 1))
    shown = (generator.random((500, 1)) < 1 / (1 + np.exp(-odds))).astype(np.float32)
    outputs = Outputs.of(TargetKind.BINARY, shown[:, 0].astype(np.float64))
    right, off = (1 / (1 + np.exp(-o)) for o in (odds, odds + constant))
    assert loss(outputs, off, shown) == pytest.approx(loss(outputs, right, shown), abs=1e-6)
    np.testing.assert_allclose(convex_weights(outputs, [right, off], shown), 0.5, atol=1e-4)
    np.testing.assert_allclose((1 / (1 + np.exp(-centred_odds(off, shown)))).mean(), shown.mean(), atol=1e-5)


def test_every_pool_of_the_context_has_an_equal_share_of_the_answer() -> None:
    """Two in ten at first and six in ten lately: four in ten of the whole and six in ten of its latest half."""
    targets = np.concatenate([np.arange(1000) % 10 < 2, np.arange(1000) % 10 < 6]).astype(np.float64)
    cutoffs, values = np.repeat(np.arange(20), 100), np.zeros((2000, 1), np.float32)
    outputs = Outputs.of(TargetKind.BINARY, targets)
    design = Design.fit(values, outputs.encode(targets), 1)
    rows = Rows(values, design.transform(values))
    split, pools = (np.arange(1400), np.arange(1400, 2000)), recency_pools(cutoffs, (0.5, 0.25))
    assert [len(p) for p in pools] == [2000, 1000, 500]
    mixed = mix([Prior()], design, outputs, rows, targets, rows.take(np.arange(3)), split, pools)
    expected = odds_of(np.array([0.4, 0.6, 0.6])).mean()
    np.testing.assert_allclose(odds_of(mixed.probabilities), expected, atol=1e-5)
