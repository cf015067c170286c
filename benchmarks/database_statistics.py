"""What a database is like, in two dozen numbers: sizes, kinds of columns, skew of its links, memory of its events."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.database import Database
from relfm.stype import Stype
from relfm.times import DAY, MISSING_TIME, TIMELESS

WINDOWS = 16
"""Equal windows of the time of a relation, for the memory of its counts."""

_FEWEST = 5


@dataclass(frozen=True)
class Relation:
    """One foreign key with rows on both sides.

    parents  int64[N]  parent row of each child row, -1 for none; times int64[N] of the child rows; count of parents
    """

    child: str
    parents: np.ndarray
    times: np.ndarray
    count: int


def statistics_of(database: Database) -> dict[str, float]:
    """Each statistic by its name, NaN where the database has nothing to measure it on."""
    held = list(_relations(database))
    columns = [(t, c) for t, s in database.schema.tables.items() for c in s.columns if c.name not in s.key_columns]
    rows = np.array([database.num_rows(t) for t in database.tables], float)
    tables = len(database.tables)
    return {
        "tables": tables,
        "links per table": len(held) / tables,
        "columns per table": len(columns) / tables,
        "rows": rows.sum(),
        "median rows of a table": np.median(rows),
        "share of the largest table": rows.max() / rows.sum(),
        "share of tables with time": float(np.mean([database.is_timed(t) for t in database.tables])),
        "years": _years(database),
        **_kinds(database, columns),
        **_cells(database, columns),
        **_medians([_skew(r) for r in held], ("Gini of children per row", "rows without children", "children per row")),
        **_medians(
            [_memory(r) for r in held if len(r.times) and r.times.max() > TIMELESS],
            ("variation of gaps", "memory of counts", "memory within a row"),
        ),
        **_medians([_season(database.times(t)) for t in database.tables], ("season of the year", "season of the week")),
        **_medians([(v,) for r in held for v in _likeness(database, r)], ("likeness of siblings",)),
    }


def _relations(database: Database) -> Iterator[Relation]:
    for name, table in database.schema.tables.items():
        for key in table.foreign_keys:
            if database.num_rows(name) and database.num_rows(key.table):
                yield Relation(name, database.links(name, key), database.times(name), database.num_rows(key.table))


def _years(database: Database) -> float:
    """From the first to the last percent of row times, over all tables."""
    times = np.concatenate([t[t > TIMELESS] for t in map(database.times, database.tables)])
    return float(np.subtract(*np.quantile(times, [0.99, 0.01])) / DAY / 365.25) if len(times) else np.nan


def _kinds(database: Database, columns: list) -> dict[str, float]:
    """Shares of the columns by what they hold."""
    kinds = np.array([str(c.stype) for _, c in columns])
    flags = np.mean([c.stype is Stype.categorical and c.type == "int64" for _, c in columns])
    return {
        "share of numbers": float(np.mean(kinds == Stype.numerical)),
        "share of categories": float(np.mean(kinds == Stype.categorical)),
        "share of flags and codes": float(flags),
        "share of texts": float(np.mean(kinds == Stype.text_embedded)),
        "share of dates": float(np.mean(kinds == Stype.timestamp)),
    }


def _cells(database: Database, columns: list) -> dict[str, float]:
    missing, values, zeros, tails = [], [], [], []
    for table, column in columns:
        held = database.tables[table].column(column.name)
        if not len(held):
            continue
        missing.append(held.null_count / len(held))
        if column.stype is Stype.categorical and pa.types.is_string(held.type):
            values.append(pc.count_distinct(held).as_py())
        if column.stype is Stype.numerical:
            numbers = database.numbers(table, column.name)
            numbers = numbers[~np.isnan(numbers)]
            if len(numbers) >= _FEWEST:
                zeros.append(np.mean(numbers == 0))
                tails.append(_tail(numbers))
    return {
        "missing cells": float(np.mean(missing)) if missing else np.nan,
        "columns with missing cells": float(np.mean(np.array(missing) > 0)) if missing else np.nan,
        "values of a category": _median(values),
        "zeros among numbers": float(np.mean(zeros)) if zeros else np.nan,
        "numbers with a heavy tail": float(np.mean(tails)) if tails else np.nan,
    }


def _tail(numbers: np.ndarray) -> bool:
    """Whether the top percent lies further out than in an exponential distribution of the same quartiles."""
    low, middle, high, top = np.quantile(numbers, [0.25, 0.5, 0.75, 0.99])
    return bool(top - middle > 4 * (high - low) > 0 or (high == low and top > high))


def _skew(relation: Relation) -> tuple[float, ...]:
    """Gini coefficient of the numbers of children, share of parents without any, mean number."""
    counts = np.sort(np.bincount(relation.parents[relation.parents >= 0], minlength=relation.count))
    total = counts.sum()
    if not total or relation.count < _FEWEST:
        return (np.nan,) * 3
    ranks = np.arange(1, len(counts) + 1)
    gini = (2 * np.sum(ranks * counts) / (len(counts) * total)) - (len(counts) + 1) / len(counts)
    return float(gini), float(np.mean(counts == 0)), float(total / relation.count)


def _memory(relation: Relation) -> tuple[float, ...]:
    """Variation coefficient of the gaps between a parent's children (median over parents with five gaps), and the
    correlation of log counts in successive windows: over all parents, and around each parent's own mean."""
    held = (relation.parents >= 0) & (relation.times > TIMELESS)
    parents, times = relation.parents[held], relation.times[held].astype(float)
    if len(parents) < 50:
        return (np.nan,) * 3
    order = np.lexsort((times, parents))
    same = np.diff(parents[order]) == 0
    gaps, owners = np.diff(times[order])[same], parents[order][1:][same]
    counts = np.bincount(owners, minlength=relation.count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(owners, gaps, relation.count) / counts
        square = np.bincount(owners, gaps**2, relation.count) / counts
        variation = np.sqrt(np.maximum(square - mean**2, 0)) / mean
    start, end = np.quantile(times, [0.01, 0.99])
    if end <= start:
        return (np.nan,) * 3
    places = np.clip((times - start) / (end - start) * WINDOWS, 0, WINDOWS - 1e-9).astype(int)
    active = np.unique(parents)[:20_000]
    kept = np.isin(parents, active)
    rows = np.searchsorted(active, parents[kept])
    table = np.log1p(np.bincount(rows * WINDOWS + places[kept], minlength=len(active) * WINDOWS)).reshape(-1, WINDOWS)
    around = table - table.mean(axis=1, keepdims=True)
    return _median(variation[counts >= _FEWEST]), _successive(table), _successive(around)


def _successive(table: np.ndarray) -> float:
    first, second = table[:, :-1].ravel(), table[:, 1:].ravel()
    return float(np.corrcoef(first, second)[0, 1]) if first.std() > 0 and second.std() > 0 else np.nan


def _season(times: np.ndarray) -> tuple[float, float]:
    """Share of the variance of monthly counts (around a yearly mean) that the month explains, and of daily counts that
    the weekday explains, both less what chance explains; NaN for fewer than three years or 20 weeks, or 200 rows."""
    times = times[(times > TIMELESS) & (times != MISSING_TIME)]
    if len(times) < 200:
        return np.nan, np.nan
    months = times.astype("datetime64[us]").astype("datetime64[M]").astype(int)
    counts = np.bincount(months - months.min())
    years = len(counts) // 12
    yearly = weekly = np.nan
    if years >= 3:
        grid = counts[: years * 12].reshape(years, 12).astype(float)
        yearly = _explained(grid - grid.mean(axis=1, keepdims=True))
    days = times // DAY
    span = np.quantile(days, [0.05, 0.95]).astype(int)
    counts = np.bincount((days - span[0])[(days >= span[0]) & (days <= span[1])], minlength=1)
    weeks = len(counts) // 7
    if weeks >= 20:
        grid = counts[: weeks * 7].reshape(weeks, 7).astype(float)
        weekly = _explained(grid - grid.mean(axis=1, keepdims=True))
    return yearly, weekly


def _explained(grid: np.ndarray) -> float:
    """Adjusted share of the variance of ``grid`` [cycles, places] that lies between places."""
    total = np.sum(grid**2)
    if total <= 0:
        return np.nan
    between = len(grid) * np.sum(grid.mean(axis=0) ** 2)
    cycles, places = grid.shape
    return float(max(0.0, 1 - (1 - between / total) * (cycles * places - 1) / (cycles * places - places)))


def _likeness(database: Database, relation: Relation) -> Iterator[float]:
    """Intraclass correlation of the ranks of each number of the children of one parent."""
    table = database.schema.tables[relation.child]
    for column in table.columns:
        if column.stype is not Stype.numerical or column.name in table.key_columns:
            continue
        values = database.numbers(relation.child, column.name)
        held = (relation.parents >= 0) & ~np.isnan(values)
        owners, values = relation.parents[held][:200_000], values[held][:200_000]
        if len(values) >= 50 and values.min() < values.max():
            yield _intraclass(owners, np.argsort(np.argsort(values, kind="stable"), kind="stable") / len(values))


def _intraclass(owners: np.ndarray, values: np.ndarray) -> float:
    _, groups, sizes = np.unique(owners, return_inverse=True, return_counts=True)
    kept = sizes[groups] > 1
    _, groups, sizes = np.unique(owners[kept], return_inverse=True, return_counts=True)
    values, count = values[kept], len(sizes)
    if count < 2 or len(values) <= count:
        return np.nan
    means = np.bincount(groups, values) / sizes
    within = np.sum((values - means[groups]) ** 2) / (len(values) - count)
    between = np.sum(sizes * (means - values.mean()) ** 2) / (count - 1)
    size = (len(values) - np.sum(sizes**2) / len(values)) / (count - 1)
    total = between + (size - 1) * within
    return float((between - within) / total) if total > 0 else np.nan


def _medians(rows: list[tuple[float, ...]], names: tuple[str, ...]) -> dict[str, float]:
    """The median of each place over the rows."""
    return {name: _median([row[place] for row in rows]) for place, name in enumerate(names)}


def _median(values: list[float] | np.ndarray) -> float:
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    return float(np.median(known)) if len(known) else np.nan
