"""The metrics against their definitions, and against RelBench's own where that is installed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

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


@pytest.mark.parametrize(
    ("value", "counts", "bounds"), [(0.8, (5, 20), (0.5115, 0.9326)), (0.9, (3, 30), (0.5547, 0.9820))]
)
def test_interval_of_an_area_by_newcombes_fifth_method(value: float, counts: tuple, bounds: tuple) -> None:
    assert metrics.auroc_interval(value, *counts) == pytest.approx(bounds, abs=1e-3)


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


def test_interval_of_few_entities_is_unknown() -> None:
    errors = np.arange(90.0)

    def mean_error(weights: np.ndarray) -> np.ndarray:
        return metrics.mean_absolute_error(errors, np.zeros(90), weights)

    assert np.isnan(metrics.interval(mean_error, np.arange(90) % 9, seed=0)).all()
    assert np.isfinite(metrics.interval(mean_error, np.arange(90) % 10, seed=0)).all()


@pytest.mark.parametrize("positives", [1, 3, 9])
@pytest.mark.parametrize("shift", [0.0, 1.2, 2.4], ids=["even", "good", "excellent"])
def test_interval_of_an_area_with_few_positives_covers(positives: int, shift: float) -> None:
    generator, covered = np.random.default_rng(0), []
    wanted = float(ndtr(shift / np.sqrt(2)))
    targets = np.arange(100 + positives) < positives
    for _ in range(200):
        value = metrics.auroc(targets, generator.normal(shift * targets, 1))[0]
        low, high = metrics.auroc_interval(value, positives, 100)
        assert 0 <= low <= value <= high <= 1
        covered.append(low <= wanted <= high)
    assert np.mean(covered) >= 0.91
    assert np.isnan(metrics.auroc_interval(np.nan, positives, 100)).all()
    assert np.isnan(metrics.auroc_interval(0.5, 0, 100)).all()


def test_entities_are_counted_once_however_many_rows_they_have() -> None:
    targets, entities = np.array([1.0, 1.0, 0.0, 0.0, 1.0]), np.array([7, 7, 7, 8, 9])
    assert metrics.entities_by_class(targets, entities) == (2, 2)


def test_rows_of_one_moment_are_resampled_together_where_rows_are_asked_about(dataset: BenchmarkDataset) -> None:
    made = trial(dataset.task("sale-price"), Protocol.FROZEN, Split.TEST)
    by_moment = np.random.default_rng(0).exponential(10 * made.task.scale, len(made.truth))
    _, moment = np.unique(made.truth.cutoffs, return_inverse=True)
    measured, _ = measure(made, made.truth.targets + by_moment[moment], seed=0)

    def weigh(weights: np.ndarray) -> np.ndarray:
        return metrics.mean_absolute_error(by_moment[moment], np.zeros(len(moment)), weights) / made.task.scale

    by_row = metrics.interval(weigh, made.truth.rows, 0)
    assert measured.high - measured.low > 1.5 * (by_row[1] - by_row[0])


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
