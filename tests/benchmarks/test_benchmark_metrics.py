"""The metrics against their definitions, and against RelBench's own where that is installed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm import metrics
from relfm.benchmarks import official
from relfm.benchmarks.protocols import Protocol, trial
from relfm.benchmarks.run import measure
from relfm.benchmarks.tasks import BenchmarkDataset, Split
from relfm.task import ItemLists


def pairwise_auroc(targets: np.ndarray, scores: np.ndarray) -> float:
    difference = scores[targets > 0][:, None] - scores[targets <= 0][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=40))
def test_auroc_counts_rightly_ordered_pairs(rows: list[tuple[bool, int]]) -> None:
    targets, scores = np.array(rows, dtype=float).T
    value = metrics.auroc(targets, scores)[0]
    if len(np.unique(targets)) < 2:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(pairwise_auroc(targets, scores))


def test_a_weight_of_two_is_a_row_that_stands_twice() -> None:
    generator = np.random.default_rng(0)
    targets, scores = generator.integers(0, 2, 30).astype(float), generator.integers(0, 9, 30).astype(float)
    weights = generator.integers(0, 3, 30)
    repeated = np.repeat(np.arange(30), weights)
    for measured in (metrics.auroc, metrics.mean_absolute_error):
        assert measured(targets, scores, weights[None].astype(float))[0] == pytest.approx(
            measured(targets[repeated], scores[repeated])[0]
        )


def test_average_precision_of_a_known_ranking() -> None:
    truth = ItemLists(np.array([0, 2, 3, 3]), np.array([4, 7, 1]))
    ranked = np.array([[4, 9, 7], [2, 3, -1], [4, 7, 1]])
    assert metrics.average_precision(truth, ranked) == pytest.approx([(1 + 2 / 3) / 2, 0.0, 0.0])
    assert metrics.mean_average_precision(truth, ranked)[0] == pytest.approx((1 + 2 / 3) / 4), "rows without items"


def test_interval_covers_the_value_and_repeats_with_its_seed() -> None:
    generator = np.random.default_rng(1)
    targets = generator.integers(0, 2, 400).astype(float)
    scores = targets + generator.normal(0, 1, 400)
    entities = generator.integers(0, 50, 400)

    def measure_auroc(weights: np.ndarray) -> np.ndarray:
        return metrics.auroc(targets, scores, weights)

    low, high = metrics.interval(measure_auroc, entities, seed=3)
    assert low < metrics.auroc(targets, scores)[0] < high
    assert metrics.interval(measure_auroc, entities, seed=3) == (low, high)
    assert metrics.interval(measure_auroc, entities, seed=4) != (low, high)


@pytest.mark.parametrize("name", ["shop-sells", "shop-revenue", "shop-items", "sale-price"])
@pytest.mark.parametrize("split", [Split.VAL, Split.TEST])
def test_own_metrics_agree_with_relbench(dataset: BenchmarkDataset, name: str, split: Split) -> None:
    pytest.importorskip("relbench")
    made = trial(dataset.task(name), Protocol.FROZEN, split)
    generator = np.random.default_rng(0)
    if name == "shop-items":
        answers = np.argsort(generator.random((len(made.truth), 12)), axis=1)[:, : made.task.top]
    elif name == "shop-sells":
        answers = np.round(generator.random(len(made.truth)), 1)
    else:
        answers = made.truth.targets + generator.normal(0, 1, len(made.truth))
    own, _ = measure(made, answers, seed=0)
    assert own.value == pytest.approx(official.evaluate(made, answers), abs=1e-12)
