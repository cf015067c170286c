"""Files that appear whole or not at all."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from relfm.errors import UsageError, unwritten


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what is to be ``path``: it gets its name once all is written. What a full disk left goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def check_is_free(path: Path) -> None:
    """UsageError if ``path`` exists or the folder that it is to stand in does not."""
    if path.exists():
        raise UsageError(f"'{path}' exists already", hint="remove it, or name another place")
    if not path.parent.is_dir():
        raise UsageError(f"no folder '{path.parent}' to write the database to", hint="make it first")


@contextmanager
def new_sqlite_file(path: Path) -> Iterator[sqlite3.Connection]:
    """Fills a new SQLite file; UsageError if ``path`` is not free, ResourceExceeded if the disk is full."""
    check_is_free(path)
    try:
        with whole(path) as unfinished, closing(sqlite3.connect(unfinished)) as connection, connection:
            # Nobody reads the file before it has its name, so nothing is lost by not waiting for the disk.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = MEMORY")  # no second file to be left behind on a full disk
            yield connection
    except (OSError, sqlite3.OperationalError) as error:
        raise unwritten(path, error) from None
