"""A generated database as DatabaseTensors, with no file between."""

import zlib
from collections.abc import Sequence

import numpy as np

from relfm.synth.database import Column, ColumnKind, Encode, Identify, SyntheticDatabase, Table
from relfm.synth.questions import Answered, draw_questions
from relfm.tensors import DatabaseTensors, Kind, LinkTensors, TableTensors, TaskTensors
from relfm.tensors.task import HiddenColumns

_KIND = {
    ColumnKind.NUMBER: Kind.NUMBER,
    ColumnKind.FLAG: Kind.NUMBER,
    ColumnKind.CATEGORY: Kind.STRING,
    ColumnKind.TEXT: Kind.STRING,
    ColumnKind.DATE: Kind.DATE,
}


def as_tensors(
    database: SyntheticDatabase, encode: Encode, *, identify: Identify | None = None, tasks: int = 8
) -> DatabaseTensors:
    """Tables, links, strings and up to ``tasks`` questions; the same database gives the same questions."""
    strings = _Strings()
    tables = tuple(_table(table, strings) for table in database.tables)
    links = tuple(
        LinkTensors.of(
            link.child,
            link.parent,
            strings.number(f"{_names(database, link.child)}.{link.column} -> {_names(database, link.parent)}"),
            link.rows,
            database.tables[link.child].times,
            len(database.tables[link.parent]),
        )
        for link in database.links
    )
    rng = np.random.default_rng([database.seed, database.num_rows, tasks])
    asked = tuple(_task(q, database, strings) for q in draw_questions(rng, database, tasks))
    every = strings.ordered()
    vectors = np.asarray(encode(every), np.float16)
    return DatabaseTensors(database.name, tables, links, vectors, (identify or checksums)(every), asked)


def checksums(strings: Sequence[str]) -> np.ndarray:
    """uint32[n]: CRC-32 of each string's UTF-8 bytes."""
    return np.fromiter((zlib.crc32(s.encode()) for s in strings), np.uint32, len(strings))


class _Strings:
    """Strings by number, in the order in which they first came."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, string: str) -> int:
        return self._numbers.setdefault(string, len(self._numbers))

    def ordered(self) -> list[str]:
        return list(self._numbers)


def _names(database: SyntheticDatabase, table: int) -> str:
    return database.tables[table].name


def _table(table: Table, strings: _Strings) -> TableTensors:
    name = strings.number(table.name)
    by_kind: dict[Kind, list[Column]] = {kind: [] for kind in Kind}
    for column in table.columns:
        by_kind[_KIND[column.kind]].append(column)
    names = {
        kind: np.array([strings.number(f"{table.name}.{c.name}") for c in held], np.int32)
        for kind, held in by_kind.items()
    }
    return TableTensors(
        name,
        table.times,
        _stacked([c.values for c in by_kind[Kind.NUMBER]], len(table), np.float32),
        _stacked([_numbered(c, strings) for c in by_kind[Kind.STRING]], len(table), np.int32),
        _stacked([c.values for c in by_kind[Kind.DATE]], len(table), np.int64),
        names[Kind.NUMBER],
        names[Kind.STRING],
        names[Kind.DATE],
    )


def _stacked(columns: list[np.ndarray], rows: int, kind: type) -> np.ndarray:
    """[rows, columns], whatever their number."""
    stacked = np.empty((rows, len(columns)), kind)
    for place, values in enumerate(columns):
        stacked[:, place] = values
    return stacked


def _numbered(column: Column, strings: _Strings) -> np.ndarray:
    """int32[N]: the database's numbers of a column's strings, -1 where missing."""
    numbers = np.array([*(strings.number(s) for s in column.strings), -1], np.int32)
    return numbers[column.values]


def _task(question: Answered, database: SyntheticDatabase, strings: _Strings) -> TaskTensors:
    return TaskTensors(
        name=strings.number(question.text),
        entity=question.table,
        kind=question.kind,
        horizon=question.horizon,
        rows=question.rows,
        cutoffs=question.cutoffs,
        targets=question.targets,
        known=question.known,
        num_classes=question.num_classes,
        hidden=_hidden(question, database),
    )


def _hidden(question: Answered, database: SyntheticDatabase) -> HiddenColumns:
    """The column that a static question asks for, by its place among those of its kind."""
    if question.column is None:
        return HiddenColumns()
    columns = database.tables[question.table].columns
    kind = _KIND[columns[question.column].kind]
    place = sum(_KIND[c.kind] is kind for c in columns[: question.column])
    return HiddenColumns(((question.table, kind, place),))
