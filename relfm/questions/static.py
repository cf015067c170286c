"""Questions about cells that could be missing: a flag, a category, a number of a row."""

import numpy as np

from relfm.database import Database
from relfm.questions.columns import categories_of, numbers_of, some_value
from relfm.questions.events import MIN_EVENTS
from relfm.questions.targets import MOST_CLASSES
from relfm.schema import Column, Table, quoted

FILTERED_SHARE = 0.15


def cells_of(database: Database) -> list[tuple[Table, list[Column]]]:
    """Tables of enough rows with a key of one column, and their columns that a question may ask for."""
    found = []
    for table in database.schema.tables.values():
        if len(table.primary_key) == 1 and database.num_rows(table.name) >= MIN_EVENTS:
            columns = categories_of(database, table) + numbers_of(database, table)
            if columns:
                found.append((table, columns))
    return found


def drawn_cell(database: Database, table: Table, column: Column, generator: np.random.Generator) -> str | None:
    """One of few classes, a number, or whether it is a certain value; now and then only where another cell fits."""
    target = _target(database, table, column, generator)
    if target is None:
        return None
    name = quoted(table.name)
    where = ""
    if generator.random() < FILTERED_SHARE:
        columns = categories_of(database, table) + numbers_of(database, table)
        others = [c for c in columns if c.name != column.name]
        chosen = some_value(database, table, generator, others[generator.integers(len(others))]) if others else None
        where = f" WHERE {name}.{chosen[0]}" if chosen else ""
    return f"PREDICT {name}.{target} FOR EACH {name}.{quoted(table.primary_key[0])}{where}"


def _target(database: Database, table: Table, column: Column, generator: np.random.Generator) -> str | None:
    codes, values = database.codes(table.name, column.name)
    if len(values) < 2 or (codes >= 0).sum() < MIN_EVENTS:
        return None
    asks_value = generator.random() < 0.6
    if asks_value and (len(values) <= MOST_CLASSES if column in categories_of(database, table) else len(values) >= 10):
        return quoted(column.name)
    chosen = some_value(database, table, generator, column)
    return None if chosen is None else chosen[0]
