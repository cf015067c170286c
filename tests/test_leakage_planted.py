"""The test of leakage can fail: each leak that is planted here makes it see a difference."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from invariance import differences, predicted
from mutations import change_cells, delete_rows, move_times
from timed_shop import AT, QUESTIONS, frames

from relfm import Predictor
from relfm.asked import Asked
from relfm.connectors import connect
from relfm.features.labels import LabelTable
from relfm.history import Links
from relfm.planning import resolve
from relfm.task import Examples, Task
from relfm.times import DAY, MISSING_TIME

HORIZON = 30 * DAY


def look_ahead(patch: pytest.MonkeyPatch) -> None:
    """Links show children of the next three horizons."""
    until = Links.until
    patch.setattr(Links, "until", lambda links, rows, seen: until(links, rows, seen + 3 * HORIZON))


def show_cells_early(patch: pytest.MonkeyPatch) -> None:
    """The cells of a row can be read one horizon before the row is there."""
    patch.setattr(
        "relfm.features.own.is_visible", lambda times, seen: (times != MISSING_TIME) & (times <= seen + HORIZON)
    )


def show_parents_early(patch: pytest.MonkeyPatch) -> None:
    """A child tells the cells of a parent that came after it."""
    module = import_module("relfm.features.catalogue")
    patch.setattr(module, "is_visible", lambda times, seen: times != MISSING_TIME)


def fit_on_all_rows(patch: pytest.MonkeyPatch) -> None:
    """Which categories are frequent is counted over all rows."""
    patch.setattr("relfm.features.series.is_visible", lambda times, seen: times != MISSING_TIME)


def learn_from_open_windows(patch: pytest.MonkeyPatch) -> None:
    """A label is taken as known at its cutoff."""
    patch.setattr(Task, "closes", lambda task, cutoffs: np.asarray(cutoffs, dtype=np.int64))
    patch.setattr("relfm.labels.cutoffs._latest_closed", lambda task, at: at)


@pytest.fixture(scope="module")
def shop() -> dict[str, pd.DataFrame]:
    return frames(30, 300)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (look_ahead, "binary"),
        (look_ahead, "ranking"),
        (look_ahead, "imputation"),
        (show_cells_early, "binary"),
        (show_parents_early, "regression"),
        (fit_on_all_rows, "binary"),
        (learn_from_open_windows, "binary"),
        (learn_from_open_windows, "ranking"),
        (learn_from_open_windows, "forecast"),
    ],
)
def test_planted_leak_is_seen(
    shop: Mapping[str, pd.DataFrame], plant: Callable, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    before = predicted(shop, kind)
    changed = shop
    for number, change in enumerate((change_cells, change_cells, move_times, delete_rows)):
        changed = change(dict(changed), AT, np.random.default_rng(number))
        if differences(before, predicted(changed, kind)):
            return
    pytest.fail("nothing differs")


@pytest.mark.parametrize("kind", ["binary", "regression", "ranking"])
def test_target_that_is_not_known_yet_changes_no_answer(shop: Mapping[str, pd.DataFrame], kind: str) -> None:
    assert answers_with_other_later_targets(shop, kind) == answers_with_other_later_targets(shop, kind, other=True)


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_label_history_that_does_not_wait_is_seen(
    shop: Mapping[str, pd.DataFrame], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = LabelTable.of.__func__

    def known_too_early(cls: type, task: Task, labelled: Examples, own: Examples | None) -> LabelTable:
        return replace(of(cls, task, labelled, own), known=labelled.cutoffs - DAY)

    monkeypatch.setattr(LabelTable, "of", classmethod(known_too_early))
    assert answers_with_other_later_targets(shop, kind) != answers_with_other_later_targets(shop, kind, other=True)


def answers_with_other_later_targets(shop: Mapping[str, pd.DataFrame], kind: str, *, other: bool = False) -> bytes:
    """Answers two horizons before ``AT`` from all labels up to ``AT``, those that a query cannot know turned around."""
    database = connect(shop, cache=False)
    task = resolve(database, QUESTIONS[kind])
    context = Asked(database, task, AT, 4_000).context()
    queries = Asked(database, task, AT - 2 * HORIZON, 4_000).queries()
    later = np.flatnonzero(task.closes(context.cutoffs) > queries.seen.min())
    assert len(later)
    if other:
        context = turned_around(context, later)
    found = Predictor(effort="fast").predict_examples(database, task, context, queries)
    items = b"" if found.items is None else found.items.rows.tobytes() + found.scores.tobytes()
    return found.values.tobytes() + found.baseline.tobytes() + items


def turned_around(context: Examples, later: np.ndarray) -> Examples:
    if context.items is not None:
        rows = context.items.rows.copy()
        owner = np.repeat(np.arange(len(context)), np.diff(context.items.start))
        rows[np.isin(owner, later)] = 0
        return replace(context, items=replace(context.items, rows=rows))
    targets = context.targets.copy()
    targets[later] = targets.max() - targets[later]
    return replace(context, targets=targets)
