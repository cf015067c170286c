"""The prepared corpus: what corpus.json says of the shards, checked before anything is trained on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relfm.errors import DataCannotAnswer, Refused, UsageError
from relfm.pretrain.blocked import Blocked

FORMAT = 1
INDEX = "corpus.json"
_PREPARE = "make it with relfm prepare"


@dataclass(frozen=True)
class ShardEntry:
    """One database of the corpus: its file, what that file's bytes hash to, and what it was made from."""

    name: str
    path: Path
    sha256: str
    rows: int
    fingerprints: frozenset[int]
    source: str
    licence: str
    split: str

    @property
    def is_synthetic(self) -> bool:
        return self.source.startswith("synth")


def read_corpus(folder: Path) -> tuple[int, dict[str, ShardEntry]]:
    """Dimension of the text vectors, and the shards by name.

    DataCannotAnswer if there is no corpus or a file is missing; Refused if a benchmark's database is among them.
    """
    index = folder / INDEX
    try:
        held = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataCannotAnswer(f"no corpus in '{folder}': {error}", hint=_PREPARE) from None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise DataCannotAnswer(f"'{index}' is not in format {FORMAT}", hint=_PREPARE)
    entries = {name: _entry(folder, name, values) for name, values in sorted(held["shards"].items())}
    if not entries:
        raise DataCannotAnswer(f"'{index}' lists no shard", hint=_PREPARE)
    for entry in entries.values():
        if not entry.path.is_file():
            raise DataCannotAnswer(f"the shard of '{entry.name}' is missing: '{entry.path}'", hint=_PREPARE)
    refuse_benchmarks(entries)
    return int(held["text_dim"]), entries


def refuse_benchmarks(entries: Mapping[str, ShardEntry]) -> None:
    """Refused, with the reason, if a shard is a benchmark's database by name or content, or not for pretraining."""
    blocked = Blocked.read()
    for entry in entries.values():
        if entry.split != "pretrain":
            raise Refused(f"'{entry.name}' is for '{entry.split}', not for pretraining", hint="leave it out")
        if why := blocked.why(entry.name, entry.source, entry.fingerprints):
            raise Refused(
                f"'{entry.name}' {why}: a model trained on it could not be measured there", hint="leave it out"
            )


def check_bytes(entry: ShardEntry) -> None:
    """DataCannotAnswer unless the shard's file is the one that was prepared."""
    digest = hashlib.sha256()
    with entry.path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    if digest.hexdigest() != entry.sha256:
        raise DataCannotAnswer(f"the shard of '{entry.name}' is not what {INDEX} says it is", hint=_PREPARE)


def chosen(entries: Mapping[str, ShardEntry], names: tuple[str, ...]) -> dict[str, ShardEntry]:
    """Those named, or all if none is; UsageError for an unknown name."""
    if unknown := sorted(set(names) - set(entries)):
        raise UsageError(f"no shard '{unknown[0]}' in the corpus", hint=f"there are: {', '.join(entries)}")
    return {name: entry for name, entry in entries.items() if not names or name in names}


def _entry(folder: Path, name: str, values: Mapping[str, Any]) -> ShardEntry:
    try:
        return ShardEntry(
            name=name,
            path=folder / values["file"],
            sha256=values["sha256"],
            rows=int(values["rows"]),
            fingerprints=frozenset(values["fingerprints"]),
            source=values["source"],
            licence=values["licence"],
            split=values["split"],
        )
    except KeyError as error:
        raise DataCannotAnswer(f"{INDEX} does not say the {error} of '{name}'", hint=_PREPARE) from None
