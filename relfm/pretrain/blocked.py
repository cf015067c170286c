"""Databases that no corpus may hold, because models are measured on them; recognised by name and by content."""

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "blocked.json"
SHARED = 0.3
"""Share of a blocked database's fingerprints that a shard may have in common with it by chance."""

NAMES = (
    "rel-f1",
    "rel-amazon",
    "rel-arxiv",
    "rel-avito",
    "rel-event",
    "rel-hm",
    "rel-mimic",
    "rel-ratebeer",
    "rel-salt",
    "rel-stack",
    "rel-trial",
)


@dataclass(frozen=True)
class Blocked:
    """Names, and fingerprints (sketch hashes of keys and strings) by name."""

    names: tuple[str, ...]
    fingerprints: Mapping[str, frozenset[int]]

    @classmethod
    def read(cls, path: Path = FILE) -> "Blocked":
        """The file that relfm ships; the names alone if there is none."""
        held = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        sketches = {name: frozenset(sketch) for name, sketch in held.get("fingerprints", {}).items()}
        return cls(tuple(sorted({*NAMES, *held.get("names", ()), *sketches})), sketches)

    def why(self, name: str, source: str, fingerprints: Set[int]) -> str | None:
        """What gives a shard away as one of them, in words; None if nothing does."""
        said = {_folded(name), *map(_folded, re.split(r"[\s;,:/\\]+", source))}
        for blocked in self.names:
            if _folded(blocked) in said:
                return f"is the benchmark database {blocked}"
        for blocked, sketch in self.fingerprints.items():
            shared = len(sketch & fingerprints)
            if sketch and shared > SHARED * len(sketch):
                return f"shares {shared} of {len(sketch)} fingerprints with the benchmark database {blocked}"
        return None


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold().removesuffix(".git"))
