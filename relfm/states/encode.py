"""A Database as arrays: numbers, strings and dates of every table, links, and questions with their answers.

Tables and columns stand in alphabetical order, so the order in which a source lists them leaves no trace.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from relfm.context import known_at
from relfm.database import Database
from relfm.distinct import distinct
from relfm.features.scale import Scale
from relfm.history import is_visible
from relfm.reading import stype_as_seen
from relfm.schema import Column, Table
from relfm.states.strings import Encoder, StringTable
from relfm.stype import Stype
from relfm.task import Examples, Task
from relfm.tensors import DatabaseTensors, Kind, LinkTensors, TableTensors, TaskTensors
from relfm.tensors.task import HiddenColumns

READABLE = (Stype.numerical, Stype.categorical, Stype.timestamp)


@dataclass(frozen=True)
class Encoded:
    """The arrays, whose string vectors may still be empty, the strings behind them, and where columns and links went.

    columns  (table, column) to (table, kind, column) by index; links: foreign keys in order, as (table, columns)
    filled   bool[S]: the strings whose vectors are there
    """

    tensors: DatabaseTensors
    strings: StringTable
    columns: dict[tuple[str, str], tuple[int, Kind, int]]
    links: tuple[tuple[str, tuple[str, ...]], ...]
    filled: np.ndarray

    def fill(self, wanted: np.ndarray) -> None:
        """Computes the vectors of those string ids (-1 for none) that are still empty, in place."""
        wanted = distinct(wanted[wanted >= 0])
        wanted = wanted[~self.filled[wanted]]
        self.strings.fill(self.tensors.vectors, wanted)
        self.filled[wanted] = True

    def fill_all(self) -> "Encoded":
        self.fill(np.arange(len(self.filled)))
        return self


def encode_database(database: Database, encoder: Encoder, *, name: str = "", until: int | None = None) -> Encoded:
    """All cells that features may read (keys and hidden columns are none), every link; vectors of names alone.

    Categories in numbers are strings: their order means nothing. Which numbers are categories, and which columns are
    there at all, is decided by the rows visible at ``until`` (microseconds), by all rows if it is None. Cost: linear
    in cells; text is encoded when filled.
    """
    strings, columns = StringTable(encoder), {}
    names = sorted(database.tables)
    tables = [_table(database, n, place, strings, columns, until) for place, n in enumerate(names)]
    links, keys = [], []
    for child, table in enumerate(names):
        for key in sorted(database.schema.tables[table].foreign_keys):
            is_hidden = any(database.is_hidden(table, c) for c in key.columns)
            sides = database.schema.tables[table], database.schema.tables.get(key.table)
            if key.table not in database.tables or is_hidden or any(side.time_unknown for side in sides):
                continue
            label = strings.id(f"{table}.{'+'.join(key.columns)} -> {key.table}")
            size = database.num_rows(key.table)
            parents = database.links(table, key)
            links.append(LinkTensors.of(child, names.index(key.table), label, parents, tables[child].times, size))
            keys.append((table, key.columns))
    label_ids = [*(t.name for t in tables), *(k.name for k in links)]
    label_ids += [i for t in tables for part in (t.number_names, t.string_names, t.date_names) for i in part]
    vectors = np.zeros((len(strings), encoder.dim), np.float16)
    tensors = DatabaseTensors(name, tuple(tables), tuple(links), vectors, strings.hashes())
    made = Encoded(tensors, strings, columns, tuple(keys), np.zeros(len(strings), bool))
    made.fill(np.array(label_ids, np.int64))
    return made


def encode_task(encoded: Encoded, task: Task, labelled: Examples) -> tuple[Encoded, TaskTensors]:
    """The question with its answers (none of them needed), and the arrays with its text among the strings."""
    label = encoded.strings.id(task.english or task.name)
    tensors, filled = encoded.tensors, encoded.filled
    if label >= len(filled):
        more = label + 1 - len(filled)
        vectors = np.concatenate([tensors.vectors, np.zeros((more, tensors.vectors.shape[1]), np.float16)])
        tensors = replace(tensors, vectors=vectors, hashes=encoded.strings.hashes())
        filled = np.concatenate([filled, np.zeros(more, bool)])
    encoded = replace(encoded, tensors=tensors, filled=filled)
    encoded.fill(np.array([label]))
    targets = np.zeros(len(labelled)) if labelled.targets is None else labelled.targets
    made = TaskTensors(
        name=label,
        entity=_place(encoded, task.entity),
        kind=task.kind.value,
        horizon=0 if task.horizon is None else task.horizon.approximate(),
        rows=labelled.rows.astype(np.int64),
        cutoffs=labelled.cutoffs.astype(np.int64),
        targets=targets.astype(np.float64),
        known=known_at(task, labelled.cutoffs).astype(np.int64),
        num_classes=max(2, len(task.classes)),
        hidden=_hidden(encoded, task),
    )
    return encoded, made


def _place(encoded: Encoded, table: str) -> int:
    label = encoded.strings.id(table)
    return next(i for i, t in enumerate(encoded.tensors.tables) if t.name == label)


def _hidden(encoded: Encoded, task: Task) -> HiddenColumns:
    columns = tuple(sorted(encoded.columns[c] for c in task.hidden if c in encoded.columns))
    links = [i for i, (table, key) in enumerate(encoded.links) if any((table, c) in task.hidden for c in key)]
    return HiddenColumns(columns, tuple(links))


def _table(
    database: Database,
    name: str,
    place: int,
    strings: StringTable,
    columns: dict[tuple[str, str], tuple[int, Kind, int]],
    until: int | None,
) -> TableTensors:
    described = database.schema.tables[name]
    rows, times = database.num_rows(name), database.times(name)
    visible = np.ones(rows, bool) if until is None else is_visible(times, until)
    parts: dict[Kind, tuple[list[np.ndarray], list[int]]] = {kind: ([], []) for kind in Kind}
    for column in sorted(described.columns, key=lambda c: c.name):
        kind = _kind_of(database, described, column, visible)
        if kind is None:
            continue
        values, labels = parts[kind]
        columns[name, column.name] = place, kind, len(values)
        cells = _VALUES[kind](database, name, column.name, strings)
        values.append(_told_apart(cells, visible) if kind == Kind.NUMBER else cells)
        labels.append(strings.id(f"{name}.{column.name}"))

    def stacked(kind: Kind, dtype: type) -> np.ndarray:
        values = parts[kind][0]
        return np.stack(values, axis=1).astype(dtype) if values else np.zeros((rows, 0), dtype)

    labels = [np.array(parts[kind][1], np.int32) for kind in Kind]
    cells = stacked(Kind.NUMBER, np.float32), stacked(Kind.STRING, np.int32), stacked(Kind.DATE, np.int64)
    return TableTensors(strings.id(name), times, *cells, *labels)


def _kind_of(database: Database, table: Table, column: Column, visible: np.ndarray) -> Kind | None:
    """What sort of cells the column holds; None for keys, hidden columns and what carries no features.

    The schema's type of a column follows from rows of any time, so it is read from the visible ones instead.
    """
    if database.is_hidden(table.name, column.name):
        return None
    stype = stype_as_seen(table, column, database.tables[table.name].column(column.name), visible)
    if column.type == "timestamp":
        is_known = stype == Stype.timestamp and not column.is_written_later  # a row's vector is the same at any time
        return Kind.DATE if is_known or column.name == table.time_column else None
    if stype is None:
        return None
    if column.type == "string":
        return Kind.STRING
    if column.type not in ("int64", "float64") or stype not in READABLE:
        return None
    return Kind.STRING if stype == Stype.categorical else Kind.NUMBER


def _numbers(database: Database, table: str, column: str, strings: StringTable) -> np.ndarray:
    return database.numbers(table, column)


def _told_apart(values: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Numbers that a float32 would not tell apart, by the scale of the visible ones; all others as they are."""
    seen = values[visible]
    return Scale.fit(seen[~np.isnan(seen)])(values)


def _dates(database: Database, table: str, column: str, strings: StringTable) -> np.ndarray:
    values = database.tables[table].column(column).cast(pa.timestamp("us")).cast(pa.int64())
    return values.fill_null(np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)


def _strings(database: Database, table: str, column: str, strings: StringTable) -> np.ndarray:
    codes, values = database.codes(table, column)
    # A later cell with a fraction makes a column of whole numbers one of floats; its texts must not change with it.
    texts = [str(int(v) if isinstance(v, float) and v.is_integer() else v) for v in values.to_pylist()]
    # Ids follow the rows' order of first mention, not the dictionary's.
    return np.append(strings.ids(texts), -1)[codes]


_VALUES = {Kind.NUMBER: _numbers, Kind.STRING: _strings, Kind.DATE: _dates}
