"""Cells of a table as numbers: one named series per numeric column, per frequent category, per date.

What is fitted (which categories are frequent, which columns vary) is fitted on rows visible at ``until`` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.database import Database
from relfm.distinct import distinct
from relfm.features.scale import Scale
from relfm.features.text import MOST_TEXTS, coordinates
from relfm.history import is_visible
from relfm.reading import stype_as_seen
from relfm.stype import Stype

MAX_CATEGORIES = 6
"""Frequent values that get an indicator of their own, per column."""

MANY_CATEGORIES = 2 * MAX_CATEGORIES
"""A column of more different texts is also described by what they say."""

MOST_COORDINATES, ALL_COORDINATES = 32, 1_024
"""Coordinates of what a column's texts mean, and as many of which words they have; all of a table's together."""

MOST_UNIQUE = 0.3
"""Text of more different values than this, for each known cell, is no category."""

SHOWN = 40
"""Letters of a category that the name of its indicator shows."""

SAMPLE = 4096
"""Rows that are looked at to see how varied a series is."""


@dataclass(frozen=True)
class Series:
    """values float64[n] over a table's rows, NaN where missing; an indicator is 0/1 and its mean is a share.

    ``offset`` is what was taken off every value so that a float32 tells them apart (0 for ordinary numbers).
    ``column`` is what it is read from, where one column makes several series. ``is_coordinate``: one of many that tell
    where a text lies, of which neither sums nor extremes mean anything.
    """

    name: str
    values: np.ndarray
    is_indicator: bool = False
    offset: float = 0.0
    column: str = ""
    is_coordinate: bool = False

    @property
    def fact(self) -> str:
        return self.column or self.name


@dataclass(frozen=True)
class DateSeries:
    """values float64[n] microseconds, NaN where missing. A date after what was seen reads as missing, unless it
    ``is_planned``: then it was set when its row was made."""

    name: str
    values: np.ndarray
    is_planned: bool = False


def table_series(database: Database, table: str, until: int) -> list[Series]:
    """Every usable column of ``table`` as series: numbers, indicators of frequent values, rarity, text length; last of
    all where texts lie."""
    described = database.schema.tables[table]
    visible = is_visible(database.times(table), until)
    out: list[Series] = []
    texts: dict[str, tuple[np.ndarray, pa.Array]] = {}
    for column in described.columns:
        if column.stype is None or database.is_hidden(table, column.name):
            continue
        if column.stype in (Stype.numerical, Stype.categorical) and column.type in ("int64", "float64"):
            stype = stype_as_seen(described, column, database.tables[table].column(column.name), visible)
            found = _number_series(database, table, column.name, visible, is_category=stype == Stype.categorical)
        elif column.type == "string":
            codes, values = texts[f"{table}.{column.name}"] = database.codes(table, column.name)
            found = _category_series(database, table, column.name, visible, codes, values)
        else:
            continue
        out += [replace(one, column=f"{table}.{column.name}") for one in found]
    return out + _text_series(texts, visible)


def _text_series(texts: Mapping[str, tuple[np.ndarray, pa.Array]], visible: np.ndarray) -> list[Series]:
    """The coordinates of those columns that hold many different texts, from each column's codes and values."""
    shown = {name: distinct(codes[visible & (codes >= 0)]) for name, (codes, _) in texts.items()}
    shown = {name: known for name, known in shown.items() if len(known) > MANY_CATEGORIES}
    most = max(1, min(MOST_COORDINATES, ALL_COORDINATES // (2 * max(1, len(shown)))))
    out = []
    for name, known in shown.items():
        codes, values = texts[name]
        if len(known) > MOST_TEXTS:
            last = np.full(len(values), -1)
            rows = np.flatnonzero(visible & (codes >= 0))
            last[codes[rows]] = rows
            values, place = _picked(values, np.sort(np.argsort(last, kind="stable")[-MOST_TEXTS:]))
            codes, known = place[codes], np.arange(MOST_TEXTS)
        for one, lies in coordinates(values, known, most):
            out.append(Series(f"{one} of {name}", np.append(lies, np.nan)[codes], column=name, is_coordinate=True))
    return out


def _picked(texts: pa.Array, kept: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """The texts at ``kept`` (int64[k]), and where each one went (int64[n + 1]): -1 if nowhere, as for -1 itself."""
    place = np.full(len(texts) + 1, -1)
    place[kept] = np.arange(len(kept))
    return texts.take(pa.array(kept)), place


def most_varied(series: Sequence[Series], most: int, rows: np.ndarray) -> list[Series]:
    """At most ``most`` of ``series``, in their order: those that tell most rows apart, as far as a sample of ``rows``
    (int64[n] positions) shows. Equally varied ones are chosen by their values."""
    if len(series) <= most:
        return list(series)
    shown = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]
    order = sorted(range(len(series)), key=lambda i: _variety(series[i].values[shown]), reverse=True)
    return [series[i] for i in sorted(order[: max(most, 0)])]


def widest(coordinates: Sequence[Series], most: int) -> list[Series]:
    """About ``most`` of the coordinates of several columns: the first of each column and view, of all as many."""
    views: dict[tuple[str, str], list[Series]] = {}
    for one in coordinates:
        views.setdefault((one.column, one.name.split()[0]), []).append(one)
    return [one for view in views.values() for one in view[: max(1, most // len(views))]]


def _variety(values: np.ndarray) -> tuple[float, float, float]:
    """The chance that two rows have different known values; their mean and spread tell equals apart."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return 0.0, 0.0, 0.0
    shares = np.unique(known, return_counts=True)[1] / len(values)
    return float((len(known) / len(values)) ** 2 - (shares**2).sum()), float(known.mean()), float(known.std())


def date_series(database: Database, table: str, until: int) -> list[DateSeries]:
    """Every timestamp column that may be read as a feature and has a date by ``until`` in a visible row, and always the
    time column. A date that is still to come must not even tell that there are such, unless it is planned."""
    described = database.schema.tables[table]
    visible = is_visible(database.times(table), until)
    out = []
    for column in described.columns:
        if column.type != "timestamp" or database.is_hidden(table, column.name):
            continue
        stype = stype_as_seen(described, column, database.tables[table].column(column.name), visible)
        dates = database.numbers(table, column.name)
        is_known = ~np.isnan(dates[visible]) if column.is_planned else dates[visible] <= until
        if (stype == Stype.timestamp and is_known.any()) or column.name == described.time_column:
            out.append(DateSeries(f"{table}.{column.name}", dates, column.is_planned))
    return out


def _number_series(
    database: Database, table: str, column: str, visible: np.ndarray, *, is_category: bool
) -> list[Series]:
    values = database.numbers(table, column)
    seen = values[visible]
    seen = seen[~np.isnan(seen)]
    if len(seen) == 0:
        return []
    distinct, counts = np.unique(seen, return_counts=True)
    if len(distinct) == 1:
        return []
    scale, yes_or_no = Scale.fit(seen), len(distinct) == 2 and set(distinct) == {0.0, 1.0}
    out = [Series(f"{table}.{column}", scale(values), yes_or_no, scale.offset)]
    if is_category or (2 < len(distinct) <= 12):
        frequent = distinct[np.lexsort((distinct, -counts))][:MAX_CATEGORIES]
        if len(distinct) > 2:
            texts = [f"{v:g}" for v in frequent]
            if len(set(texts)) < len(texts):  # six digits do not tell them apart
                texts = [repr(float(v)) for v in frequent]
            named = zip(texts, frequent, strict=True)
            out += [Series(f"{table}.{column} = {t}", _equals(values, v), is_indicator=True) for t, v in named]
    return out


def _equals(values: np.ndarray, value: float) -> np.ndarray:
    return np.where(np.isnan(values), 0.0, values == value)


def _category_series(
    database: Database, table: str, column: str, visible: np.ndarray, codes: np.ndarray, values: pa.Array
) -> list[Series]:
    counts = np.bincount(codes[visible & (codes >= 0)], minlength=len(values))
    known, total = (counts > 0).sum(), counts.sum()
    if total == 0 or known <= 1:
        return []
    out = []
    if known > MOST_UNIQUE * total:  # nearly unique text: its length is all that counting can say
        lengths = pc.utf8_length(database.tables[table].column(column)).cast(pa.float64())
        return [Series(f"length of {table}.{column}", lengths.to_numpy(zero_copy_only=False))]
    texts = [str(v) for v in values.to_pylist()] if len(values) <= 2000 else None
    order = np.argsort(-counts, kind="stable")[: 4 * MAX_CATEGORIES]
    named = [(int(c), texts[c] if texts else str(values[int(c)].as_py())) for c in order if counts[c] > 0]
    # Ties are broken by the value, never by the position, which later rows could change.
    cut = counts[named[-1][0]]
    if len(named) == 4 * MAX_CATEGORIES:
        tied = np.flatnonzero(counts == cut)
        named = [n for n in named if counts[n[0]] > cut] + [(int(c), str(values[int(c)].as_py())) for c in tied]
    frequent = sorted(named, key=lambda n: (-counts[n[0]], n[1]))[: 2 if known == 2 else MAX_CATEGORIES]
    is_told = len({text[:SHOWN] for _, text in frequent}) == len(frequent)  # the beginnings of addresses are alike
    for code, text in frequent[:1] if known == 2 else frequent:
        name = f"{table}.{column} = {text[:SHOWN] if is_told else text}"
        out.append(Series(name, (codes == code).astype(np.float64), is_indicator=True))
    frequency = np.append(np.log1p(counts), np.nan)
    out.append(Series(f"frequency of {table}.{column}", frequency[codes]))
    return out
