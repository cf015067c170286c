"""What the manifest of a RelBench 3 dataset folder (manifest.yaml and db/*.parquet) declares, read without relbench.

Keys and time columns are the manifest's, nothing about them is inferred; cells, semantic types and the order of rows
follow the same rules as every other source.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from relfm.connectors.connector import DeclaredColumn, DeclaredTable
from relfm.errors import ConnectionFailed, SchemaError
from relfm.schema import ForeignKey, suggestion
from relfm.times import parse_time

MANIFEST = "manifest.yaml"


def is_folder(path: str | Path) -> bool:
    """Whether ``path`` is a RelBench 3 dataset folder: a manifest beside ``db/``."""
    folder = Path(path)
    return (folder / MANIFEST).is_file() and (folder / "db").is_dir()


def dataset_timestamps(path: str | Path) -> tuple[int, int]:
    """``val_timestamp`` and ``test_timestamp`` of the manifest in microseconds."""
    manifest = read_manifest(path)
    return parse_time(str(manifest["val_timestamp"])), parse_time(str(manifest["test_timestamp"]))


def read_manifest(path: str | Path) -> dict[str, Any]:
    """The dataset's manifest; ConnectionFailed if it is missing, not YAML, or lacks what a dataset must state."""
    file = Path(path) / MANIFEST
    try:
        manifest = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError:
        raise ConnectionFailed(
            f"'{path}' is not a RelBench dataset: it has no readable {MANIFEST}",
            hint="name the folder that holds manifest.yaml and db/",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConnectionFailed(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    wanted = ("name", "val_timestamp", "test_timestamp", "tables")
    missing = [k for k in wanted if not isinstance(manifest, Mapping) or not manifest.get(k)]
    if missing:
        raise ConnectionFailed(
            f"{file} does not state {', '.join(missing)}", hint="a RelBench 3 dataset manifest states all of them"
        )
    return dict(manifest)


def declared_tables(path: str | Path) -> tuple[DeclaredTable, ...]:
    """What the manifest declares, checked against the columns of the files: complete, so nothing is to be inferred."""
    specs = read_manifest(path)["tables"]
    return tuple(_declared(name, spec or {}, specs, _file_schema(path, name)) for name, spec in specs.items())


def _file_schema(path: str | Path, table: str) -> pa.Schema:
    file = Path(path) / "db" / f"{table}.parquet"
    if not file.is_file():
        raise ConnectionFailed(f"table '{table}' of the manifest has no file {file}")
    try:
        return pq.read_schema(file)
    except (pa.ArrowInvalid, OSError):
        raise ConnectionFailed(f"{file} is not a readable Parquet file") from None


def _declared(name: str, spec: Mapping[str, Any], specs: Mapping[str, Any], held: pa.Schema) -> DeclaredTable:
    keys = tuple(_foreign_key(name, c, other, specs) for c, other in (spec.get("fkeys") or {}).items())
    time_column = spec.get("time_col")
    for column in (spec.get("pkey"), time_column, *(spec.get("fkeys") or {})):
        if column is not None and column not in held.names:
            raise SchemaError(
                f"the manifest names column '{column}' of table '{name}', which its file does not have",
                hint=suggestion(column, held.names),
            )
    return DeclaredTable(
        name=name,
        columns=tuple(DeclaredColumn(c.name, str(c.type)) for c in held),
        primary_key=(spec["pkey"],) if spec.get("pkey") else (),
        foreign_keys=keys,
        time_column=time_column,
        complete=True,
    )


def _foreign_key(table: str, column: str, other: str, specs: Mapping[str, Any]) -> ForeignKey:
    if other not in specs:
        raise SchemaError(
            f"foreign key '{table}.{column}' points at '{other}', which is no table", hint=suggestion(other, specs)
        )
    if not (specs[other] or {}).get("pkey"):
        raise SchemaError(f"foreign key '{table}.{column}' points at '{other}', which has no primary key")
    return ForeignKey((column,), other, (specs[other]["pkey"],))
