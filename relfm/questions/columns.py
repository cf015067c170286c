"""The columns of a table that a question may name, and values of them."""

import numpy as np

from relfm.database import Database
from relfm.questions.values import literal, number
from relfm.schema import Column, Table, quoted
from relfm.stype import Stype

RARE, COMMON = 0.02, 0.9
MOST_VALUES = 200


def categories_of(database: Database, table: Table) -> list[Column]:
    """Flags and categories that are no keys."""
    return [c for c in _readable(database, table) if c.stype == Stype.categorical and c.type != "list"]


def numbers_of(database: Database, table: Table) -> list[Column]:
    """Columns of numbers that are no keys and do not look like one."""
    columns = [c for c in _readable(database, table) if c.stype == Stype.numerical]
    return [c for c in columns if not (c.type == "int64" and c.name.casefold().endswith("id"))]


def some_value(
    database: Database, table: Table, generator: np.random.Generator, column: Column | None = None
) -> tuple[str, np.ndarray] | None:
    """A condition on a category or number of the table, without the table's name, and the rows (bool[n]) that fit it;
    None if the column drawn has no value that is neither rare nor nearly everywhere."""
    columns = categories_of(database, table) * 2 + numbers_of(database, table)
    if column is None and not columns:
        return None
    column = column or columns[generator.integers(len(columns))]
    return (_category if column.stype == Stype.categorical else _above)(database, table, column, generator)


def _readable(database: Database, table: Table) -> list[Column]:
    keys = table.key_columns | {table.time_column}
    columns = sorted(table.columns, key=lambda c: c.name)
    return [c for c in columns if c.name not in keys and not database.is_hidden(table.name, c.name)]


def _category(
    database: Database, table: Table, column: Column, generator: np.random.Generator
) -> tuple[str, np.ndarray] | None:
    codes, values = database.codes(table.name, column.name)
    known = codes[codes >= 0]
    if not len(known) or len(values) > MOST_VALUES:
        return None
    shares = np.bincount(known, minlength=len(values)) / len(codes)
    by_value = np.argsort(np.array([str(v) for v in values.to_pylist()]), kind="stable")
    usable = by_value[(shares[by_value] >= RARE) & (shares[by_value] <= COMMON)]
    if not len(usable):
        return None
    weights = np.sqrt(shares[usable])
    chosen = int(generator.choice(usable, p=weights / weights.sum()))
    told = literal(values[chosen].as_py())
    return None if told is None else (f"{quoted(column.name)} = {told}", codes == chosen)


def _above(
    database: Database, table: Table, column: Column, generator: np.random.Generator
) -> tuple[str, np.ndarray] | None:
    values = database.numbers(table.name, column.name)
    known = values[np.isfinite(values)]
    bound = threshold(known, generator)
    return None if bound is None else (f"{quoted(column.name)} > {number(bound)}", values > bound)


def threshold(values: np.ndarray, generator: np.random.Generator) -> float | None:
    """A round number that 5 to 95 % of ``values`` (float64[n]) exceed; None if there is none to be found."""
    for quantile in generator.uniform(0.1, 0.9, 4) if len(values) else ():
        bound = float(f"{np.quantile(values, quantile):.3g}")
        if 0.05 < (values > bound).mean() < 0.95:
            return bound
    return None
