"""The timed shop under other names: every table and every column renamed, so that alphabetical order changes too."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from timed_shop import QUESTIONS, SCHEMA

from relfm.schema import ForeignKey, Schema, Table

TABLES = {name: f"t{90 - number}" for number, name in enumerate(sorted(SCHEMA.tables))}
RENAMED = {
    (table.name, column.name): f"c{90 - number}_{TABLES[table.name]}"
    for table in SCHEMA.tables.values()
    for number, column in enumerate(table.columns)
}
"""(table, column) to the column's other name."""


def renamed_frames(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {
        TABLES[name]: rows.rename(columns={c: RENAMED[name, c] for c in rows.columns}) for name, rows in tables.items()
    }


def renamed_schema() -> Schema:
    return Schema.of(_table(table) for table in SCHEMA.tables.values())


def renamed_question(kind: str) -> str:
    """The question of ``kind`` with its ``table.column`` names replaced."""

    def other(match: re.Match) -> str:
        table, column = match.groups()
        return f"{TABLES[table]}.{column if column == '*' else RENAMED[table, column]}"

    return re.sub(r"(\w+)\.(\w+|\*)", other, QUESTIONS[kind])


def _table(table: Table) -> Table:
    def column(name: str) -> str:
        return RENAMED[table.name, name]

    return replace(
        table,
        name=TABLES[table.name],
        columns=tuple(replace(c, name=column(c.name)) for c in table.columns),
        primary_key=tuple(column(c) for c in table.primary_key),
        foreign_keys=tuple(sorted(_key(table.name, key) for key in table.foreign_keys)),
        time_column=table.time_column and column(table.time_column),
        time_from=table.time_from and _key(table.name, table.time_from),
    )


def _key(table: str, key: ForeignKey) -> ForeignKey:
    return ForeignKey(
        tuple(RENAMED[table, c] for c in key.columns),
        TABLES[key.table],
        tuple(RENAMED[key.table, c] for c in key.other_columns),
    )
