"""SQLite files, read through ADBC where it is installed and through the standard library otherwise.

SQLite keeps a type per cell, not per column. The reader asks for the type that a declaration promises; where a cell
breaks the promise the table is read again by the types its cells really have, so no value is lost or bent.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from relfm.connectors.connector import Connector, DeclaredColumn, DeclaredTable, ReadAgain, with_real_names
from relfm.connectors.selection import select_tables
from relfm.errors import ConnectionFailed
from relfm.schema import ForeignKey, quoted

_ROWS = 65_536
_ARROW = {"integer": pa.int64(), "real": pa.float64(), "text": pa.string(), "blob": pa.binary()}
_EXAMPLE = {"integer": "0", "real": "0.5", "text": "''", "blob": "x'00'"}
_REAL_AS_TEXT = (
    "CASE WHEN CAST(printf('%!.15g', {c}) AS REAL) = {c} THEN printf('%!.15g', {c}) ELSE printf('%!.17g', {c}) END"
)
_AS_TEXT = f"CASE typeof({{c}}) WHEN 'real' THEN {_REAL_AS_TEXT} WHEN 'null' THEN NULL ELSE CAST({{c}} AS TEXT) END"


class SqliteConnector(Connector):
    """One SQLite file, opened read-only and never created."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.label = str(file)
        self._uri = f"{file.absolute().as_uri()}?mode=ro"
        self._promised: dict[tuple[str, str], str] = {}
        self._broken: set[str] = set()
        self._undecodable: set[str] = set()
        self._session: Any = None

    def describe(self, tables: Sequence[str] | None = None) -> tuple[DeclaredTable, ...]:
        with closing(self._open()) as connection:
            found = _rows(
                connection, self.label, "SELECT name, type, coalesce(sql, '') FROM sqlite_master ORDER BY name"
            )
            virtual = [n for n, _, sql in found if sql.upper().startswith("CREATE VIRTUAL")]
            base = [
                n
                for n, kind, _ in found
                if kind == "table" and n not in virtual and not n.startswith(tuple(f"{v}_" for v in virtual))
            ]
            chosen = select_tables(tables, base, [n for n, kind, _ in found if kind == "view"], self.label)
            return with_real_names(self._describe(connection, name) for name in chosen)

    def read(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        session = None if table in self._undecodable else self._fast_session()
        types = self._types(table, columns, trusting=session is not None)
        listed = ", ".join(_expression(c, types[c]) for c in columns)
        sql = f"SELECT {listed} FROM {quoted(table)}"
        held = {c: "text" if types[c] == "mixed" else types[c] for c in columns}
        if session is None:
            yield from self._read_slowly(table, sql, held)
        else:
            yield from self._read_fast(session, table, sql, held)

    @property
    def is_steady(self) -> bool:
        return self._session is not None and not self._undecodable

    def files(self, tables: Sequence[str]) -> Sequence[Path]:
        return [self.file, self.file.with_name(self.file.name + "-wal")]

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._uri, uri=True)
        except sqlite3.Error as error:
            raise ConnectionFailed(f"cannot open '{self.label}': {error}") from None

    def _describe(self, connection: sqlite3.Connection, table: str) -> DeclaredTable:
        columns = _rows(connection, self.label, f"PRAGMA table_xinfo({quoted(table)})")
        held = [c for c in columns if c[6] != 1]
        for _, name, declared, *_ in held:
            self._promised[table, name] = _affinity(declared)
        keys: dict[int, list[tuple]] = {}
        for row in _rows(connection, self.label, f"PRAGMA foreign_key_list({quoted(table)})"):
            keys.setdefault(row[0], []).append(row)
        primary_key = tuple(c[1] for c in sorted((c for c in held if c[5]), key=lambda c: c[5]))
        return DeclaredTable(
            table,
            tuple(DeclaredColumn(c[1], c[2].upper()) for c in held),
            primary_key,
            tuple(sorted(_foreign_key(parts, [c[1] for c in held]) for parts in keys.values())),
        )

    def _types(self, table: str, columns: Sequence[str], trusting: bool) -> dict[str, str]:
        """The type to ask for by column: what the declaration promises, or what the cells are found to hold.

        A promise is trusted once, and only where the reader notices that it is broken.
        """
        promised = {c: self._promised.get((table, c), "any") for c in columns}
        if table in self._broken or not trusting:
            promised = dict.fromkeys(columns, "any")
        unsure = [c for c in columns if promised[c] == "any"]
        if not unsure:
            return promised
        with closing(self._open()) as connection:
            return promised | self._found_types(connection, table, unsure)

    def _found_types(self, connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> dict[str, str]:
        """One type for all cells of each column. Mostly the first cell's, which is quicker to confirm than to find."""
        source = quoted(table)
        firsts = [f"(SELECT typeof({quoted(c)}) FROM {source} WHERE {quoted(c)} IS NOT NULL LIMIT 1)" for c in columns]
        (guesses,) = _rows(connection, self.label, f"SELECT {', '.join(firsts)}")
        guessed = {c: guess or "integer" for c, guess in zip(columns, guesses, strict=True)}
        doubts = ", ".join(f"max(typeof({quoted(c)}) NOT IN ('null', '{guessed[c]}'))" for c in columns)
        (doubtful,) = _rows(connection, self.label, f"SELECT {doubts} FROM {source}")
        mixed = [c for c, doubt in zip(columns, doubtful, strict=True) if doubt]
        if mixed:
            probes = ", ".join(f"min({_kind(c)}), max({_kind(c)})" for c in mixed)
            (found,) = _rows(connection, self.label, f"SELECT {probes} FROM {source}")
            guessed |= {c: _common(*found[2 * i : 2 * i + 2]) for i, c in enumerate(mixed)}
        return guessed

    def _fast_session(self) -> Any:
        if self._session is None:
            try:
                from adbc_driver_sqlite import dbapi
            except ImportError:
                return None
            self._session = dbapi.connect(self._uri)
        return self._session

    def _read_fast(self, session: Any, table: str, sql: str, types: dict[str, str]) -> Iterator[pa.RecordBatch]:
        """The driver takes types from the first rows, so a made-up row of the wanted types leads, and is left out."""
        example = ", ".join(f"{_EXAMPLE[t]} AS {quoted(c)}" for c, t in types.items())
        with session.cursor() as cursor:
            try:
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_ROWS)})
                cursor.execute(f"SELECT {example} UNION ALL {sql}")
                skip = 1
                reader = cursor.fetch_record_batch()
                if reader.schema.types != [_ARROW[t] for t in types.values()]:
                    raise OSError("cells of other types than declared among the first rows")
                for batch in reader:
                    batch = batch.slice(skip)
                    skip = 0
                    self._check_text(table, batch)
                    yield batch
            except (OSError, session.Error) as error:
                raise self._failed(table, error) from None

    def _read_slowly(self, table: str, sql: str, types: dict[str, str]) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(c, _ARROW[t]) for c, t in types.items()])
        with closing(self._open()) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            try:
                cursor = connection.execute(sql)
                while rows := cursor.fetchmany(_ROWS):
                    cells = zip(*rows, strict=True)
                    yield pa.record_batch([pa.array(c, f.type) for c, f in zip(cells, schema, strict=True)], schema)
            except (sqlite3.Error, pa.ArrowException, TypeError) as error:
                raise self._failed(table, error) from None

    def _failed(self, table: str, error: Exception) -> Exception:
        if table in self._broken:
            return ConnectionFailed(f"cannot read table '{table}' of '{self.label}': {error}")
        self._broken.add(table)
        return ReadAgain()

    def _check_text(self, table: str, batch: pa.RecordBatch) -> None:
        try:
            for column in batch.columns:
                if pa.types.is_string(column.type):
                    column.validate(full=True)
        except pa.ArrowInvalid:  # written in another encoding than UTF-8
            self._undecodable.add(table)
            raise ReadAgain from None


def _rows(connection: sqlite3.Connection, label: str, sql: str) -> list[tuple]:
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.Error as error:
        hint = (
            "is it an SQLite database, and not an encrypted or truncated one?"
            if "not a database" in str(error)
            else None
        )
        raise ConnectionFailed(f"cannot read '{label}': {error}", hint=hint) from None


def _foreign_key(parts: list[tuple], columns: list[str]) -> ForeignKey:
    """Rows of PRAGMA foreign_key_list: id, seq, table, from, to; ``to`` is missing where the primary key is meant."""
    by_folded = {c.casefold(): c for c in columns}
    ordered = sorted(parts, key=lambda p: p[1])
    others = tuple(p[4] for p in ordered)
    return ForeignKey(
        tuple(by_folded.get(p[3].casefold(), p[3]) for p in ordered), ordered[0][2], () if None in others else others
    )


def _affinity(declared: str) -> str:
    """The type that SQLite converts cells to on writing; 'any' where it may leave them as they were."""
    upper = declared.upper()
    if "INT" in upper:
        return "integer"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return "real"
    return "any"


def _kind(column: str) -> str:
    return f"CASE typeof({quoted(column)}) WHEN 'null' THEN NULL ELSE typeof({quoted(column)}) END"


def _common(first: str | None, last: str | None) -> str:
    """One type for cells of all types between two, which are in alphabetical order: blob, integer, real, text."""
    if first == last:
        return first or "integer"
    return "real" if (first, last) == ("integer", "real") else "mixed"


def _expression(column: str, kind: str) -> str:
    name = quoted(column)
    return f"{_AS_TEXT.format(c=name)} AS {name}" if kind == "mixed" else name
