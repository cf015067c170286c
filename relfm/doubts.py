"""What speaks against trusting an answer, found before any model runs and said beside it.

Each doubt is one sentence: what is odd, how much of it there is, and what to do.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from relfm.database import Database
from relfm.distinct import distinct
from relfm.history import is_visible
from relfm.labels import QueryLabeller
from relfm.moments import clock, counted_in, data_end, tables_of, usual_end
from relfm.query.nodes import Column, Compare, Comparison, Constant, Constants
from relfm.query.walk import walk
from relfm.rewritten import rewritten_cells
from relfm.schema import suggestion
from relfm.task import Examples, TargetKind, Task
from relfm.times import DAY, MISSING_TIME, SECOND, TIMELESS, format_time, when

FEW_LABELS = 100
"""Fewer known labels than this are worth a warning."""

THIN = 0.1
"""A last horizon with less than this share of its usual rows looks like wrong dates or a load that broke off."""

MANY_VALUES, ALIKE_VALUES, FEW_VALUES = 100_000, 5_000, 12
"""Columns of more distinct texts are not searched for a text that the question names; among so many, names like it are
looked for; so few are listed."""


def warnings_of(database: Database, task: Task, at: int, context: Examples) -> tuple[str, ...]:
    """What speaks against trusting an answer at ``at`` that is learned from ``context``."""
    found = []
    if len(context) < FEW_LABELS:
        found.append(f"only {len(context)} labels are known{when('by', at)}: the answers rest on little")
    if task.kind is TargetKind.REGRESSION and len(context) >= FEW_LABELS and np.ptp(context.targets) == 0:
        found.append(f"all {len(context):,} labels are {context.targets[0]:g}: there is nothing to tell apart")
    if task.horizon is not None:
        last = data_end(database, task, at)  # what comes after ``at`` does not make the data fresher
        if at - last > task.horizon.approximate():
            days = (at - last) // DAY
            end = format_time(last // SECOND * SECOND)
            found.append(f"the data end at {end}, {days:,} days before {format_time(at)}: the answers are stale")
    return (*found, *rewritten_cells(database, task, context), *oddities_of(database, task, at))


def oddities_of(database: Database, task: Task, at: int) -> tuple[str, ...]:
    """What is odd about the data or about how the question fits them, labels aside."""
    found = [*_still_to_come(database, task), *_thin_end(database, task, at), *unknown_values(database, task, at)]
    undated = undated_rows(database, task)
    return (
        *found,
        *([] if undated is None else [undated]),
        *_without_time(database, task),
        *_whether_ever(database, task),
    )


def undated_rows(database: Database, task: Task) -> str | None:
    """A sentence about rows of the entity whose time is unknown, if there are any: no moment has seen them come."""
    number, total = int((database.times(task.entity) == MISSING_TIME).sum()), database.num_rows(task.entity)
    if not number:
        return None
    column = database.schema.tables[task.entity].time_column or "time"
    return (
        f"{number:,} of {total:,} rows of {task.entity} have no {column}, so they are never asked about;"
        f" time_column = false for {task.entity} in relfm.toml takes all its rows as known from the start"
    )


def _without_time(database: Database, task: Task) -> Iterator[str]:
    """Tables beside the question whose rows nobody can place in time, unless somebody has said so."""
    if task.horizon is None and not database.is_timed(task.entity):  # nothing is asked of the past
        return
    near = {task.entity, *tables_of(task)}
    beside = [t for n, t in database.schema.tables.items() if n not in near and database.num_rows(n)]
    beside = [t for t in beside if any(fk.table in near for fk in t.foreign_keys)]
    said = {t.name for t in beside if any(d.what == "time_column" and d.source != "inferred" for d in t.decisions)}
    unknown = [t.name for t in beside if t.time_unknown and t.name not in said]
    if unknown:
        yield (
            f"nothing tells when the rows of {', '.join(unknown)} came, so no feature reads them: "
            "name a time_column or time_from in relfm.toml, or time_column = false if all were there from the start"
        )
    details = [t for t in beside if t.name not in said and not database.schema.children_of(t.name)]
    timeless = [t.name for t in details if not database.is_timed(t.name) and not t.time_unknown]
    if timeless:
        yield (
            f"no column tells when the rows of {', '.join(timeless)} came, so all count as known at any time: if they "
            "came one by one, name a time_column or time_from in relfm.toml, or leave them out with skip = true"
        )


def _whether_ever(database: Database, task: Task) -> Iterator[str]:
    """Whether a date is missing today depends on how long ago its row came: nobody means that."""
    if task.horizon is not None or not isinstance(task.labeller, QueryLabeller):
        return
    for node in walk(task.labeller.bound.query.target):
        is_null = isinstance(node, Comparison) and node.operator in (Compare.IS, Compare.IS_NOT)
        if is_null and isinstance(node.left, Column):
            table = database.schema.tables[node.left.table]
            if table.column(node.left.name).type == "timestamp":
                yield (
                    f"{node} is about today, however long ago a row came: to ask whether it comes within a window, "
                    f"make a view of the rows that have {node.left.name} (it and the key of {table.name}), read it by "
                    f"--tables {table.name},… and COUNT its rows"
                )


def _still_to_come(database: Database, task: Task) -> Iterator[str]:
    now = clock()
    for name in sorted(tables_of(task) & set(database.tables)):
        times = database.times(name)
        times = times[times > TIMELESS]
        ahead = int((times > now).sum())
        if 0 < ahead < len(times):
            last = format_time(int(times.max()) // SECOND * SECOND)
            rows = f"{ahead:,} of {len(times):,} rows of {name}"
            yield f"dated after today: {rows}, up to {last}; the data are taken to end before them, or at --at"


def _thin_end(database: Database, task: Task, at: int) -> Iterator[str]:
    """A few stray rows at the end move the moment of the prediction to where next to nothing has happened."""
    if task.horizon is None:
        return
    length = max(task.horizon.approximate(), 1)
    is_fresh = data_end(database, task, at) == at  # else all of them are stale, and that is said
    for name in counted_in(task):
        times = database.times(name)
        times = times[(times > TIMELESS) & (times <= at)]
        if len(times) < FEW_LABELS:
            continue
        counts = np.unique((at - times) // length, return_counts=True)[1]
        recent, usual = int((times > at - length).sum()), float(np.median(counts))
        before = times[times <= at - length]
        is_silent = is_fresh and recent == 0 and usual_end(times, at) < at
        if len(before) and (is_silent or 0 < recent < THIN * usual):
            end = format_time(int(before.max()) // SECOND * SECOND)
            yield (
                f"the {task.horizon} before {format_time(at)} hold {recent:,} of the usual {usual:,.0f} rows of {name}:"
                f" if their dates are wrong or the load broke off, ask --at {end}"
            )


def unknown_values(database: Database, task: Task, at: int) -> Iterator[str]:
    """Texts that the question compares a column with and that no cell of it holds: mostly a slip of the pen."""
    if not isinstance(task.labeller, QueryLabeller):
        return
    query = task.labeller.bound.query
    for node in walk((query.target, query.where, query.assuming)):
        if isinstance(node, Comparison) and isinstance(node.left, Column):
            yield from _unknown_in(database, node.left, _named(node), at)


def _named(comparison: Comparison) -> list[str]:
    if comparison.operator not in (Compare.EQUAL, Compare.NOT_EQUAL, Compare.IN, Compare.NOT_IN):
        return []
    right: Any = comparison.right
    members = right.members if isinstance(right, Constants) else (right,)
    return [m.value for m in members if isinstance(m, Constant) and isinstance(m.value, str)]


def _unknown_in(database: Database, column: Column, texts: list[str], at: int) -> Iterator[str]:
    cells = database.tables.get(column.table)
    if not texts or cells is None or database.schema.tables[column.table].column(column.name).type != "string":
        return
    codes, values = database.codes(column.table, column.name)
    if len(values) > MANY_VALUES:
        return
    shown = distinct(codes[is_visible(database.times(column.table), at) & (codes >= 0)])
    known = set(values.take(shown).to_pylist())
    for text in texts:
        if text not in known:
            near = suggestion(text, sorted(known)) if len(known) <= ALIKE_VALUES else ""
            near = near if len(known) <= FEW_VALUES or near.startswith("did") else "check its spelling"
            yield f"no row of {column.table} has {column.name} '{text}'{when('by', at)}: {near}"
