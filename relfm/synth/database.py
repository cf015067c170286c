"""A generated database as plain arrays: tables with columns, links, names."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class ColumnKind(StrEnum):
    """What the cells of a column are; a flag is the number 0 or 1, a category and a text are strings."""

    NUMBER = "number"
    FLAG = "flag"
    CATEGORY = "category"
    TEXT = "text"
    DATE = "date"

    @property
    def is_string(self) -> bool:
        return self in (ColumnKind.CATEGORY, ColumnKind.TEXT)

    @property
    def is_number(self) -> bool:
        return self in (ColumnKind.NUMBER, ColumnKind.FLAG)


@dataclass(frozen=True)
class Column:
    """N cells of one kind.

    values   float64[N] with NaN (number, flag); int32[N] places in ``strings``, -1 if missing (category, text);
             int64[N] microseconds with MISSING_TIME (date)
    strings  the distinct strings of the column
    """

    name: str
    kind: ColumnKind
    values: np.ndarray
    strings: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether the column is written as whole numbers."""
        if not self.kind.is_number:
            return False
        known = self.values[~np.isnan(self.values)]
        return bool(np.all(known == np.floor(known)))


@dataclass(frozen=True)
class Table:
    """N rows in the order of their times; the primary key of row i is i.

    role   "dimension", "entity", "occasion", "action", "detail" or "bridge"
    key    name of the primary key; clock: name of the time column, None for a table without time
    times  int64[N] microseconds (whole seconds), TIMELESS in a table without time
    """

    name: str
    role: str
    key: str
    clock: str | None
    times: np.ndarray
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Link:
    """Foreign key ``column`` of table ``child`` into table ``parent`` (indices of tables).

    rows  int64[N_child]  parent row of each child row, -1 where missing
    """

    child: int
    parent: int
    column: str
    rows: np.ndarray


@dataclass(frozen=True)
class SyntheticDatabase:
    """A generated database; the same seed and sizes give the same database.

    start, end  microseconds: all events lie in [start, end)
    """

    name: str
    seed: int
    tables: tuple[Table, ...]
    links: tuple[Link, ...]
    start: int
    end: int

    @property
    def num_rows(self) -> int:
        return sum(len(table) for table in self.tables)

    def links_of(self, table: int) -> tuple[Link, ...]:
        """The foreign keys of a table."""
        return tuple(link for link in self.links if link.child == table)
