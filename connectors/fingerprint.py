"""What names a snapshot: a hash of the content that it was read from, never of a URL or a password."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from relfm import reading, schema, stype, times

if TYPE_CHECKING:
    from relfm.connectors.connector import DeclaredTable

_BLOCK = 2**20


def hash_files(files: Iterable[Path]) -> str:
    """A hash of the files' names and contents; files that are not there (a write-ahead log) count for nothing."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        if not file.is_file():
            continue
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def hash_facts(facts: Iterable[object]) -> str:
    """A hash of plain values (counts and checksums of tables)."""
    return hashlib.blake2b(json.dumps(list(facts), default=str).encode(), digest_size=16).hexdigest()


def stamps(files: Iterable[Path]) -> tuple[tuple[int, int, int] | None, ...]:
    """What changes when something writes to one of ``files``: which file it is, its size and when it was written."""
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def snapshot_key(fingerprint: str, declared: "Sequence[DeclaredTable]") -> str:
    """The name of the snapshot of this content, read through these declarations by this code."""
    return hash_facts([fingerprint, code_version(), *(repr(t) for t in declared)])


@cache
def code_version() -> str:
    """A hash of the code that makes a snapshot of a source: whatever changes there may read the same rows otherwise."""
    beside = [Path(module.__file__) for module in (reading, schema, stype, times)]
    return hash_files([*sorted(Path(__file__).parent.glob("*.py")), *beside]) + pa.__version__
