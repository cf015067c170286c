"""Gentle trees beside the mixture: for which questions, with what share, and what must not matter to them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from timed_shop import AT, QUESTIONS, frames

from relfm import Predictor
from relfm.answer import is_gentle
from relfm.connectors import connect
from relfm.database import Database
from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.episodes import Panelled
from relfm.experts.gentle import GENTLE_TREES, SHARE, gentle_trees_answer
from relfm.experts.mixture import Mixed, joined
from relfm.experts.outputs import Outputs
from relfm.experts.panel import Effort
from relfm.learned import learned
from relfm.planning import resolve
from relfm.task import Examples, TargetKind
from relfm.times import DAY


@pytest.fixture(scope="module")
def shop() -> Database:
    return connect(frames(80, 900), cache=False)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "imputation"])
def test_a_quarter_of_the_weight_where_a_forecast_is_a_class(shop: Database, kind: str) -> None:
    weights = Predictor(model=None).predict(shop, QUESTIONS[kind], at=AT).weights
    expected = SHARE if kind in ("binary", "multiclass") else 0.0
    assert weights.get(GENTLE_TREES, 0.0) == pytest.approx(expected)
    assert sum(weights.values()) == pytest.approx(1)


def test_none_for_fast_answers_heads_alone_and_queries_far_ahead_of_the_data(shop: Database) -> None:
    task = resolve(shop, QUESTIONS["binary"])
    fresh, stale = (Examples.of(np.array([0]), AT, seen=AT - days * DAY) for days in (0, 30))
    assert is_gentle(task, fresh, Effort.DEFAULT, None)
    assert is_gentle(task, fresh, Effort.BEST, learned("relfm-small"))
    assert not is_gentle(task, fresh, Effort.FAST, None)
    assert not is_gentle(task, fresh, Effort.DEFAULT, learned("relfm-small:alone"))
    assert not is_gentle(task, stale, Effort.DEFAULT, None)


@pytest.mark.usefixtures("no_lightgbm")
def test_without_lightgbm_the_others_answer_and_a_warning_says_so(shop: Database) -> None:
    with pytest.warns(UserWarning, match=r"libgomp.so.1. Answered without trees"):
        made = Predictor(model=None).predict(shop, QUESTIONS["binary"], at=AT)
    assert GENTLE_TREES not in made.weights


def test_a_context_too_small_for_a_split_is_left_to_the_others() -> None:
    _, block, early, cutoffs = case(np.arange(400))
    few = np.arange(60)
    small = replace(block, context=block.context.take(few), targets=block.targets[few])
    assert gentle_trees_answer(few[40:], small, early[early < 40], cutoffs[few], seed=0) == []


def case(order: np.ndarray) -> tuple[np.ndarray, Panelled, np.ndarray, np.ndarray]:
    """A context of 400 rows in that order, the latest 120 held out."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(400, 30)).astype(np.float32)
    targets = (values[:, 2] + 0.5 * values[:, 5] + generator.normal(size=400) > 0).astype(np.float64)
    values, targets, cutoffs = values[order], targets[order], (np.arange(400) // 40)[order]
    outputs = Outputs.of(TargetKind.BINARY, targets)
    design = Design.fit(values, outputs.encode(targets), 16)
    rows, asked = Rows(values, design.transform(values)), generator.normal(size=(50, 30)).astype(np.float32)
    panelled = Panelled(outputs, design, rows, Rows(asked, design.transform(asked)), targets)
    return np.flatnonzero(cutoffs >= 7), panelled, np.flatnonzero(cutoffs < 7), cutoffs


def test_the_order_of_context_rows_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(400)
    (late, *plain), (other_late, *other) = case(np.arange(400)), case(order)
    ((_, known, asked),) = gentle_trees_answer(late, *plain, seed=0)
    ((_, other_known, other_asked),) = gentle_trees_answer(other_late, *other, seed=0)
    np.testing.assert_array_equal(asked, other_asked)
    before, after = pd.Series(known[:, 0], index=late), pd.Series(other_known[:, 0], index=order[other_late])
    np.testing.assert_array_equal(before.sort_index(), after.sort_index())


def test_they_learn_from_the_context_and_have_their_share_of_a_mixture_that_knows_nothing() -> None:
    late, block, early, cutoffs = case(np.arange(400))
    found = gentle_trees_answer(late, block, early, cutoffs, seed=0)
    ((_, _, told),) = found
    truth = block.queries.values[:, 2] + 0.5 * block.queries.values[:, 5] > 0
    assert ((told[:, 0] > 0.5) == truth).mean() > 0.75
    flat, flat_late = (np.full((n, 1), 0.5) for n in (50, len(late)))
    nothing = Mixed(flat, {"prior": flat}, {"prior": 1.0}, late, flat_late, {"prior": flat_late})
    mixed = joined(block.outputs, nothing, found, SHARE)
    assert mixed.weights == {"prior": 1 - SHARE, GENTLE_TREES: SHARE}
    odds = np.log(told / (1 - told))
    np.testing.assert_allclose(np.log(mixed.probabilities / (1 - mixed.probabilities)), SHARE * odds, rtol=1e-5)
