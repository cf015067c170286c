"""The mixture's weights lie on the simplex, follow what was lost out of fold, and no fold sees what had not closed."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm.experts.closed import ClosedForm, Lines, Rows
from relfm.experts.design import Design
from relfm.experts.mixture import MIN_LATE, at_strength, convex_weights, loss, mix, pool, split_late
from relfm.experts.neighbours import Neighbours
from relfm.experts.outputs import Outputs
from relfm.experts.plain import History, Prior
from relfm.task import TargetKind

KINDS = (TargetKind.BINARY, TargetKind.MULTICLASS, TargetKind.REGRESSION)


def target(kind: TargetKind, number: int = 400) -> tuple[Outputs, np.ndarray]:
    generator = np.random.default_rng(0)
    if kind == TargetKind.REGRESSION:
        targets = generator.normal(size=number)
        return Outputs.of(kind, targets), targets
    classes = 2 if kind == TargetKind.BINARY else 3
    return Outputs.of(kind, np.zeros(1), classes), generator.integers(0, classes, number).astype(np.float64)


def good_and_bad(kind: TargetKind) -> tuple[Outputs, np.ndarray, list[np.ndarray]]:
    """Outputs, what was shown, and the predictions of an expert that knows and one that guesses."""
    outputs, targets = target(kind)
    shown = outputs.encode(targets)
    guess = np.tile(np.random.default_rng(1).random((len(shown), 1)), (1, shown.shape[1]))
    return outputs, shown, [outputs.normalise(0.1 + 0.8 * shown), outputs.normalise(0.5 * shown.mean() + 0.5 * guess)]


@pytest.mark.parametrize("kind", KINDS)
def test_weights_prefer_the_better_expert(kind: TargetKind) -> None:
    outputs, shown, parts = good_and_bad(kind)
    shares = convex_weights(outputs, parts, shown)
    assert shares.sum() == pytest.approx(1) and (shares >= 0).all()
    assert shares[0] > 0.9
    assert convex_weights(outputs, parts[::-1], shown)[1] == pytest.approx(shares[0], abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_experts_share_equally(kind: TargetKind) -> None:
    outputs, shown, (good, _) = good_and_bad(kind)
    np.testing.assert_allclose(convex_weights(outputs, [good] * 3, shown), 1 / 3, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_pool_lies_between_its_parts_and_weight_one_is_the_part_itself(kind: TargetKind) -> None:
    outputs, shown, parts = good_and_bad(kind)
    np.testing.assert_allclose(pool(outputs, parts, np.array([1.0, 0.0])), parts[0], atol=1e-6)
    assert loss(outputs, parts[0], shown) < loss(outputs, pool(outputs, parts, np.full(2, 0.5)), shown)
    assert loss(outputs, pool(outputs, parts, np.full(2, 0.5)), shown) < loss(outputs, parts[1], shown)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 30), min_size=30, max_size=120),
    st.integers(1, 15),
    st.integers(0, 5),
)
def test_nothing_is_held_out_against_labels_that_had_not_closed(moments: list, horizon: int, delay: int) -> None:
    cutoffs = np.sort(np.array(moments))
    rows = np.arange(len(cutoffs)) % 7
    early, late = split_late(cutoffs, cutoffs + horizon, cutoffs - delay, rows)
    assert not set(early) & set(late)
    by_entity = (rows[late] % 3 == 0).all() and (rows[early] % 3 != 0).all()
    if not by_entity:
        assert (cutoffs + horizon)[early].max() <= (cutoffs - delay)[late].min()
        assert len(late) >= MIN_LATE


def test_long_history_is_split_in_time() -> None:
    cutoffs = np.repeat(np.arange(20), 10)
    early, late = split_late(cutoffs, cutoffs + 1, cutoffs, np.arange(200) % 10)
    assert cutoffs[late].min() == 14 and cutoffs[early].max() == 13


def test_single_cutoff_is_split_by_entity() -> None:
    early, late = split_late(np.zeros(90, int), np.ones(90, int), np.zeros(90, int), np.arange(90))
    assert (late % 3 == 0).all() and len(early) == 60


def test_at_strength_keeps_one_of_the_path() -> None:
    assert at_strength(ClosedForm("linear", Lines(4), (0.1, 0.2)), 1).strengths == (0.2,)
    assert at_strength(Neighbours(), 0).bandwidths == (0.35,)
    assert at_strength(History((5, 7)), 1).columns == (7,)
    assert at_strength(Prior(), 0) == Prior()


@dataclass(frozen=True)
class Constant:
    """Answers one probability per strength."""

    strengths: tuple[float, ...]
    name: str = "constant"

    def path(self, design, outputs, context, shown, queries) -> list[np.ndarray]:
        return [np.full((len(queries.values), shown.shape[1]), s) for s in self.strengths]


def test_mixture_takes_the_strength_that_lost_least_and_the_expert_that_knows() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(300, 3)).astype(np.float32)
    targets = (values[:, 0] + 0.3 * generator.normal(size=300) > 0).astype(np.float64)
    outputs = Outputs.of(TargetKind.BINARY, targets)
    design = Design.fit(values, outputs.encode(targets), 3)
    rows = Rows(values, design.transform(values))
    experts = [Constant((0.01, 0.99)), ClosedForm("linear", Lines(3), (100.0, 0.01))]
    split = np.arange(200), np.arange(200, 300)
    mixed = mix(experts, design, outputs, rows, targets, rows.take(np.arange(20)), split, [np.arange(300)])
    assert mixed.weights["linear"] > 0.9 and sum(mixed.weights.values()) == pytest.approx(1)
    assert ((mixed.probabilities[:, 0] > 0.5) == (targets[:20] > 0)).mean() > 0.8
    assert mixed.late_probabilities.shape == (100, 1) and (mixed.late == split[1]).all()


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("number", [1, 2, 7, 40])
def test_history_of_one_entity_alone_is_split_in_time(row: int, number: int) -> None:
    cutoffs = np.arange(number)[::-1]
    early, late = split_late(cutoffs, cutoffs + 3, cutoffs, np.full(number, row))
    assert len(early) and len(late)
    if number > 1:
        assert cutoffs[early].max() < cutoffs[late].min()
    if number == 40:
        assert cutoffs[early].max() + 3 <= cutoffs[late].min()
