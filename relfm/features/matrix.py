"""Named feature columns; a block is a part of the matrix that one path fills."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureMatrix:
    """values float32[N, F], NaN where missing; names[F] in plain words; hops[F], the length of each feature's path;
    facts[F], what each feature is one of several views of (none where nobody asks)."""

    values: np.ndarray
    names: tuple[str, ...]
    hops: np.ndarray
    facts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def num_features(self) -> int:
        return self.values.shape[1]

    def take(self, index: np.ndarray) -> "FeatureMatrix":
        """The rows at ``index``."""
        return FeatureMatrix(self.values[index], self.names, self.hops, self.facts)

    @staticmethod
    def concatenate(parts: Sequence["FeatureMatrix"], num_rows: int) -> "FeatureMatrix":
        """All features side by side; ``num_rows`` rows even when there are no parts."""
        if not parts:
            return FeatureMatrix(np.zeros((num_rows, 0), np.float32), (), np.zeros(0, np.int64))
        return FeatureMatrix(
            np.concatenate([p.values for p in parts], axis=1),
            tuple(name for p in parts for name in p.names),
            np.concatenate([p.hops for p in parts]),
            tuple(fact for p in parts for fact in p.facts),
        )


class Block:
    """Columns under construction: of one ``fact``, or of several that ``about`` names."""

    def __init__(self, num_rows: int, hops: int, fact: str | None = None) -> None:
        self.num_rows = num_rows
        self.hops = hops
        self.fact = self._about = fact
        self.names: list[str] = []
        self.facts: list[str] = []
        self.columns: list[np.ndarray] = []

    def about(self, fact: str) -> None:
        """What the columns are views of that are added from now on, unless the whole block is of one fact."""
        self._about = self.fact or fact

    def add(self, name: str, values: np.ndarray) -> None:
        """A column: float[N]."""
        self.names.append(name)
        self.facts.append(self._about or name)
        self.columns.append(values.astype(np.float32))

    def to_matrix(self) -> FeatureMatrix:
        values = np.stack(self.columns, axis=1) if self.columns else np.zeros((self.num_rows, 0), np.float32)
        hops = np.full(len(self.names), self.hops)
        return FeatureMatrix(values, tuple(self.names), hops, tuple(self.facts))
