"""Columns whose cells were written after their row was made, told by the cells themselves, whatever they are called.

A summary equals what the details of its row come to, and not what they came to without the last of them. A mark stands
at exactly the rows of which something has become: a date has passed, details have come, or a later row of the same
parent has. Read as known from the start, either would tell the past its future.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.connectors.roles import Role, role_of
from relfm.connectors.summaries import Details, summaries_of
from relfm.database import Database
from relfm.schema import ForeignKey
from relfm.times import DAY, MISSING_TIME, TIMELESS, parse_time

ENOUGH_ROWS = 20
"""Fewer rows of which something has become, or of which nothing has, show nothing."""

MOST_ROWS = 200_000
"""Rows of a table that are looked at, evenly over time."""

_FEW_VALUES = 12
_ERRORS = 0.01
_PLANNED = 0.01
_SAY_NOTHING = (Role.LIFE, Role.PLAIN, Role.UNKNOWN)
"""Dates of no known role may be missing by nature (a single trip has no date of return), if none is still to come."""

_NOW = 2 * DAY
_NEVER = parse_time("2200-01-01")
"""Later dates stand for none (9999-12-31)."""


@dataclass(frozen=True, eq=False)
class _State:
    """What has become of a table's rows: in words, bool[n] of which, bool[n] of which that can be told, and how many
    distinct values a column may have that stands for it."""

    what: str
    state: np.ndarray
    known: np.ndarray
    most_values: float = np.inf


def written_in_hindsight(database: Database, columns: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], str]:
    """By (table, column) why cells must have been written later than their rows, for those of ``columns`` (by table)
    whose values show it."""
    found: dict[tuple[str, str], str] = {}
    if not any(columns.values()):
        return found

    def left(table: str) -> list[str]:
        return [c for c in columns.get(table, ()) if (table, c) not in found]

    for parent in database.schema.tables:
        owners = _owners(database, parent, {t for t in columns if left(t)})
        for details in _details_of(database, parent) if owners else ():
            for owner, rows in owners:
                found |= {(owner, c): why for c, why in summaries_of(database, owner, left(owner), details, rows)}
    end = _data_end(database)
    for table in database.schema.tables:
        found |= {(table, c): why for c, why in _marks(database, table, left(table), end)}
    return found


def _details_of(database: Database, parent: str) -> Iterator[Details]:
    """The relations whose rows came one by one after those of ``parent``."""
    for child, key in database.schema.children_of(parent):
        if database.is_timed(child.name) and child.time_from != key and database.num_rows(child.name):
            yield Details(child.name, key, database.links(child.name, key), database.times(child.name))


def _owners(database: Database, parent: str, tables: Container[str]) -> list[tuple[str, np.ndarray]]:
    """Those of ``tables`` that may sum up the details of ``parent``, with their row of each of its rows (-1 for none):
    itself, and those that extend it one to one."""
    number = database.num_rows(parent)
    owners = [(parent, np.arange(number))] if parent in tables else []
    for child, key in database.schema.children_of(parent):
        if child.name in tables and child.name != parent:
            links = database.links(child.name, key)
            linked = np.flatnonzero(links >= 0)
            if len(linked) and np.bincount(links[linked]).max() == 1:
                rows = np.full(number, -1)
                rows[links[linked]] = linked
                owners.append((child.name, rows))
    return owners


def _marks(database: Database, table: str, columns: Sequence[str], end: float) -> Iterator[tuple[str, str]]:
    """The columns that stand for what has become of their rows, and for what."""
    number = database.num_rows(table)
    rows = np.arange(0, number, max(1, -(-number // MOST_ROWS)))
    cells = [(c, database.tables[table].column(c)) for c in columns]
    cells = [(c, values) for c, values in cells if not pa.types.is_timestamp(values.type)]
    if len(rows) < 2 * ENOUGH_ROWS or not cells:
        return
    states = [replace(s, state=s.state[rows], known=s.known[rows]) for s in _states(database, table, end)]
    states = [s for s in states if _both_ways(s.state[s.known]) >= ENOUGH_ROWS]
    for column, values in cells if states else ():
        codes, distinct = _codes(values.take(pa.array(rows)))
        for one in states if codes.min() < codes.max() else ():
            if distinct <= one.most_values and _tells(codes[one.known], one.state[one.known]):
                yield column, f"its values follow from {one.what}"
                break


def _both_ways(state: np.ndarray) -> int:
    return int(min(state.sum(), (~state).sum()))


def _tells(codes: np.ndarray, state: np.ndarray) -> bool:
    """Whether each value stands on one side of the state, but for a few rows."""
    sides = np.bincount(2 * codes + state, minlength=2 * (int(codes.max()) + 1)).reshape(-1, 2)
    return bool(sides.min(axis=1).sum() <= _ERRORS * sides.sum(axis=0).min())


def _states(database: Database, table: str, end: float) -> Iterator[_State]:
    times = database.times(table)
    described = database.schema.tables[table]
    for column in described.columns:
        if column.type != "timestamp" or column.name == described.time_column:
            continue
        dates = database.numbers(table, column.name)
        passed, known = dates <= end, ~np.isnan(dates)
        is_planned = (known & ~passed).sum() > _PLANNED * known.sum()
        late = passed & (times != MISSING_TIME)
        comes_later = late.any() and np.mean(dates[late] > times[late]) >= 0.5
        if comes_later and (is_planned or role_of(table, column.name) not in _SAY_NOTHING):
            # A date never ahead is written when it comes; a planned one says nothing where it is missing, or is now.
            can_tell = known & (np.abs(dates - end) > _NOW) if is_planned else np.ones(len(dates), dtype=bool)
            yield _State(f"whether {column.name} has come", passed, can_tell)
    if not database.is_timed(table):
        return
    for details in _details_of(database, table):
        if (has := _has_details(details, times)) is not None:
            yield _State(f"whether it has rows in {details.table}, which come later", has, times != MISSING_TIME)
    for key in described.foreign_keys:  # the last status of a log may be the end of it, a mark says yes or no
        later = _has_later(database, table, key)
        yield _State(f"whether a later row has the same {'+'.join(key.columns)}", *later, most_values=2)


def _data_end(database: Database) -> float:
    """The latest moment of which a row tells, or a date that is written when it comes."""
    dates = [database.times(name).astype(np.float64) for name in database.tables]
    for name, table in database.schema.tables.items():
        dates += [database.numbers(name, c.name) for c in table.columns if c.is_written_later]
    return max((float(d[d < _NEVER].max(initial=TIMELESS)) for d in dates), default=TIMELESS)


def _has_details(details: Details, times: np.ndarray) -> np.ndarray | None:
    """bool[n]; None if the first of them mostly comes no later than its row."""
    linked = np.flatnonzero((details.parents >= 0) & (details.times != MISSING_TIME))
    first = np.full(len(times), np.iinfo(np.int64).max)
    np.minimum.at(first, details.parents[linked], details.times[linked])
    has = first < np.iinfo(np.int64).max
    return has if has.any() and np.mean(first[has] > times[has]) >= 0.5 else None


def _has_later(database: Database, table: str, key: ForeignKey) -> tuple[np.ndarray, np.ndarray]:
    parents, times = database.links(table, key), database.times(table)
    known = (parents >= 0) & (times != MISSING_TIME)
    latest = np.full(database.num_rows(key.table) + 1, TIMELESS)
    np.maximum.at(latest, parents[known], times[known])
    return known & (latest[parents] > times), known


def _codes(values: pa.ChunkedArray) -> tuple[np.ndarray, int]:
    """int64[n]: which value each cell holds, if there are few, else whether it is missing, or nothing, or more; and how
    many values there are."""
    if pa.types.is_list(values.type):
        return pc.is_valid(values).to_numpy().astype(np.int64), len(values)
    encoded = values.combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy().astype(np.int64) + 1
    if len(encoded.dictionary) > _FEW_VALUES:
        is_number = pa.types.is_int64(values.type) or pa.types.is_float64(values.type)
        more = pc.fill_null(pc.not_equal(values, 0), False).to_numpy() if is_number else codes > 0
        codes = (codes > 0).astype(np.int64) + more
    return codes, len(encoded.dictionary)
