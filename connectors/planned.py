"""Dates that are set when their row is made, though they lie ahead of it: an invoice is due, a stay begins.

A name alone does not show it, for a date may be moved or filled in afterwards; nor do values alone, for in an archive
everything has been filled in. Where a name says that the date is set in advance and the rows agree, features read it
from the row on; where the rows alone speak for it, the user is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relfm.connectors.names import words_of
from relfm.connectors.overrides import TableOverride
from relfm.connectors.roles import Role, role_of
from relfm.connectors.row_times import dates_written_later
from relfm.errors import SchemaError
from relfm.reading import tokens
from relfm.schema import Decision
from relfm.times import DAY

_SET_IN_ADVANCE = words_of("due expires expire expiry expiration deadline required promised maturity")
"""Not renewed, expected or estimated: those are written over as things proceed."""

_FEWEST = 50
"""Rows with the date that it takes to see when it is set."""

_LATEST = 20
"""Rows at least that count as the latest."""

_NEVER = 36_525 * DAY
"""A date a hundred years ahead (9999-12-31) says that there is none yet, which is written over once there is."""

_AHEAD = 0.98
_MOVED = 1.1
"""How many times the leads of older rows may be those of later ones: dates that are put off give older rows more."""


@dataclass(frozen=True)
class DatesKnown:
    """Which columns' dates are ``later`` than their rows (filled or overwritten afterwards), and which are ``planned``
    (known from the row on though they lie ahead), and why."""

    later: frozenset[str]
    planned: frozenset[str]
    decisions: tuple[Decision, ...]


def dates_known(
    table: str, rows: pa.Table, time_column: str | None, said: TableOverride, *, complete: bool
) -> DatesKnown:
    """When the dates of a table are known: as the user says, else as names and rows show; nothing is inferred where the
    schema is ``complete``. SchemaError for a stated column that holds no dates, or that is stated as both."""
    later = dates_written_later(table, rows, time_column, said.written_later)
    decisions = []
    if said.written_later is not None:
        decisions.append(Decision("written_later", ", ".join(sorted(later)) or "none", "user", "schema file"))
    elif said.planned is not None:
        later -= frozenset(said.planned)
    if said.planned is not None:
        _check_stated(table, rows, said.planned, later)
        decisions.append(Decision("planned", ", ".join(sorted(said.planned)) or "none", "user", "schema file"))
        return DatesKnown(later, frozenset(said.planned), tuple(decisions))
    planned = set()
    for column, why in _ahead(table, rows, time_column, later) if time_column and not complete else ():
        if _SET_IN_ADVANCE.intersection(tokens(column)):
            planned.add(column)
            decisions.append(Decision("planned", column, "inferred", why))
        else:
            hint = f'{why}; if it is never changed afterwards, planned = ["{column}"] lets features read it ahead'
            decisions.append(Decision("suspect", "planned", "inferred", hint, column))
    return DatesKnown(later, frozenset(planned), tuple(decisions))


def _check_stated(table: str, rows: pa.Table, stated: tuple[str, ...], later: frozenset[str]) -> None:
    for column in stated:
        if column not in rows.column_names or not pa.types.is_timestamp(rows.column(column).type):
            raise SchemaError(
                f"column '{table}.{column}' is stated as planned, and its cells are not read as dates",
                hint="name a column of dates, or say how they are written: timestamp D/M/Y",
            )
        if column in later:
            raise SchemaError(
                f"column '{table}.{column}' is stated both as planned and as written later",
                hint="a date is known either from its row on or from its own moment on",
            )


def _ahead(table: str, rows: pa.Table, time_column: str, later: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The columns of dates that lie ahead as if set with their rows, and what shows it."""
    made = _micros(rows, time_column)
    for column in rows.column_names:
        is_candidate = pa.types.is_timestamp(rows.column(column).type) and column not in (time_column, *later)
        if is_candidate and role_of(table, column) is not Role.LIFE:
            why = _seen_ahead(made, _micros(rows, column))
            if why is not None:
                yield column, why


def _seen_ahead(made: np.ndarray, dates: np.ndarray) -> str | None:
    """What shows that float64[n] ``dates`` (microseconds, NaN where missing) were set as their rows were ``made``: they
    lie ahead of them; the latest rows have them as often as others do, and many of those are still to come; and older
    rows have them no further ahead, so that they are not put off. None if anything speaks against it."""
    dates = np.where(dates - made > _NEVER, np.nan, dates)
    is_known = ~np.isnan(made) & ~np.isnan(dates)
    if is_known.sum() < _FEWEST:
        return None
    lead = (dates - made)[is_known] / DAY
    if (lead >= 0).mean() < _AHEAD or np.median(lead) < 1:
        return None
    order = np.argsort(made[~np.isnan(made)], kind="stable")
    made, dates = made[~np.isnan(made)][order], dates[~np.isnan(made)][order]
    end = made[int(0.999 * (len(made) - 1))]
    latest = (made > end - np.median(lead) / 2 * DAY) & (made <= end)
    if latest.sum() < _LATEST:
        latest = np.arange(len(made)) >= len(made) - _LATEST
    share, usual = (~np.isnan(dates[latest])).mean(), (~np.isnan(dates)).mean()
    coming = (dates[latest] > end).sum()
    if share < 0.9 * usual or coming < _LATEST / 2 or coming < 0.5 * (~np.isnan(dates[latest])).sum():
        return None
    old, new = np.array_split(((dates - made) / DAY)[~np.isnan(dates)], 2)
    noise = 3 * np.sqrt(old.var() / len(old) + new.var() / len(new))
    if old.mean() > _MOVED * new.mean() + noise:
        return None
    return (
        f"{coming:,} of the latest {int(latest.sum()):,} rows have it ahead of all of them, as set when they were made"
    )


def _micros(rows: pa.Table, column: str) -> np.ndarray:
    values = rows.column(column).cast(pa.timestamp("us"))
    micros = values.cast(pa.int64()).fill_null(0).to_numpy().astype(np.float64)
    return np.where(values.is_null().to_numpy(), np.nan, micros)
