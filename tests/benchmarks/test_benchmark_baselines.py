"""Every method answers from what was known, and from nothing else; the baselines are what they are said to be."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from relfm.benchmarks import baselines
from relfm.benchmarks.boosted import lightgbm
from relfm.benchmarks.methods import METHODS, Settings, applies, method_named
from relfm.benchmarks.protocols import Protocol, Trial, trial
from relfm.benchmarks.run import measure
from relfm.benchmarks.tasks import BenchmarkDataset, Split
from relfm.database import Database
from relfm.errors import DataCannotAnswer, UsageError
from relfm.task import Examples, ItemLists

NAMES = ["shop-sells", "shop-revenue", "shop-items", "sale-price"]
ADAPTED = ("relfm+full", "relfm+lowrank", "relfm+probe")
"""Each answer trains a network for half a minute; what they may learn from is tested with adaptation itself."""

ALL = [pytest.param(m, marks=pytest.mark.slow) if m in ADAPTED else m for m in METHODS if m != "relfm+trees"]


def answered(method: str, made: Trial) -> np.ndarray:
    return METHODS[method](made, Settings(effort="fast", seed=0))


def with_other_future(made: Trial, moment: int) -> Trial:
    """The same trial with every label that became known after ``moment`` replaced."""
    late = made.known > moment
    context, generator = made.context, np.random.default_rng(5)
    if context.items is not None:
        rows = np.where(np.repeat(late, np.diff(context.items.start)), 0, context.items.rows)
        return replace(made, context=replace(context, items=ItemLists(context.items.start, rows)))
    targets = np.where(late, 1 - context.targets + generator.normal(0, 9, len(late)), context.targets)
    return replace(made, context=replace(context, targets=targets))


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ALL)
def test_labels_that_were_not_yet_known_change_no_answer(
    dataset: BenchmarkDataset, name: str, protocol: Protocol, method: str
) -> None:
    made = trial(dataset.task(name), protocol, Split.TEST)
    if not applies(method, made):
        pytest.skip("no ranking of its own")
    moment = int(np.quantile(made.queries.seen, 0.5, method="lower"))
    early = made.queries.seen <= moment
    assert early.any()
    before, after = answered(method, made), answered(method, with_other_future(made, moment))
    assert np.array_equal(before[early], after[early])


@pytest.mark.parametrize("name", NAMES[:3])
@pytest.mark.parametrize("method", ALL)
def test_frozen_answers_do_not_change_with_rows_after_the_splits_timestamp(
    dataset: BenchmarkDataset, name: str, method: str
) -> None:
    made = trial(dataset.task(name), Protocol.FROZEN, Split.TEST)
    if not applies(method, made):
        pytest.skip("no ranking of its own")
    other = replace(dataset, database=with_other_rows_after(dataset.database, dataset.test_timestamp))
    changed = trial(other.task(name), Protocol.FROZEN, Split.TEST)
    assert not other.database.tables["sales"].equals(dataset.database.tables["sales"])
    assert np.array_equal(answered(method, made), answered(method, changed))


def with_other_rows_after(database: Database, moment: int) -> Database:
    """Every sale after ``moment`` has another price and another shop."""
    sales, late = database.tables["sales"], database.times("sales") > moment
    price = np.where(late, 1e6, sales.column("price").to_numpy())
    shop = np.where(late, 0, sales.column("shop_id").to_numpy())
    columns = {c: sales.column(c) for c in sales.column_names} | {"price": pa.array(price), "shop_id": pa.array(shop)}
    return Database(database.schema, {**database.tables, "sales": pa.table(columns)})


@pytest.mark.parametrize("name", NAMES[:3])
def test_an_entitys_own_past_beats_the_base_rate(dataset: BenchmarkDataset, name: str) -> None:
    made = trial(dataset.task(name), Protocol.ROLLING, Split.TEST)
    sign = -1 if made.task.metric == "nmae" else 1
    base, own = (measure(made, answered(m, made), 0)[0].value for m in ("base_rate", "entity_history"))
    assert sign * (own - base) > 0.05


def test_base_rate_is_the_mean_or_median_of_what_is_known(dataset: BenchmarkDataset) -> None:
    for name, average in (("shop-sells", np.mean), ("shop-revenue", np.median)):
        made = trial(dataset.task(name), Protocol.FROZEN, Split.TEST)
        assert np.allclose(baselines.base_rate(made), average(made.context.targets))


def test_before_any_label_the_answer_is_neutral(dataset: BenchmarkDataset) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.ROLLING, Split.TEST)
    assert baselines.prior(made, np.array([made.known.min() - 1])).tolist() == [0.5]


def test_rankings_name_no_item_twice(dataset: BenchmarkDataset) -> None:
    made = trial(dataset.task("shop-items"), Protocol.ROLLING, Split.TEST)
    for method in ("base_rate", "entity_history"):
        ranked = answered(method, made)
        assert ranked.shape == (len(made.queries), 3)
        assert all(len(set(row)) == 3 for row in ranked.tolist())


def test_rankings_with_too_few_items_are_filled_with_none() -> None:
    assert baselines._most_frequent(np.array([5, 5, 2]), 4, [2, 9]).tolist() == [5, 2, 9, -1]
    assert ItemLists(np.array([0, 1, 4]), np.array([8, 3, 2, 1])).first(3).tolist() == [[8, -1, -1], [3, 2, 1]]


def test_boosted_trees_with_one_class_answer_that_class(dataset: BenchmarkDataset) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.FROZEN, Split.TEST)
    one = Examples.of(made.context.rows, made.context.cutoffs, np.ones(len(made.context)))
    assert (lightgbm(replace(made, context=one), seed=0) == 1.0).all()


def test_boosted_trees_are_never_fitted_on_labels_that_came_after_the_first_query(dataset: BenchmarkDataset) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.ROLLING, Split.TEST)
    late = replace(made, context=made.context.take(made.known > made.queries.seen.min()))
    with pytest.raises(DataCannotAnswer, match="no label of 'shop-sells' was known before its first test row"):
        lightgbm(late, seed=0)


def test_boosted_trees_without_their_library_say_what_to_install(
    dataset: BenchmarkDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(UsageError, match="boosted trees need LightGBM, which cannot be loaded"):
        lightgbm(trial(dataset.task("shop-sells"), Protocol.FROZEN, Split.TEST), seed=0)


def test_unknown_method_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown method 'lightbgm'") as raised:
        method_named("lightbgm")
    assert "lightgbm" in raised.value.hint
