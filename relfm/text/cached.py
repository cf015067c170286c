"""Strings to vectors, each unique string once, the latest ones remembered across calls."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import Lock

import numpy as np

CAPACITY = 100_000
MAX_REMEMBERED_CHARACTERS = 256
"""Longer strings are rarely asked for twice and would fill the memory."""


class CachedEncoder(ABC):
    """What every text encoder does around its own way from a string to a vector; threads may share one.

    dim       dimension D of the vectors
    capacity  strings remembered across calls (2 D bytes each, and the string); when full, all are forgotten
    """

    dim: int

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self._turn = Lock()
        self._places: dict[str, int] = {}
        self._remembered = np.empty((capacity, self.dim), np.float16)

    def encode(self, strings: Sequence[str | None]) -> np.ndarray:
        """float16[n, D]: unit vectors; zeros for None, "" and strings without any printable character."""
        order: dict[str, int] = {}
        inverse = np.fromiter((order.setdefault(s or "", len(order)) for s in strings), np.int64, len(strings))
        if not order:
            return np.zeros((0, self.dim), np.float16)
        with self._turn:
            return self._unique(list(order))[inverse]

    def _unique(self, strings: list[str]) -> np.ndarray:
        """float16[n, D] of strings that differ."""
        places = np.fromiter((self._places.get(s, -1) for s in strings), np.int64, len(strings))
        missing = np.flatnonzero(places < 0)
        vectors = np.empty((len(strings), self.dim), np.float16)
        vectors[places >= 0] = self._remembered[places[places >= 0]]
        if len(missing):
            new = [strings[i] for i in missing]
            vectors[missing] = self._fresh(new)
            self._remember(new, vectors[missing])
        return vectors

    def _remember(self, strings: list[str], vectors: np.ndarray) -> None:
        kept = [i for i, s in enumerate(strings) if len(s) <= MAX_REMEMBERED_CHARACTERS][: self.capacity]
        if len(self._places) + len(kept) > self.capacity:
            self._places.clear()
        start = len(self._places)
        self._remembered[start : start + len(kept)] = vectors[kept]
        self._places |= {strings[i]: start + n for n, i in enumerate(kept)}

    def _fresh(self, strings: list[str]) -> np.ndarray:
        vectors = self._means(strings)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0).astype(np.float16)

    @abstractmethod
    def _means(self, strings: list[str]) -> np.ndarray:
        """float32[n, D] before normalisation; zeros for strings without tokens."""
