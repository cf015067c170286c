"""Synthetic relational databases: schemas, causal mechanisms and event processes drawn from a seed (NumPy only)."""

from relfm.synth.database import Column, ColumnKind, Link, SyntheticDatabase, Table
from relfm.synth.folder import write_folder
from relfm.synth.generate import generate
from relfm.synth.sqlite_file import write_sqlite

__all__ = [
    "Column",
    "ColumnKind",
    "Link",
    "SyntheticDatabase",
    "Table",
    "generate",
    "write_folder",
    "write_sqlite",
]
