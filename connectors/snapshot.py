"""Snapshots on disk: one memory-mapped Arrow file per table and a ``schema.json``, under the key of their content.

A snapshot appears whole or not at all, and one that cannot be read counts as absent.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from relfm.connectors.connector import DeclaredColumn, DeclaredTable
from relfm.schema import Decision, ForeignKey, Schema

_KEPT = 8
_ROWS = 2**22
_ABANDONED = 24 * 3600


@dataclass(frozen=True)
class Snapshot:
    """What was read: declarations, rows in canonical types and order, and the schema without a schema file."""

    declared: tuple[DeclaredTable, ...]
    tables: Mapping[str, pa.Table]
    schema: Schema


def snapshots_folder(cache_dir: Path | None) -> Path:
    """The folder of all snapshots: in ``cache_dir``, ``$RELFM_CACHE_DIR`` or ``~/.cache/relfm``."""
    root = cache_dir or os.environ.get("RELFM_CACHE_DIR") or Path.home() / ".cache" / "relfm"
    return Path(root).expanduser() / "snapshots"


def read_snapshot(folder: Path) -> Snapshot | None:
    """The snapshot in ``folder``, memory-mapped; None if there is none or it is damaged."""
    try:
        content = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
        tables = {name: _read_table(folder / file, size) for name, (file, size) in content["files"].items()}
        os.utime(folder)  # the latest used are the last to be pruned
        declared = tuple(_declared_from(value) for value in content["declared"])
        return Snapshot(declared, tables, Schema.from_dict(content["schema"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
        return None


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Writes beside ``folder`` and renames; what another process wrote meanwhile stays. OSError if it fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".tmp-", dir=folder.parent))
    try:
        files = {}
        for number, (name, rows) in enumerate(snapshot.tables.items()):
            file = made / f"{number}.arrow"
            _write_table(file, rows)
            files[name] = (file.name, file.stat().st_size)
        content = {
            "files": files,
            "declared": [asdict(t) for t in snapshot.declared],
            "schema": snapshot.schema.to_dict(),
        }
        (made / "schema.json").write_text(json.dumps(content), encoding="utf-8")
        _put_in_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    prune(folder.parent)


def prune(folder: Path, kept: int = _KEPT) -> None:
    """Removes all but the ``kept`` latest used snapshots, and what crashed writers left behind."""
    entries = []
    for path in folder.iterdir():
        try:
            entries.append((path.stat().st_mtime, path))
        except OSError:
            continue
    old = [p for changed, p in entries if p.name.startswith(".tmp-") and changed < time.time() - _ABANDONED]
    whole = sorted((e for e in entries if not e[1].name.startswith(".tmp-")), reverse=True)
    for path in [*old, *(p for _, p in whole[kept:])]:
        shutil.rmtree(path, ignore_errors=True)


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if read_snapshot(folder) is not None:
            return
        shutil.rmtree(folder, ignore_errors=True)  # damaged
        made.rename(folder)


def _write_table(file: Path, rows: pa.Table) -> None:
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks(), max_chunksize=_ROWS)


def _read_table(file: Path, size: int) -> pa.Table:
    if file.stat().st_size != size:
        raise ValueError(f"{file} has another size than was written")
    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()


def _declared_from(value: Mapping[str, Any]) -> DeclaredTable:
    columns: Sequence[Mapping[str, Any]] = value["columns"]
    links: Sequence[Mapping[str, Any]] = value["foreign_keys"]
    return DeclaredTable(
        name=value["name"],
        columns=tuple(DeclaredColumn(**{**c, "date_forms": tuple(c["date_forms"])}) for c in columns),
        primary_key=tuple(value["primary_key"]),
        foreign_keys=tuple(ForeignKey(tuple(k["columns"]), k["table"], tuple(k["other_columns"])) for k in links),
        time_column=value["time_column"],
        complete=value["complete"],
        decisions=tuple(Decision(**d) for d in value["decisions"]),
    )
