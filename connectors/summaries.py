"""Columns that sum up the details of their row: a count, a sum, a mean, an extreme or the last of their values.

What is compared is what the details come to, with and without the last one, so that a cell which the details copy, or
which was there before them, is no summary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.database import Database
from relfm.schema import ForeignKey
from relfm.times import DAY, MISSING_TIME

ENOUGH_ROWS, MOSTLY = 20, 0.95
"""How many rows must have a summary that the last detail changed, and how many of them must agree with it."""

MOST_ROWS, LEAST_ROWS, MOST_DETAILS = 1_000, 100, 20_000
"""So many rows are looked at, evenly over all: fewer where they have more details, but never fewer than the least."""

_ALIKE, _GLANCE, _AT_A_GLANCE = 0.9, 200, 0.8
_FEW_VALUES, _MOST_DECIMALS = 8, 4

Summaries = tuple[Sequence[str], np.ndarray, np.ndarray]
"""In words; float64[k, s] of all details of each row, and of all but the last."""


@dataclass(frozen=True, eq=False)
class Details:
    """Rows of ``table`` that point at parents: parents int64[n] (-1 for none), times int64[n]."""

    table: str
    key: ForeignKey
    parents: np.ndarray
    times: np.ndarray


@dataclass(frozen=True, eq=False)
class _Segments:
    """Details of k rows, those of each in the order of time and two at least.

    rows   int64[m]  rows of the details' table; row i's from ``start[i]`` to ``last[i]``
    owner  int64[k]  the rows that may sum them up
    late   bool[k]   whether the last detail came later than the first one and than the row
    """

    rows: np.ndarray
    start: np.ndarray
    last: np.ndarray
    owner: np.ndarray
    late: np.ndarray


def summaries_of(
    database: Database, owner: str, columns: Sequence[str], details: Details, rows: np.ndarray
) -> Iterator[tuple[str, str]]:
    """Those of ``columns`` of ``owner`` that sum up ``details``, and what they hold. ``rows`` (int64[parents]) is the
    row of ``owner`` for each parent, -1 for none."""
    types = {c.name: c.type for c in database.schema.tables[owner].columns}
    numbers = [c for c in columns if types[c] in ("int64", "float64")]
    dates = [c for c in columns if types[c] == "timestamp"]
    texts = [c for c in columns if types[c] == "string"]
    segments = _segments(details, rows, database.times(owner))
    if segments.late.sum() < ENOUGH_ROWS:
        return
    found = []
    for named, off, summaries in (
        (numbers, _rounding, _of_numbers(database, details, segments)),
        (dates, _a_day, _of_dates(database, details, segments)),
    ):
        cells = [database.numbers(owner, c)[segments.owner] for c in named]
        found += _agreeing(named, cells, [off(c) for c in cells], summaries, segments.late)
    cells, summaries = _of_texts(database, owner, texts, details, segments)
    found += _agreeing(texts, cells, [0.0] * len(texts), summaries, segments.late)
    yield from ((column, f"it is the {what} of its rows in {details.table}, later ones too") for column, what in found)


def _segments(details: Details, rows: np.ndarray, times: np.ndarray) -> _Segments:
    linked = np.flatnonzero((details.parents >= 0) & (details.times != MISSING_TIME))
    counts = np.bincount(details.parents[linked], minlength=len(rows))
    parents = np.flatnonzero((counts > 1) & (rows >= 0))
    fewer = min(-(-int(counts[parents].sum()) // MOST_DETAILS), len(parents) // LEAST_ROWS)
    parents = parents[:: max(1, -(-len(parents) // MOST_ROWS), fewer)]
    number = np.full(len(rows), -1)
    number[parents] = np.arange(len(parents))
    linked = linked[number[details.parents[linked]] >= 0]
    linked = linked[np.lexsort((linked, details.times[linked], number[details.parents[linked]]))]
    last = np.cumsum(counts[parents]) - 1
    start = last - counts[parents] + 1
    at, owner = details.times[linked], rows[parents]
    late = at[last] > np.maximum(at[start], times[owner])
    return _Segments(linked, start, last, owner, late)


def _agreeing(
    columns: Sequence[str],
    cells: Sequence[np.ndarray],
    off: Sequence[float],
    batches: Iterator[Summaries],
    late: np.ndarray,
) -> list[tuple[str, str]]:
    """(column, summary) for the columns whose cells (float64[k]) are within ``off`` of a summary, where that is not
    what it was without the last detail."""
    found: dict[int, str] = {}
    rows = np.flatnonzero(late)
    glance = rows[:: max(1, len(rows) // _GLANCE)]
    for names, end, early in batches if columns else ():
        shown = np.column_stack(cells)[glance][:, :, None]
        ends, changed = end[glance][:, None], (end != early)[glance][:, None]
        told = changed & ~np.isnan(shown)
        near = told & (np.abs(shown - ends) <= _margin(np.array(off)[:, None], ends))
        likely = near.sum(axis=0) >= np.maximum(_AT_A_GLANCE * told.sum(axis=0), 1)
        for i, j in zip(*np.nonzero(likely), strict=True):
            if i not in found and _agrees(cells[i][rows], end[rows, j], early[rows, j], off[i]):
                found[int(i)] = names[j]
        if len(found) == len(columns):
            break
    return [(columns[i], what) for i, what in sorted(found.items())]


def _agrees(cells: np.ndarray, end: np.ndarray, early: np.ndarray, off: float) -> bool:
    margin = _margin(off, end)
    told = ~np.isnan(cells) & ~(np.abs(end - early) <= 2 * margin)
    if told.sum() < ENOUGH_ROWS or (np.abs(cells - end) <= margin)[told].mean() < MOSTLY:
        return False
    return bool(np.unique(cells[told], return_counts=True)[1].max() <= _ALIKE * told.sum())


def _margin(off: np.ndarray | float, end: np.ndarray) -> np.ndarray:
    return off + 1e-9 * np.abs(end)


def _rounding(cells: np.ndarray) -> float:
    """How far a summary may lie off cells that are rounded to so many decimals: less than to the next ones."""
    known = cells[~np.isnan(cells)]
    scales = (10.0**d for d in range(_MOST_DECIMALS))
    fits = (s for s in scales if np.all(np.abs(known * s - np.rint(known * s)) <= 1e-6 * np.maximum(s, np.abs(known))))
    return 0.499 / next(fits, 10.0**_MOST_DECIMALS)


def _a_day(cells: np.ndarray) -> float:
    """Dates may lack their hours or be of another zone."""
    return float(DAY)


def _of_numbers(database: Database, details: Details, segments: _Segments) -> Iterator[Summaries]:
    table, (start, last) = database.schema.tables[details.table], (segments.start, segments.last)
    own = [c.name for c in table.columns if c.type in ("int64", "float64") and c.name not in table.key_columns]
    values = np.column_stack(
        [np.ones(len(segments.rows)), *(database.numbers(table.name, c)[segments.rows] for c in own)]
    )
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    for where, kept in _parts(database, details.table, segments.rows):
        yield [f"number{where}", *(f"sum of {c}{where}" for c in own)], *_sums(filled * kept[:, None], segments)
    if not own:
        return
    sums, counts = _sums(filled, segments), _sums(known.astype(np.float64), segments)
    with np.errstate(invalid="ignore", divide="ignore"):
        yield ["number", *(f"mean of {c}" for c in own)], sums[0] / counts[0], sums[1] / counts[1]
    yield ["number", *(f"last {c}" for c in own)], values[last], values[last - 1]
    for what, extreme, sign in (("largest", np.fmax, 1.0), ("smallest", np.fmin, -1.0)):
        without = values.copy()
        without[last] = -sign * np.inf
        ends = (extreme.reduceat(v, start, axis=0) for v in (values, without))
        yield ["number", *(f"{what} {c}" for c in own)], *ends


def _sums(values: np.ndarray, segments: _Segments) -> tuple[np.ndarray, np.ndarray]:
    total = np.add.reduceat(values, segments.start, axis=0)
    return total, total - values[segments.last]


def _parts(database: Database, table: str, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """All details, and those that one of few values tells from the others (only paid ones; all but the deleted)."""
    yield "", np.ones(len(rows), dtype=bool)
    described = database.schema.tables[table]
    for column in described.columns:
        if column.name in described.key_columns or column.type == "list":
            continue
        cells = database.tables[table].column(column.name).take(pa.array(rows))
        if column.type == "timestamp":
            known = pc.is_valid(cells).to_numpy()
            if not known.all():
                yield f" without {column.name}", ~known
                yield f" with {column.name}", known
            continue
        encoded = cells.combine_chunks().dictionary_encode()
        if 1 < len(encoded.dictionary) <= _FEW_VALUES:
            codes = pc.fill_null(encoded.indices, -1).to_numpy()
            for code, value in enumerate(encoded.dictionary.to_pylist()):
                yield f" with {column.name} {value}", codes == code
                yield f" with another {column.name} than {value}", codes != code


def _of_dates(database: Database, details: Details, segments: _Segments) -> Iterator[Summaries]:
    described, last = database.schema.tables[details.table], segments.last
    others = [c.name for c in described.columns if c.type == "timestamp" and c.name != described.time_column]
    moments = [details.times, *(database.numbers(details.table, c) for c in others)]
    cells = np.column_stack([m[segments.rows].astype(np.float64) for m in moments])
    without = cells.copy()
    without[last] = -np.inf
    ends = (np.fmax.reduceat(c, segments.start, axis=0) for c in (cells, without))
    yield ["latest time", *(f"latest {c}" for c in others)], *ends


def _of_texts(
    database: Database, owner: str, columns: Sequence[str], details: Details, segments: _Segments
) -> tuple[list[np.ndarray], Iterator[Summaries]]:
    """The cells of ``columns`` and the last text of each of the details' columns as codes of equal texts."""
    described = database.schema.tables[details.table]
    others = [c.name for c in described.columns if c.type == "string" and c.name not in described.key_columns]
    if not columns or not others:
        return [np.full(len(segments.owner), np.nan)] * len(columns), iter(())
    own = [database.tables[owner].column(c).take(pa.array(segments.owner)) for c in columns]
    ends = [segments.rows[segments.last], segments.rows[segments.last - 1]]
    theirs = [database.tables[details.table].column(c).take(pa.array(rows)) for rows in ends for c in others]
    encoded = pa.concat_arrays([part for column in (*own, *theirs) for part in column.chunks]).dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy().astype(np.float64).reshape(len(own) + len(theirs), -1)
    cells, end, early = np.split(codes, [len(own), len(own) + len(others)])
    return list(np.where(cells < 0, np.nan, cells)), iter([([f"last {c}" for c in others], end.T, early.T)])
