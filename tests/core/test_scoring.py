"""The backtest's intervals and verdict: what recurs from fold to fold, pairs of answers, and too few to tell."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from relfm.metrics import Score, resampled
from relfm.scoring import OURS, Backtest, Fold, scored, verdict
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

NUMBERS = Task("t", TargetKind.REGRESSION, "users", None)
YES_OR_NO = Task("t", TargetKind.BINARY, "users", None)
CLASSES = Task("t", TargetKind.MULTICLASS, "users", None, classes=("a", "b", "c"))


def fold(number: int, entities: np.ndarray, targets: np.ndarray, answers: Mapping[str, np.ndarray]) -> Fold:
    edges = np.full(len(targets), -1.0), np.full(len(targets), 1.0)
    return Fold(np.datetime64(number, "us"), Examples.of(entities, number, targets), 1.0, 0.0, dict(answers), edges)


def whole(made: Backtest, method: str = OURS) -> pd.Series:
    return made.table[(made.table.fold == "all") & (made.table.method == method)].iloc[0]


def wrong_by(errors: np.ndarray, others: np.ndarray | None = None, entities: np.ndarray | None = None) -> Backtest:
    """A backtest of one fold whose answers miss by ``errors``, beside a method that misses by ``others``."""
    entities = np.arange(len(errors)) if entities is None else entities
    answers = {OURS: errors} | ({} if others is None else {"lightgbm": others})
    return scored(NUMBERS, [fold(0, entities, np.zeros(len(errors)), answers)], OURS)


def told_apart(positives: np.ndarray, negatives: np.ndarray, times: int = 1) -> Backtest:
    """A backtest of two methods' scores, each row standing ``times`` times under its entity."""
    scores = np.repeat(np.concatenate([positives, negatives]), times)
    targets = np.repeat(np.arange(len(positives) + len(negatives)) < len(positives), times).astype(np.float64)
    entities = np.repeat(np.arange(len(positives) + len(negatives)), times)
    answers = {OURS: scores, "base rate": np.zeros(len(scores))}
    return scored(YES_OR_NO, [fold(0, entities, targets, answers)], OURS)


def test_interval_over_folds_covers_where_entities_recur_with_their_errors() -> None:
    covered = []
    for seed in range(100):
        own = np.random.default_rng(seed).exponential(size=150)
        folds = [fold(n, np.arange(150), np.zeros(150), {OURS: own}) for n in range(5)]
        row = whole(scored(NUMBERS, folds, OURS))
        covered.append(row.low <= 1.0 <= row.high)
    assert np.mean(covered) >= 0.88  # 0.95 but for chance and skew; as if folds were independent, 0.6


@pytest.mark.parametrize("times", [2, 5])
def test_rows_of_one_entity_do_not_narrow_an_interval(times: int) -> None:
    generator = np.random.default_rng(0)
    errors, entities = generator.exponential(size=80), np.arange(80)
    once, often = (wrong_by(np.repeat(errors, k), entities=np.repeat(entities, k)) for k in (1, times))
    assert whole(often)[["low", "high"]].tolist() == pytest.approx(whole(once)[["low", "high"]].tolist())
    yes, no = generator.normal(1, 1, 30), generator.normal(0, 1, 50)
    once, often = told_apart(yes, no), told_apart(yes, no, times)
    assert whole(often)[["low", "high"]].tolist() == pytest.approx(whole(once)[["low", "high"]].tolist())


def test_folds_count_by_their_rows() -> None:
    sizes = {30: 1.0, 90: 2.0}
    folds = [fold(n, np.arange(n), np.zeros(n), {OURS: np.full(n, error)}) for n, error in sizes.items()]
    row = whole(scored(NUMBERS, folds, OURS))
    assert [row.nmae, row.low, row.high] == pytest.approx([1.75] * 3)


def test_interval_of_an_area_stays_below_one() -> None:
    generator = np.random.default_rng(0)
    made = told_apart(generator.normal(3, 1, 12), generator.normal(0, 1, 60))
    assert whole(made).auroc > 0.95 and whole(made).low < whole(made).auroc and whole(made).high <= 1


def test_all_measures_see_the_same_resamples() -> None:
    folds = [np.arange(40), np.arange(20, 60)]
    first, again, later = resampled([lambda w: w[:, 25], lambda w: w[:, 25], lambda w: w[:, 5]], [folds[0], *folds], 0)
    assert (first == again).all() and (first == later).all()  # entity 25 is row 5 of the second fold
    assert 0.8 < first.mean() < 1.2


def test_eight_per_cent_worse_on_every_row_is_worse() -> None:
    errors = np.random.default_rng(0).exponential(size=300)
    made = wrong_by(1.08 * errors, errors)
    row = whole(made)
    assert row.low < whole(made, "lightgbm").nmae < row.high, "its own interval alone does not tell"
    assert made.verdict.startswith("worse than lightgbm (nmae ")
    assert made.leads["lightgbm"].value == pytest.approx(-0.08 * errors.mean())
    assert made.leads["lightgbm"].high < 0
    assert wrong_by(errors, 1.08 * errors).verdict.startswith("better than every baseline in 1 of 1 folds")


def test_errors_that_only_chance_sets_apart_are_level() -> None:
    generator = np.random.default_rng(1)
    made = wrong_by(*generator.exponential(size=(2, 300)))
    assert made.verdict.startswith("level with lightgbm: the difference is within the noise")
    assert made.leads["lightgbm"].low < 0 < made.leads["lightgbm"].high


@pytest.mark.parametrize("times", [1, 20])
def test_few_positives_are_not_judged(times: int) -> None:
    negatives = np.linspace(0, 1, 200)
    few = told_apart(np.array([0.7, 0.9, 1.1]), negatives, times)
    assert few.verdict.startswith("no verdict: too few positives (3), of 10 different entities at least (auroc 0.")
    assert 0 < whole(few).low < whole(few).auroc < whole(few).high < 1
    assert whole(few).high - whole(few).low > 0.3
    assert told_apart(1 - negatives, np.array([0.2]), times).verdict.startswith("no verdict: too few negatives (1)")
    assert told_apart(np.linspace(0.7, 1.1, 10), negatives, times).verdict.startswith("better than every baseline")


def test_few_entities_are_not_judged() -> None:
    made = wrong_by(np.ones(50), np.full(50, 2.0), entities=np.arange(50) % 9)
    assert made.verdict.startswith("no verdict: too few rows (9)")
    assert np.isnan(whole(made).low) and np.isnan(whole(made).high)
    lead = made.leads["lightgbm"]
    assert lead.value == 1 and np.isnan(lead.low) and np.isnan(lead.high), "as worthless as the intervals"


def test_few_rows_in_each_fold_may_be_enough_in_all() -> None:
    errors = np.random.default_rng(0).exponential(size=24)
    parts = np.split(np.arange(24), 3)
    folds = [fold(n, p, np.zeros(8), {OURS: errors[p], "lightgbm": 2 * errors[p]}) for n, p in enumerate(parts)]
    made = scored(NUMBERS, folds, OURS)
    assert made.table[made.table.fold != "all"].low.isna().all()
    assert np.isfinite(whole(made).low) and np.isfinite(made.leads["lightgbm"].low)
    assert made.table[made.table.fold == "2"].nmae.tolist() == pytest.approx([errors[8:16].mean() * k for k in (1, 2)])


def test_classes_are_judged_if_two_are_frequent_and_their_calibration_is_that_of_the_likeliest() -> None:
    targets = np.repeat([0.0, 1.0, 2.0], [20, 20, 2])
    right = np.eye(3)[targets.astype(int)] * 0.7 + 0.1  # the likeliest class has 0.8 and is always right
    answers = {OURS: right, "base rate": np.full((42, 3), 1 / 3)}
    made = scored(CLASSES, [fold(0, np.arange(42), targets, answers)], OURS)
    assert made.verdict.startswith("better than every baseline")
    assert made.calibration_error == pytest.approx(0.2)
    targets[20:38] = 0
    made = scored(CLASSES, [fold(0, np.arange(42), targets, answers)], OURS)
    assert made.verdict.startswith("no verdict: too few rows of a second class (2)")


@pytest.mark.parametrize(
    ("leads", "wanted"),
    [
        ({"history": (0.05, 0.15), "trees": (0.01, 0.05)}, "better than every baseline in 1 of 1 folds (auroc 0.800"),
        ({"history": (-0.02, 0.2), "trees": (0.01, 0.05)}, "level with history: the difference is within the noise"),
        ({"history": (-0.02, 0.2), "trees": (-0.1, 0.2)}, "level with trees: the difference is within the noise"),
        ({"history": (-0.02, 0.2), "trees": (-0.1, -0.01)}, "worse than trees (auroc 0.800 against 0.770 of trees, "),
    ],
)
def test_verdict_follows_from_the_leads(leads: Mapping[str, tuple[float, float]], wanted: str) -> None:
    one = {"method": [OURS, "history", "trees"], "auroc": [0.8, 0.7, 0.77]}
    table = pd.concat([pd.DataFrame({"fold": name, **one}) for name in ("1", "all")], ignore_index=True)
    scores = {m: Score(sum(bounds) / 2, *bounds) for m, bounds in leads.items()}
    assert verdict(table, "auroc", OURS, scores, None).startswith(wanted)


def test_verdict_says_the_difference_and_its_interval_in_words() -> None:
    generator = np.random.default_rng(0)
    made = wrong_by(np.full(20, 2.0), np.full(20, 1.5) + 0.1 * generator.random(20))
    lead = made.leads["lightgbm"]
    told = f"worse by {-lead.value:.3f}, 95 % interval {-lead.high:.3f} to {-lead.low:.3f}"
    assert told in made.verdict and 0 < -lead.high < -lead.value < -lead.low
    table = pd.DataFrame({"fold": ["all"] * 2, "method": [OURS, "history"], "auroc": [np.nan, 0.7]})
    assert verdict(table, "auroc", OURS, {}, None).startswith("no verdict: auroc is undefined on these folds")


def perfect(task: Task, noise: float, *, rows: int = 400, by: str = OURS) -> Backtest:
    """A backtest in which answers ``by`` a method are wrong as often as ``noise`` says, all others always the same."""
    generator = np.random.default_rng(0)
    targets = (np.arange(rows) % 2).astype(float)
    answers = {OURS: np.zeros(rows), "entity history": np.zeros(rows)}
    answers[by] = np.where(generator.random(rows) < noise, 1 - targets, targets)
    return scored(task, [fold(0, np.arange(rows), targets, answers)], OURS)


def test_forecasts_that_are_nearly_always_right_are_doubted() -> None:
    ahead = replace(YES_OR_NO, horizon=Span.of(30, "days"))
    assert "nearly always right (1.0000)" in perfect(ahead, 0).verdict
    assert "nearly always right" not in perfect(ahead, 0.05).verdict
    assert "nearly always right" not in perfect(YES_OR_NO, 0).verdict  # a cell may follow from others by a rule
    assert "nearly always right" not in perfect(ahead, 0, rows=10).verdict  # too few to say anything
    assert "nearly always right" not in perfect(ahead, 0, by="entity history").verdict  # it reads no column
