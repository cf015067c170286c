"""What a checkpoint says about itself: size, data, steps, what it has never seen. Needs no torch."""

import difflib
import hashlib
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from relfm.checkpoint.file import SUFFIX, TRAINING, read_header, read_shapes
from relfm.errors import UsageError

SHIPPED = Path(__file__).parent / "shipped"
"""One folder a model: its networks (.safetensors), card.md in words, journal.jsonl of the training. A network that is
another shipped model's is not there twice: ``features-head.from`` holds the name of that model."""

_SHARED = ".from"


@dataclass(frozen=True)
class Card:
    """One network of a model. ``bytes`` and ``sha256`` are the file's; what its header does not say is None.

    data        what it was trained on, in words; never_seen: what was kept from it
    """

    model: str
    name: str
    kind: str
    parameters: int
    bytes: int
    steps: int | None
    data: str | None
    seed: int | None
    never_seen: str | None
    licence: str | None
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, path: Path) -> "Card":
        """The card of one file; UsageError if it is no checkpoint."""
        header = read_header(path)
        said = header.get("card") or {}
        return cls(
            model=path.parent.name,
            name=path.stem,
            kind=header["kind"],
            parameters=sum(math.prod(shape) for shape in read_shapes(path).values()),
            bytes=path.stat().st_size,
            steps=said.get("steps"),
            data=said.get("data"),
            seed=said.get("seed"),
            never_seen=said.get("never_seen"),
            licence=said.get("licence"),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )


def cards_of(path: Path) -> list[Card]:
    """Of one checkpoint, or of all networks in a folder (its own and those one folder down), states of runs left out.

    UsageError if there is none.
    """
    path = path.resolve()
    if path.is_file():
        return [Card.of(path)]
    files = sorted([*path.glob(f"*{SUFFIX}"), *path.glob(f"*/*{SUFFIX}")])
    found = [Card.of(file) for file in files if read_header(file)["kind"] != TRAINING]
    shared = [shared_network(path, said.stem) for said in sorted(path.glob(f"*{_SHARED}"))]
    found = [*(replace(Card.of(file), model=path.name) for file in shared if file is not None), *found]
    if not found:
        raise UsageError(f"no checkpoint in '{path}'", hint=f"name a folder of {SUFFIX} files, or one such file")
    return found


def shared_network(folder: Path, name: str) -> Path | None:
    """The file of the network ``name`` of ``folder`` that another shipped model has; None if there is none such."""
    said = folder / f"{name}{_SHARED}"
    file = SHIPPED / said.read_text(encoding="utf-8").strip() / f"{name}{SUFFIX}" if said.is_file() else None
    return file if file is not None and file.is_file() else None


def available(paths: Iterable[Path] = ()) -> list[Card]:
    """Cards of what relfm ships, then of checkpoints at ``paths`` (files or folders)."""
    shipped = [card for folder in _shipped_folders() for card in cards_of(folder)]
    return [*shipped, *(card for path in paths for card in cards_of(path))]


def shipped_folder(name: str) -> Path:
    """The folder of a shipped model; UsageError with the nearest names if there is none such."""
    folders = {folder.name: folder for folder in _shipped_folders()}
    if name not in folders:
        near = difflib.get_close_matches(name, folders) or list(folders)
        hint = f"there are: {', '.join(near)}" if near else "none is shipped; name a folder of checkpoints"
        raise UsageError(f"no model '{name}'", hint=hint)
    return folders[name]


def _shipped_folders() -> list[Path]:
    return sorted({file.parent for file in SHIPPED.glob(f"*/*{SUFFIX}")})
