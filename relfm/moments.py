"""When a question is asked, and how far the data reach that answer it.

A row that lies after the clock has not happened, whatever its table says: a booking, a plan, a date like 9999-12-31.
"""

import datetime
import time
from collections.abc import Iterable

import numpy as np

from relfm import arguments
from relfm.database import Database
from relfm.distinct import distinct
from relfm.errors import DataCannotAnswer, UsageError
from relfm.labels import QueryLabeller
from relfm.query.walk import aggregates_of
from relfm.task import Task
from relfm.times import END, FIRST, TIMELESS, format_time, parse_time

Moment = str | int | datetime.date | np.datetime64 | None
"""A moment that a user names: ISO text, a date or datetime (pandas' too; UTC unless it has a zone), microseconds."""


LATEST, FEWEST_GAPS, USUAL_SILENCE, OFTEN = 100_000, 10, 0.99, 3
"""Of so many latest rows, silences shorter than this share of all are usual, if there have been so many; so are those
as long as several have been (every winter)."""

COMMON_SILENCE, TOLERATED = 0.9, 4
"""So many times as long as this share of silences, none is strange: any moment is more likely to lie in a long silence
than in a short one. Where rows come at random it is twice what ``USUAL_SILENCE`` says."""


def moment_of(database: Database, task: Task, at: Moment = None) -> int:
    """The moment of the prediction in microseconds. By default the end of the data: the latest row of any table, if the
    tables that the question is about are not silent for unusually long by then, else the latest row of those; never
    one that is still to come by the clock. DataCannotAnswer before the first row."""
    if task.horizon is None and not any(database.is_timed(name) for name in database.tables):
        return 0 if at is None else _moment(at)  # a missing cell of a database without time: any moment will do
    first, last = span_of(database, task)
    if at is None:
        ends = [t[t <= clock()].max(initial=last) for t in (_dated(database, name) for name in database.tables)]
        return data_end(database, task, int(max(ends)))
    moment = _moment(at)
    if moment < database.span[0]:
        raise DataCannotAnswer(
            f"{format_time(moment)} lies before all data, which begin at {format_time(database.span[0])}",
            hint=f"choose --at between {format_time(first)} and {format_time(last)}",
        )
    return moment


def span_of(database: Database, task: Task) -> tuple[int, int]:
    """From when on the question's windows can hold anything, and the latest row time: of the tables that it counts and
    of those on the way to its entity; of all tables if that is not known.

    The span begins where every counted table has begun: windows before that are not empty, they are unknown. Rows
    planned for the future in some other table do not move its end, nor do rows that are still to come by the clock,
    unless all are (a made-up database)."""
    begun = [dated for dated in (_dated(database, name) for name in counted_in(task)) if len(dated)]
    times = [dated for dated in (_dated(database, name) for name in tables_of(task)) if len(dated)]
    if not times:
        return database.span
    first = max(t.min() for t in begun) if begun else min(t.min() for t in times)
    happened = [past for past in (t[t <= clock()] for t in times) if len(past)]
    last = max(t.max() for t in happened or times)
    return int(min(first, last)), int(last)


def data_end(database: Database, task: Task, moment: int) -> int:
    """How far the data reach that the question counts, at ``moment``: to it, if its tables have been silent no longer
    than they often are, else to their latest row: what came later was not loaded, whatever other tables hold. Too few
    rows to tell what is usual are taken together with those on the way to the entity."""
    counted = _seen(database, counted_in(task), moment)
    if len(distinct(counted)) <= FEWEST_GAPS:
        counted = _seen(database, tables_of(task) or database.tables, moment)
    return usual_end(counted, moment)


def _seen(database: Database, tables: Iterable[str], moment: int) -> np.ndarray:
    """int64[n]: the latest known times of rows of ``tables`` up to ``moment``."""
    times = (_dated(database, name) for name in sorted(tables))
    return np.concatenate([np.zeros(0, np.int64), *(t[t <= moment][-LATEST:] for t in times)])


def usual_end(times: np.ndarray, moment: int) -> int:
    """Until when rows of ``times`` (int64[n], none after ``moment``) came as usual: ``moment``, if the silence before
    it is one that often is (claims are rare, and races pause in winter), else the latest row."""
    seen = np.sort(times)
    if not len(seen):
        return moment
    gaps = np.diff(seen)
    gaps = gaps[gaps > 0]
    if len(gaps) < FEWEST_GAPS:
        return int(seen[-1])
    common, usual = np.quantile(gaps, [COMMON_SILENCE, USUAL_SILENCE])
    usual = max(TOLERATED * common, usual, np.partition(gaps, -OFTEN)[-OFTEN])
    return moment if moment - seen[-1] <= usual else int(seen[-1])


def labels_end(database: Database, task: Task, moment: int) -> int:
    """By when the window of a label must have closed to serve a prediction at ``moment``."""
    return moment if task.horizon is None else data_end(database, task, moment)


def counted_in(task: Task | None) -> list[str]:
    """The tables whose rows the question's target counts, by name; none if that is not known."""
    if task is None or not isinstance(task.labeller, QueryLabeller):
        return []
    bound = task.labeller.bound
    return sorted({bound.aggregates[a].table for a in aggregates_of(bound.query.target)})


def tables_of(task: Task | None) -> set[str]:
    """The tables that the question counts and those on the way to its entity; empty if that is not known."""
    if task is None or not isinstance(task.labeller, QueryLabeller):
        return set()
    bound = task.labeller.bound
    counted = [bound.aggregates[a] for a in aggregates_of(bound.query.target)]
    return {c.table for c in counted} | {hop.key.table for c in counted for hop in c.route}


def clock() -> int:
    """Now, in microseconds."""
    return time.time_ns() // 1000


def _dated(database: Database, table: str) -> np.ndarray:
    """int64[n]: the known times of the rows of ``table``."""
    times = database.times(table) if table in database.tables else np.zeros(0, np.int64)
    return times[times > TIMELESS]


def _moment(at: str | int | datetime.date | np.datetime64) -> int:
    if isinstance(at, np.datetime64) and not np.isnat(at):
        return int(at.astype("datetime64[us]").astype(np.int64))
    if isinstance(at, datetime.date):
        at = at.isoformat()
    if isinstance(at, str):
        return parse_time(at)
    if not isinstance(at, int | np.integer) or isinstance(at, bool):
        raise UsageError(
            f"at={arguments.shown(at)} is no moment",
            hint="give ISO text such as 2026-01-31, a datetime or microseconds",
        )
    hint = "a number is microseconds since 1970; ISO text such as 2026-01-31 is clearer"
    return arguments.whole("at", at, FIRST, END - 1, hint)
