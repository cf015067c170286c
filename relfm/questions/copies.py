"""Columns that give an answer away: copies of what is asked for, what follows from it, dates that were set later.

A question hides its own target. A real schema often holds the target twice: a score beside who won, a code beside its
name, the day of the last visit beside whether there will be one.
"""

import numpy as np

from relfm.database import Database
from relfm.questions.columns import numbers_of
from relfm.schema import Column
from relfm.task import Examples, TargetKind, Task
from relfm.times import TIMELESS

MOST_EXAMPLES = 5_000
BINS = 48
GIVEN_AWAY = 0.95
"""Share of what the most frequent answer gets wrong, that the column gets right."""

COVERED = 0.5
"""Share of the examples whose value others have too: a column of names tells nothing by being different everywhere."""

SET_LATER = 0.05
"""Share of a column's dates that may lie after their own row's time."""

NEVER = np.iinfo(np.int64).max


def copies_of(database: Database, task: Task, examples: Examples) -> frozenset[tuple[str, str]]:
    """(table, column) pairs of the entity's table, its parents and its children that nearly determine the targets of a
    static question; for a forecast, the entity's columns that do, as of the cutoff, and its dates from afterwards."""
    if examples.targets is None or not len(examples):
        return frozenset()
    step = max(1, len(examples) // MOST_EXAMPLES)
    some = examples.take(np.arange(0, len(examples), step))
    found = {(task.entity, c) for c in _dates_set_later(database, task.entity)} if task.horizon is not None else set()
    for table, rows in _tables_at(database, task, some.rows):
        for column in database.schema.tables[table].columns:
            pair = table, column.name
            if pair in task.hidden | database.hidden or not _is_cell(database, table, column):
                continue
            codes = _codes(database, table, column, rows, some.cutoffs if task.horizon is not None else None)
            if codes is not None and gives_away(codes, some.targets, task.kind is TargetKind.REGRESSION):
                found.add(pair)
    return frozenset(found) - task.hidden


def gives_away(codes: np.ndarray, targets: np.ndarray, is_number: bool) -> bool:
    """Whether the groups that ``codes`` (int64[n], -1 for unknown) form have nearly one target (float64[n]) each."""
    _, groups, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    shared = sizes[groups] > 1
    if shared.mean() < COVERED:
        return False
    groups, targets = groups[shared], targets[shared]
    sizes = np.bincount(groups)
    free = int((sizes > 0).sum())
    if is_number:
        total = targets.var() * len(targets)
        means = np.bincount(groups, targets) / np.maximum(sizes, 1)
        left = ((targets - means[groups]) ** 2).sum() * len(targets) / max(1, len(targets) - free)
        return bool(total > 0 and left < (1 - GIVEN_AWAY) * total)
    _, answers = np.unique(targets, return_inverse=True)
    table = np.zeros((len(sizes), answers.max() + 1))
    np.add.at(table, (groups, answers), 1)
    wrong_at_best = len(targets) - table.sum(axis=0).max()
    # Each group's own majority is right once for free.
    right = table.max(axis=1).sum() - free
    wrong = (len(targets) - free) - right
    return bool(wrong_at_best > 0 and wrong < (1 - GIVEN_AWAY) * wrong_at_best * (1 - free / len(targets)))


def _tables_at(database: Database, task: Task, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The entity's table, and for a cell its parents and children, with the row (-1 for none) beside each example."""
    found = [(task.entity, rows)]
    if task.horizon is not None:
        return found
    for key in database.schema.tables[task.entity].foreign_keys:
        found.append((key.table, database.links(task.entity, key)[rows]))
    for child, key in database.schema.children_of(task.entity):
        parents = database.links(child.name, key)
        first = np.full(database.num_rows(task.entity), -1)
        linked = np.flatnonzero(parents >= 0)[::-1]
        first[parents[linked]] = linked
        found.append((child.name, first[rows]))
    return found


def _is_cell(database: Database, table: str, column: Column) -> bool:
    described = database.schema.tables[table]
    return column.type != "list" and column.stype is not None and column.name not in described.key_columns


def _codes(
    database: Database, table: str, column: Column, rows: np.ndarray, cutoffs: np.ndarray | None
) -> np.ndarray | None:
    """int64[n] groups of the column's values at ``rows``: values, or bins of numbers and dates; None if hardly any is
    known. Dates of a forecast count from the cutoffs."""
    is_known = rows >= 0
    if is_known.mean() < COVERED:
        return None
    is_date = column.type == "timestamp"
    if not is_date and column not in numbers_of(database, database.schema.tables[table]):
        codes, _ = database.codes(table, column.name)
        return np.where(is_known, codes[rows], -1)
    values = np.where(is_known, database.numbers(table, column.name)[rows], np.nan)
    if is_date and cutoffs is not None:
        values = values - cutoffs
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    distinct = np.unique(known)
    edges = distinct if len(distinct) <= BINS else np.unique(np.quantile(known, np.linspace(0, 1, BINS)))
    return np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)


def _dates_set_later(database: Database, table: str) -> list[str]:
    """The entity's dates, and numbers that look like years, that often lie after the time from which its row is there
    (its first event, for a table without time): nobody knew them then."""
    first = _first_seen(database, table)
    years = first.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    found = []
    for column in database.schema.tables[table].columns:
        if not _is_cell(database, table, column) or column.type not in ("timestamp", "int64", "float64"):
            continue
        values = database.numbers(table, column.name)
        known = np.isfinite(values) & (first > TIMELESS) & (first < NEVER)
        if not known.any():
            continue
        if column.type != "timestamp":
            is_year = (values[known] > 1000) & (values[known] < 2200)
            later = values[known] > years[known] if is_year.all() else np.zeros(1)
        else:
            later = values[known] > first[known]
        if later.mean() > SET_LATER:
            found.append(column.name)
    return found


def _first_seen(database: Database, table: str) -> np.ndarray:
    """int64[n]: each row's time; in a table without time that of its first dated child, ``NEVER`` without one."""
    if database.is_timed(table):
        return database.times(table)
    first = np.full(database.num_rows(table), NEVER)
    for child, key in database.schema.children_of(table):
        times, parents = database.times(child.name), database.links(child.name, key)
        dated = (times > TIMELESS) & (parents >= 0)
        np.minimum.at(first, parents[dated], times[dated])
    return first
