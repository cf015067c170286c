"""A trial whose database has its names dealt out anew: tables and columns carry the names of others.

What reads no names does not move; what a pretrained network loses is what names told it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from relfm.benchmarks.protocols import Trial
from relfm.database import Database
from relfm.schema import ForeignKey, Schema, Table
from relfm.task import Examples, Labeller


def shuffled(trial: Trial, seed: int = 0) -> Trial:
    """The same rows, questions and labels under other names; labels asked anew come from the database as it was."""
    database, task = trial.database, trial.task.task
    names = Names.dealt(database.schema, seed)
    other = Database(
        Schema.of(names.table(t) for t in database.schema.tables.values()),
        {names.tables[n]: rows.rename_columns([names.columns[n, c] for c in rows.column_names])
         for n, rows in database.tables.items()},
    )  # fmt: skip
    asked = replace(
        task,
        entity=names.tables[task.entity],
        hidden=frozenset((names.tables[t], names.columns[t, c]) for t, c in task.hidden),
        labeller=AsItWas(task.labeller, database),
    )
    benchmark = replace(trial.task, dataset=replace(trial.task.dataset, database=other), task=asked)
    return replace(trial, task=benchmark)


class AsItWas(Labeller):
    """A labeller that looks at the database under its own names, whichever it is given."""

    def __init__(self, labeller: Labeller, database: Database) -> None:
        self._labeller, self._database = labeller, database

    def label(self, database: Database, cutoffs: np.ndarray, rows: np.ndarray | None = None) -> Examples:
        return self._labeller.label(self._database, cutoffs, rows)

    def population(self, database: Database, cutoff: int) -> np.ndarray:
        return self._labeller.population(self._database, cutoff)


class Names:
    """tables: each table's new name; columns: each (table, column)'s."""

    def __init__(self, tables: Mapping[str, str], columns: Mapping[tuple[str, str], str]) -> None:
        self.tables, self.columns = tables, columns

    @classmethod
    def dealt(cls, schema: Schema, seed: int) -> "Names":
        """Every name goes to another place; a column name that a table would get twice gets a number."""
        generator = np.random.default_rng(seed)
        old = list(schema.tables)
        tables = dict(zip(old, (old[i] for i in generator.permutation(len(old))), strict=True))
        places = [(t.name, c.name) for t in schema.tables.values() for c in t.columns]
        given = [places[i][1] for i in generator.permutation(len(places))]
        columns: dict[tuple[str, str], str] = {}
        taken: set[tuple[str, str]] = set()
        for (table, column), name in zip(places, given, strict=True):
            fresh, number = name, 2
            while (table, fresh) in taken:
                fresh, number = f"{name}_{number}", number + 1
            taken.add((table, fresh))
            columns[table, column] = fresh
        return cls(tables, columns)

    def table(self, table: Table) -> Table:
        """The table's description under its new names, its columns where they stood."""

        def column(name: str) -> str:
            return self.columns[table.name, name]

        return replace(
            table,
            name=self.tables[table.name],
            columns=tuple(replace(c, name=column(c.name)) for c in table.columns),
            primary_key=tuple(column(c) for c in table.primary_key),
            foreign_keys=tuple(sorted(self._key(table.name, key) for key in table.foreign_keys)),
            time_column=table.time_column and column(table.time_column),
            time_from=table.time_from and self._key(table.name, table.time_from),
            decisions=(),  # types go with the cells: read anew, they would follow from the new names
        )

    def _key(self, table: str, key: ForeignKey) -> ForeignKey:
        return ForeignKey(
            tuple(self.columns[table, c] for c in key.columns),
            self.tables[key.table],
            tuple(self.columns[key.table, c] for c in key.other_columns),
        )
