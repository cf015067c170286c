"""What an adapted network may have learned from, and when it may answer."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from busy_shop import QUESTIONS, busy_shop
from random_networks import networks

from relfm import Predictor
from relfm.adaptation import WAYS, Adapted, adapt, fitted
from relfm.adaptation.lessons import lessons_of
from relfm.backtest import past_labels
from relfm.context import known_at
from relfm.database import Database
from relfm.errors import DataCannotAnswer, Refused, UsageError
from relfm.learned import learned
from relfm.objectives.in_context import InContext
from relfm.planning import task_at
from relfm.times import DAY, format_time

AT = "2020-12-01"
QUESTION = "PREDICT COUNT(orders.*, 0, 10, days) > 0 FOR EACH users.user_id"


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop(num_users=60, num_orders=900)


@pytest.fixture(scope="module")
def adapted(database: Database) -> Adapted:
    return adapt(database, QUESTION, model=networks(), at=AT, steps=12, seed=1)


def weights(made: Adapted) -> dict[str, torch.Tensor]:
    return made.learned.model.state_dict()


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns_and_leaves_the_network_that_it_began_with_alone(database: Database) -> None:
    base = networks()
    before = {name: value.clone() for name, value in base.model.state_dict().items()}
    made = adapt(database, QUESTION, model=base, at=AT, steps=12, seed=1)
    assert same(before, base.model.state_dict())
    assert made.course.best > 0
    assert made.course.after < made.course.before
    assert not same(before, weights(made))


@pytest.mark.parametrize("how", WAYS)
def test_the_same_seed_gives_the_same_weights(database: Database, how: str) -> None:
    task, moment = task_at(database, QUESTION, AT)
    labelled = past_labels(Predictor(model=networks()), database, task, moment, 1)
    usable = np.flatnonzero(known_at(task, labelled.cutoffs) <= moment)
    made = [fitted(database, task, labelled, usable, networks(), how, steps=6, seed=s)[0].model for s in (3, 3, 4)]
    first, again, other = (m.state_dict() for m in made)
    assert same(first, again)
    assert not same(first, other)


def altered(database: Database, begin: int, end: int) -> Database:
    """The same with the orders of ``(begin, end]`` delayed, repriced and of a status never heard of."""
    orders = database.tables["orders"]
    times = orders.column("ordered").cast(pa.int64()).to_numpy()
    chosen = (times > begin) & (times <= end)
    assert 10 < chosen.sum() < len(chosen)
    changed = {
        "ordered": pa.array(np.where(chosen, times + 3 * DAY, times)).cast(pa.timestamp("us")),
        "price": pa.array(np.where(chosen, 1e6, orders.column("price").to_numpy())),
        "status": pc.if_else(pa.array(chosen), "unheard of", orders.column("status").combine_chunks()),
    }
    for name, values in changed.items():
        orders = orders.set_column(orders.column_names.index(name), name, values)
    return Database(database.schema, {**database.tables, "orders": orders})


def largest_change(a: Adapted, b: Adapted) -> float:
    first, second = weights(a), weights(b)
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def test_what_comes_after_the_scored_cutoff_teaches_nothing(database: Database, adapted: Adapted) -> None:
    """Sums of thousands of gradients depend on where arrays lie in memory and on the processor: by up to a tenth of
    what another past teaches."""
    scored_at = int(adapted.backtest.answers["cutoff"].iloc[0].value // 1000)
    later = adapt(altered(database, scored_at, 2**62), QUESTION, model=networks(), at=AT, steps=12, seed=1)
    earlier = adapt(altered(database, 0, adapted.until), QUESTION, model=networks(), at=AT, steps=12, seed=1)
    assert later.until == adapted.until
    assert later.course.best == adapted.course.best
    taught = largest_change(earlier, adapted)
    assert taught > 2e-3
    assert largest_change(later, adapted) < 0.2 * taught


def test_draws_are_the_same_whatever_comes_later(database: Database, adapted: Adapted) -> None:
    scored_at = int(adapted.backtest.answers["cutoff"].iloc[0].value // 1000)
    seen = []
    for one in (database, altered(database, scored_at, 2**62)):
        task, moment = task_at(one, QUESTION, AT)
        labelled = past_labels(Predictor(model=networks()), one, task, moment, 1)
        usable = np.flatnonzero(known_at(task, labelled.cutoffs) <= scored_at)
        lessons = lessons_of(one, task, labelled, usable, 16_000, (4, 2))
        objective = InContext(networks().model.config)
        drawn = [objective.draw(lessons.world, np.random.default_rng(seed)) for seed in range(3)]
        seen.append([*lessons.held_out, *drawn])
    for first, second in zip(*seen, strict=True):
        for name in ("shown", "wanted"):
            assert np.array_equal(getattr(first, name), getattr(second, name))
        assert first.hood.equals(second.hood)


def test_what_it_is_weighed_on_is_later_than_what_it_learned(database: Database, adapted: Adapted) -> None:
    task, moment = task_at(database, QUESTION, AT)
    labelled = past_labels(Predictor(model=networks()), database, task, moment, 1)
    known = known_at(task, labelled.cutoffs)
    assert adapted.labels[0] == (known <= adapted.until).sum()
    assert adapted.labels[1] > 0


def test_it_does_not_answer_for_earlier_moments(database: Database, adapted: Adapted) -> None:
    predictor = Predictor(model=adapted.learned)
    early = format_time(adapted.until - DAY)
    with pytest.raises(Refused, match="adapted to labels up to"):
        predictor.predict(database, QUESTION, at=early)
    assert len(predictor.predict(database, QUESTION, at=AT).frame) > 0


def test_a_backtest_shows_zero_shot_beside_it_and_refuses_folds_that_it_has_seen(
    database: Database, adapted: Adapted
) -> None:
    predictor = Predictor(model=adapted.learned)
    methods = list(predictor.backtest(database, QUESTION, folds=1, at=AT).table["method"].unique())
    assert methods[:2] == ["relfm", "relfm+network"]
    with pytest.raises(Refused, match="was adapted to labels up to"):
        predictor.backtest(database, QUESTION, folds=20, at=AT)


def test_more_folds_leave_more_cutoffs_untouched(database: Database, adapted: Adapted) -> None:
    made = adapt(database, QUESTION, model=networks(), at=AT, folds=3, steps=1)
    assert made.until < adapted.until
    assert set(made.backtest.table["fold"]) == {"1", "2", "3", "all"}


def test_a_saved_one_answers_the_same(database: Database, adapted: Adapted, tmp_path: Path) -> None:
    folder = adapted.save(tmp_path / "mine")
    kept = learned(folder)
    assert kept.until == adapted.until
    both = [Predictor(model=model).predict(database, QUESTION, at=AT).frame for model in (adapted.learned, folder)]
    assert both[0].equals(both[1])
    with pytest.raises(UsageError, match="holds networks"):
        adapted.save(folder)
    with pytest.raises(UsageError, match="adapted already"):
        adapt(database, QUESTION, model=folder, at=AT, steps=1)


def test_without_its_network_it_is_not_adapted(adapted: Adapted) -> None:
    assert adapted.learned.only(["pfn-features"]).until is None


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (QUESTIONS["ranking"], "a ranking"),
        (QUESTIONS["forecast"], "3 windows"),
        ("PREDICT orders.status FOR EACH orders.order_id", "what cells hold"),
    ],
)
def test_other_questions_are_refused(database: Database, question: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        adapt(database, question, model=networks(), at=AT, steps=1)


def test_a_model_without_states_is_refused(database: Database) -> None:
    for model in ("relfm-small", "none"):
        with pytest.raises(UsageError, match="no network behind states"):
            adapt(database, QUESTION, model=model, at=AT)
    with pytest.raises(UsageError, match="unknown way"):
        adapt(database, QUESTION, how="half", model=networks(), at=AT)


def test_a_short_history_is_refused(database: Database) -> None:
    with pytest.raises(DataCannotAnswer):
        adapt(database, QUESTION, model=networks(), at="2020-01-25", steps=1)
