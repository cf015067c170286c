"""Shards: one database in one safetensors file, its scalars in the header."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from relfm.errors import DataCannotAnswer
from relfm.files import whole
from relfm.tensors.database import DatabaseTensors, LinkTensors, TableTensors
from relfm.tensors.task import HiddenColumns, Kind, TaskTensors

FORMAT = 1


def save_shard(database: DatabaseTensors, path: Path) -> None:
    """Writes the shard whole or not at all."""
    arrays: dict[str, np.ndarray] = {"vectors": database.vectors, "hashes": database.hashes}
    header: dict[str, Any] = {"format": FORMAT, "name": database.name}
    for part in ("tables", "links", "tasks"):
        header[part] = []
        for i, one in enumerate(getattr(database, part)):
            held = {f.name: getattr(one, f.name) for f in fields(one)}
            arrays |= {f"{part}.{i}.{n}": np.ascontiguousarray(v) for n, v in held.items() if isinstance(v, np.ndarray)}
            scalars = {n: v for n, v in held.items() if not isinstance(v, np.ndarray)}
            if part == "tasks":
                scalars["hidden"] = asdict(one.hidden)
            header[part].append(scalars)
    with whole(path) as unfinished:
        save_file(arrays, unfinished, metadata={"relfm": json.dumps(header)})


def load_shard(path: Path) -> DatabaseTensors:
    """The database in ``path``; DataCannotAnswer if it is no shard of this format."""
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("relfm", "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise DataCannotAnswer(f"'{path.name}' is no shard: {error}", hint="make it with relfm prepare") from None
    if header.get("format") != FORMAT:
        raise DataCannotAnswer(
            f"'{path.name}' has shard format {header.get('format')}, this relfm reads {FORMAT}",
            hint="make it anew with relfm prepare",
        )

    def held(part: str, index: int) -> dict[str, Any]:
        start = f"{part}.{index}."
        return {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)} | header[part][index]

    return DatabaseTensors(
        name=header["name"],
        tables=tuple(TableTensors(**held("tables", i)) for i in range(len(header["tables"]))),
        links=tuple(LinkTensors(**held("links", i)) for i in range(len(header["links"]))),
        tasks=tuple(_task(held("tasks", i)) for i in range(len(header["tasks"]))),
        vectors=arrays["vectors"],
        hashes=arrays["hashes"],
    )


def _task(held: dict[str, Any]) -> TaskTensors:
    hidden = held.pop("hidden")
    columns = tuple((t, Kind(k), c) for t, k, c in hidden["columns"])
    return TaskTensors(**held, hidden=HiddenColumns(columns, tuple(hidden["links"])))
