"""What every connector offers: a description of what is declared, and the rows of a table as Arrow record batches.

A connector never writes to its source and never shows a password.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from relfm.connectors.fingerprint import hash_files
from relfm.schema import Decision, ForeignKey, match_name

BINARY = "binary data"
"""Why the cells of a column of bytes are not read, unless it is part of a key."""


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as the source declares it; ``skipped`` says why its cells are not read (binary data), ``date_forms``
    of which forms they were when they were read from text as dates (D/M/Y)."""

    name: str
    sql_type: str
    skipped: str | None = None
    date_forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeclaredTable:
    """A table as the source declares it: keys are what constraints say, nothing is guessed here."""

    name: str
    columns: tuple[DeclaredColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    """Keys to tables that are not read too: those of another schema under its name, ``crm.owners``."""
    time_column: str | None = None
    complete: bool = False
    """Whether the source declares all there is to know, so that nothing is inferred (a RelBench manifest)."""
    decisions: tuple[Decision, ...] = ()
    """What else there is to say about the table: what was left out, in which unit a column is read."""

    @property
    def read_columns(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.skipped is None)


def key_columns(declared: Iterable[DeclaredTable]) -> frozenset[tuple[str, str]]:
    """Every (table, column) that is part of a declared key: a primary key, or either side of a foreign key."""
    declared = list(declared)
    own = {(t.name, c) for t in declared for c in (*t.primary_key, *(c for fk in t.foreign_keys for c in fk.columns))}
    return frozenset(own | {(fk.table, c) for t in declared for fk in t.foreign_keys for c in fk.other_columns})


def with_binary_keys(declared: Iterable[DeclaredTable]) -> tuple[DeclaredTable, ...]:
    """The same tables with keys of bytes among the columns that are read: they come as hexadecimal text, so that
    databases that number their rows with UUIDs in binary keep their keys and links."""
    declared = tuple(declared)
    keys = key_columns(declared)

    def readable(table: DeclaredTable, column: DeclaredColumn) -> DeclaredColumn:
        is_key = column.skipped == BINARY and (table.name, column.name) in keys
        return replace(column, skipped=None) if is_key else column

    return tuple(replace(t, columns=tuple(readable(t, c) for c in t.columns)) for t in declared)


def with_real_names(declared: Iterable[DeclaredTable]) -> tuple[DeclaredTable, ...]:
    """The same tables with keys spelled as the columns and tables that they name are, for sources where case means
    nothing and a constraint keeps the case in which it was typed."""
    declared = tuple(declared)
    columns = {t.name: [c.name for c in t.columns] for t in declared}

    def named(table: str, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(match_name(c, columns.get(table, ())) or c for c in names)

    def spelled(child: str, key: ForeignKey) -> ForeignKey:
        table = match_name(key.table, columns) or key.table
        return ForeignKey(named(child, key.columns), table, named(table, key.other_columns))

    return tuple(
        replace(
            t,
            primary_key=named(t.name, t.primary_key),
            foreign_keys=tuple(sorted(spelled(t.name, k) for k in t.foreign_keys)),
        )
        for t in declared
    )


class ReadAgain(Exception):
    """Raised by ``read`` when the fast route failed half-way: throw away the rows so far and call ``read`` again."""


class Connector(ABC):
    """One source. Nothing is opened before the first call; ``close`` may be called at any time."""

    label: str
    """Names the source in messages, without its password."""

    @abstractmethod
    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        """The base tables (or those named in ``tables``, views too) by name; ConnectionFailed if unreachable."""

    @abstractmethod
    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of ``table`` in any order, in batches of any Arrow types."""

    def files(self, tables: Sequence[str]) -> Sequence[Path]:
        """The files that hold ``tables``; none for a server."""
        return ()

    def fingerprint(self, tables: Sequence[str]) -> str | None:
        """A hash of the content of ``tables``: equal exactly if the content is equal; None if the source has none."""
        files = self.files(tables)
        return hash_files(files) if files else None

    @property
    def is_steady(self) -> bool:
        """Whether all tables are read as of one moment, whatever is written meanwhile."""
        return True

    def close(self) -> None:  # noqa: B027 - a source that holds nothing has nothing to let go of
        """Lets go of what reading holds; the next call opens it again."""
