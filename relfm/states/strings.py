"""The strings of a database, numbered; vectors are computed for those that are looked at."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from relfm.text import identity_hash

CHUNK = 50_000


class Encoder(Protocol):
    """Strings to vectors: see relfm.text."""

    dim: int

    def encode(self, strings: Sequence[str | None]) -> np.ndarray: ...


class StringTable:
    """Distinct strings by id in order of their first mention, with one vector each, zeros until it is asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.strings: list[str] = []
        self._ids: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.strings)

    def id(self, string: str) -> int:
        """The id of one string, given on first mention."""
        found = self._ids.setdefault(string, len(self.strings))
        if found == len(self.strings):
            self.strings.append(string)
        return found

    def ids(self, strings: Iterable[str]) -> np.ndarray:
        """int32[n]."""
        return np.fromiter((self.id(s) for s in strings), np.int32)

    def hashes(self) -> np.ndarray:
        """uint32[S]."""
        return identity_hash(self.strings)

    def fill(self, vectors: np.ndarray, wanted: np.ndarray) -> None:
        """Computes float16[S, D] ``vectors`` in place for the ids ``wanted`` (int[k])."""
        for begin in range(0, len(wanted), CHUNK):
            part = wanted[begin : begin + CHUNK]
            vectors[part] = self.encoder.encode([self.strings[i] for i in part])
