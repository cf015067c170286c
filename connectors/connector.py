"""What every connector offers: a description of what is declared, and the rows of a table as Arrow record batches.

A connector never writes to its source and never shows a password.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from relfm.schema import ForeignKey


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as the source declares it; ``skipped`` says why its cells are not read (binary data)."""

    name: str
    sql_type: str
    skipped: str | None = None


@dataclass(frozen=True)
class DeclaredTable:
    """A table as the source declares it: keys are what constraints say, nothing is guessed here."""

    name: str
    columns: tuple[DeclaredColumn, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    time_column: str | None = None
    complete: bool = False
    """Whether the source declares all there is to know, so that nothing is inferred (a RelBench manifest)."""

    @property
    def read_columns(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.skipped is None)


class ReadAgain(Exception):
    """Raised by ``read`` when the fast route failed half-way: throw away the rows so far and call ``read`` again."""


class Connector(Protocol):
    """One source. Nothing is opened before the first call; ``close`` may be called at any time."""

    label: str
    """Names the source in messages, without its password."""

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        """The base tables (or those named in ``tables``, views too) by name; ConnectionFailed if unreachable."""
        ...

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of ``table`` in any order, in batches of any Arrow types."""
        ...

    def fingerprint(self, tables: Sequence[str]) -> str | None:
        """A hash of the content of ``tables``: equal exactly if the content is equal; None if the source has none."""
        ...

    def close(self) -> None: ...
