"""What a scored row sees: the two protocols, and the promise that no row meets its own label."""

import numpy as np
import pytest

from relfm.benchmarks.protocols import Protocol, Trial, trial
from relfm.benchmarks.tasks import BenchmarkDataset, BenchmarkTask, Split
from relfm.errors import DataCannotAnswer, UsageError
from relfm.task import Examples

BOTH = pytest.mark.parametrize("protocol", list(Protocol))
SPLITS = pytest.mark.parametrize("split", [Split.VAL, Split.TEST])
KINDS = pytest.mark.parametrize("name", ["shop-sells", "shop-revenue", "shop-items", "sale-price"])


def usable_pairs(made: Trial) -> np.ndarray:
    """bool[queries, context]: which labels each query may use."""
    return made.known[None, :] <= made.queries.seen[:, None]


@BOTH
@SPLITS
@KINDS
def test_no_query_may_use_its_own_label(dataset: BenchmarkDataset, name: str, protocol: Protocol, split: Split) -> None:
    made = trial(dataset.task(name), protocol, split)
    same = (made.context.rows[None, :] == made.queries.rows[:, None]) & (
        made.context.cutoffs[None, :] == made.queries.cutoffs[:, None]
    )
    assert not (same & usable_pairs(made)).any()
    assert made.queries.targets is None and made.queries.items is None


@BOTH
@SPLITS
def test_every_usable_label_had_closed_when_the_query_was_asked(
    dataset: BenchmarkDataset, protocol: Protocol, split: Split
) -> None:
    made = trial(dataset.task("shop-revenue"), protocol, split)
    closes = made.task.task.closes(made.context.cutoffs)
    assert usable_pairs(made).any()
    assert (closes[None, :] <= made.queries.seen[:, None])[usable_pairs(made)].all()


@SPLITS
def test_frozen_rows_see_nothing_after_the_splits_timestamp(dataset: BenchmarkDataset, split: Split) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.FROZEN, split)
    cut = dataset.val_timestamp if split is Split.VAL else dataset.test_timestamp
    assert (made.queries.seen == np.minimum(made.queries.cutoffs, cut)).all()
    assert (made.queries.seen < made.queries.cutoffs).any()
    assert made.task.task.closes(made.context.cutoffs).max() <= cut


@SPLITS
def test_rolling_rows_see_everything_up_to_their_own_cutoff(dataset: BenchmarkDataset, split: Split) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.ROLLING, split)
    assert (made.queries.seen == made.queries.cutoffs).all()
    scored = np.isin(made.context.cutoffs, made.truth.cutoffs)
    assert scored.any(), "earlier rows of the scored split are context"


@BOTH
def test_scoring_val_never_touches_test_rows(dataset: BenchmarkDataset, protocol: Protocol) -> None:
    made = trial(dataset.task("shop-sells"), protocol, Split.VAL)
    assert made.context.cutoffs.max() < dataset.test_timestamp
    assert made.truth is made.task.splits[Split.VAL]


@BOTH
def test_static_rows_see_themselves_but_no_label_of_their_own_instant(
    dataset: BenchmarkDataset, protocol: Protocol
) -> None:
    made = trial(dataset.task("sale-price"), protocol, Split.TEST)
    assert (made.queries.seen == dataset.database.times("sales")[made.queries.rows]).all()
    same_instant = made.context.cutoffs[None, :] == made.queries.cutoffs[:, None]
    assert not (same_instant & usable_pairs(made)).any()


def test_there_is_no_default_protocol() -> None:
    with pytest.raises(UsageError, match="a benchmark needs a protocol") as raised:
        Protocol.parse(None)
    assert "frozen" in raised.value.hint and "rolling" in raised.value.hint


def test_unknown_protocol_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown protocol 'thawed'"):
        Protocol.parse("thawed")


def test_train_rows_are_not_scored() -> None:
    with pytest.raises(UsageError, match="split 'train' cannot be scored"):
        Split.parse("train")


def with_split(task: BenchmarkTask, split: Split, rows: Examples) -> BenchmarkTask:
    return BenchmarkTask(
        task.dataset, task.name, task.folder, task.manifest, task.task, task.metric, {**task.splits, split: rows}
    )


def test_an_empty_split_cannot_be_scored(dataset: BenchmarkDataset) -> None:
    task = dataset.task("shop-sells")
    empty = task.splits[Split.TEST].take(np.arange(0))
    with pytest.raises(DataCannotAnswer, match="task 'shop-sells' has no test rows"):
        trial(with_split(task, Split.TEST, empty), Protocol.FROZEN, Split.TEST)


def test_a_split_of_one_class_cannot_be_scored(dataset: BenchmarkDataset) -> None:
    task = dataset.task("shop-sells")
    rows = task.splits[Split.TEST]
    with pytest.raises(DataCannotAnswer, match="all test rows of task 'shop-sells' are of one class"):
        trial(with_split(task, Split.TEST, rows.take(rows.targets > 0)), Protocol.FROZEN, Split.TEST)


def test_a_split_without_any_earlier_label_cannot_be_scored(dataset: BenchmarkDataset) -> None:
    task = dataset.task("shop-sells")
    late = with_split(task, Split.TRAIN, task.splits[Split.TEST])
    with pytest.raises(DataCannotAnswer, match="has no label that was known before its val rows"):
        trial(late, Protocol.FROZEN, Split.VAL)
