"""Tables, links and strings of one database as arrays.

Strings (names of tables, columns and relations; categories; text) are numbered, each with one vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from relfm.tensors.task import HiddenColumns, Kind, TaskTensors
from relfm.times import MISSING_TIME


@dataclass(frozen=True)
class TableTensors:
    """N rows of one table; names are string ids.

    name          the table's name
    times         int64[N]       microseconds, MISSING_TIME, TIMELESS
    numbers       float32[N, A]  raw values, NaN where missing
    strings       int32[N, B]    string ids (categories and text), -1 where missing
    dates         int64[N, C]    microseconds, MISSING_TIME where missing
    number_names, string_names, date_names  int32[A], int32[B], int32[C]: "table.column"
    """

    name: int
    times: np.ndarray
    numbers: np.ndarray
    strings: np.ndarray
    dates: np.ndarray
    number_names: np.ndarray
    string_names: np.ndarray
    date_names: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def without(self, kind: Kind, columns: Sequence[int]) -> "TableTensors":
        """The table without those columns of one kind."""
        values, names = f"{kind.value}s", f"{kind.value}_names"
        kept = np.setdiff1d(np.arange(len(getattr(self, names))), columns)
        return replace(self, **{values: getattr(self, values)[:, kept], names: getattr(self, names)[kept]})


@dataclass(frozen=True)
class LinkTensors:
    """One foreign key: the rows of table ``child`` that point at rows of table ``parent`` (indices of tables).

    name      string id of "child.column -> parent"
    parents   int64[N_child]  parent row of each child row, -1 for none
    start     int64[N_parent + 1], children int64[E]: each parent's children, sorted by (time, row); children whose
              time is unknown are left out, because they are never visible
    """

    child: int
    parent: int
    name: int
    parents: np.ndarray
    start: np.ndarray = field(repr=False)
    children: np.ndarray = field(repr=False)

    @classmethod
    def of(
        cls, child: int, parent: int, name: int, parents: np.ndarray, times: np.ndarray, num_parents: int
    ) -> "LinkTensors":
        """The link of child rows at ``times`` (int64[N_child]) that point at ``parents``."""
        rows = np.flatnonzero((parents >= 0) & (times != MISSING_TIME))
        order = rows[np.lexsort((rows, times[rows], parents[rows]))]
        start = np.concatenate([[0], np.cumsum(np.bincount(parents[order], minlength=num_parents))])
        return cls(child, parent, name, parents.astype(np.int64), start.astype(np.int64), order.astype(np.int64))


@dataclass(frozen=True)
class DatabaseTensors:
    """All tables and links of a database, its strings, and questions about it with their answers.

    vectors  float16[S, D]  of the string ids; hashes uint32[S]: identity of each string (equal strings, equal hash)
    """

    name: str
    tables: tuple[TableTensors, ...]
    links: tuple[LinkTensors, ...]
    vectors: np.ndarray
    hashes: np.ndarray
    tasks: tuple[TaskTensors, ...] = ()

    @property
    def num_rows(self) -> int:
        return sum(len(t) for t in self.tables)

    def hide(self, hidden: HiddenColumns) -> "DatabaseTensors":
        """The database without the columns and links that a task hides; tables keep their places, links do not."""
        tables = list(self.tables)
        for table, kind in {(t, k) for t, k, _ in hidden.columns}:
            tables[table] = tables[table].without(kind, [c for t, k, c in hidden.columns if (t, k) == (table, kind)])
        links = tuple(link for i, link in enumerate(self.links) if i not in hidden.links)
        return replace(self, tables=tuple(tables), links=links)

    def with_task(self, task: TaskTensors) -> "DatabaseTensors":
        """The database with what ``task`` hides removed, and its past targets as one more table, linked to the entity.

        A target is a row at the time from which on it was known, so the rule of time hides those of the same horizon.
        The new table is the last of ``tables``, the new link the last of ``links``.
        """
        hidden = self.hide(task.hidden)
        count, none = len(task.rows), np.zeros(0, np.int32)
        table = TableTensors(
            task.name,
            task.known.astype(np.int64),
            task.targets.astype(np.float32)[:, None],
            np.zeros((count, 0), np.int32),
            np.zeros((count, 0), np.int64),
            np.array([task.name], np.int32),
            none,
            none,
        )
        link = LinkTensors.of(
            len(hidden.tables), task.entity, task.name, task.rows, table.times, len(hidden.tables[task.entity])
        )
        return replace(hidden, tables=(*hidden.tables, table), links=(*hidden.links, link))
