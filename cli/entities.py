"""``--for``: which entities to predict, as key values of the right type, from the shell, a file or a pipe."""

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from relfm.errors import UsageError
from relfm.schema import Table
from relfm.times import parse_time, to_datetime64


def _moment(cell: str) -> Any:
    """A date or time as a datetime, which is what the cells of a key of times are compared with."""
    return to_datetime64(parse_time(cell)).item()


_READ: dict[str, Callable[[str], Any]] = {"int64": int, "float64": float, "timestamp": _moment}


def read_entities(text: str, table: Table) -> list[Any]:
    """The keys named by ``1,2``, ``@ids.csv`` or ``-`` (stdin): values, or tuples if the key is composite.

    A file holds one key a line. Its first line may name columns: then the key's columns are read and others ignored.
    """
    if not table.primary_key:
        raise UsageError(f"table '{table.name}' has no primary key, so --for cannot name its rows")
    rows = _rows_of(text)
    if not text.startswith("@") and text != "-" and len(table.primary_key) == 1:
        rows = [[cell] for row in rows for cell in row]
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if text.startswith("@") or text == "-":
        rows = _without_header(rows, table.primary_key)
    if not rows:
        raise UsageError("--for names nobody", hint="write --for 1,2 or --for @ids.csv")
    return [_key(row, table) for row in rows]


def _rows_of(text: str) -> list[list[str]]:
    if text == "-":
        return _parsed(sys.stdin)
    if not text.startswith("@"):
        return _parsed([text])
    path = Path(text[1:])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parsed(file)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"cannot read '{path}': {reason}", hint="--for @FILE takes a CSV file of keys") from None


def _parsed(lines: Iterable[str]) -> list[list[str]]:
    return [row for row in csv.reader(lines, skipinitialspace=True) if row]


def _without_header(rows: list[list[str]], key: Sequence[str]) -> list[list[str]]:
    """The key's columns of ``rows``: by the first line's names if it has them all, else as they stand."""
    if not rows:
        return rows
    names = [cell.casefold() for cell in rows[0]]
    if all(column.casefold() in names for column in key):
        places = [names.index(column.casefold()) for column in key]
        return [[row[place] if place < len(row) else "" for place in places] for row in rows[1:]]
    return rows


def _key(row: list[str], table: Table) -> Any:
    if len(row) != len(table.primary_key):
        raise UsageError(
            f"'{','.join(row)}' has {len(row)} values; the key of '{table.name}' is {', '.join(table.primary_key)}",
            hint="a value that holds a comma is quoted; a file with a header line may hold more columns than the key's",
        )
    values = tuple(_value(cell, table, column) for cell, column in zip(row, table.primary_key, strict=True))
    return values[0] if len(values) == 1 else values


def _value(cell: str, table: Table, column: str) -> Any:
    kind = table.column(column).type
    try:
        return _READ.get(kind, str)(cell)
    except (ValueError, UsageError) as error:
        hint = getattr(error, "hint", None)
        raise UsageError(f"'{cell}' is not a value of {table.name}.{column} ({kind})", hint=hint) from None
