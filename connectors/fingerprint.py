"""What names a snapshot: a hash of the content that it was read from, never of a URL or a password."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

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


def snapshot_key(fingerprint: str, declared: Sequence[DeclaredTable], version: int) -> str:
    """The name of the snapshot of this content, read through these declarations by this version."""
    return hash_facts([fingerprint, version, *(repr(t) for t in declared)])
