"""One checkpoint, one safetensors file: tensors by name, and a JSON header in its metadata. Never a pickle."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from relfm.errors import ResourceExceeded, UsageError
from relfm.files import whole

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
SUFFIX = ".safetensors"
TRAINING = "training"
"""The kind that holds where a run stands: to go on from, not to use."""


def save_checkpoint(path: Path, tensors: "Mapping[str, Tensor]", header: Mapping[str, Any]) -> None:
    """Writes ``tensors`` (a state dict will do) under ``header``, which must name its ``kind``.

    Kinds are for the reader: ``states``, ``features-head``, ``gate``, ``training`` and so on. ResourceExceeded if
    there is no room.
    """
    from safetensors.torch import save

    if not header.get("kind"):
        raise ValueError("a checkpoint's header names its kind")
    held = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    document = save(held, metadata={"relfm": json.dumps(dict(header) | {"format": FORMAT})})
    try:
        with whole(path) as unfinished, unfinished.open("wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ResourceExceeded(
            f"cannot write '{path}': {error.strerror or error}", hint="make room, or name another folder"
        ) from None


def load_checkpoint(path: Path, *, kind: str | None = None) -> "tuple[dict[str, Tensor], dict[str, Any]]":
    """Tensors by name, on the CPU, and the header; UsageError as ``read_header``, or if it is of another ``kind``."""
    from safetensors.torch import load_file

    header = read_header(path)
    if kind is not None and header["kind"] != kind:
        raise UsageError(f"'{path.name}' holds '{header['kind']}', not '{kind}'", hint="name another checkpoint")
    return load_file(path), header


def read_header(path: Path) -> dict[str, Any]:
    """The header alone, with ``format`` and ``kind``; needs no torch. UsageError if it is no checkpoint, or torn."""
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get("relfm", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise UsageError(f"'{path.name}' is no checkpoint: {error}", hint="name a file that relfm wrote") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT or not isinstance(header.get("kind"), str):
        written = header.get("format") if isinstance(header, dict) else None
        raise UsageError(
            f"'{path.name}' has checkpoint format {written}, this relfm reads {FORMAT}",
            hint="name a file that this version of relfm wrote",
        )
    return header


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor by name; needs no torch."""
    with safe_open(path, framework="numpy") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - not a dict
