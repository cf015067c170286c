"""Named feature columns; a block is a part of the matrix that one path fills."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureMatrix:
    """values float32[N, F], NaN where missing; names[F] in plain words; hops[F], the length of each feature's path."""

    values: np.ndarray
    names: tuple[str, ...]
    hops: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    @property
    def num_features(self) -> int:
        return self.values.shape[1]

    def take(self, index: np.ndarray) -> "FeatureMatrix":
        """The rows at ``index``."""
        return FeatureMatrix(self.values[index], self.names, self.hops)

    @staticmethod
    def concatenate(parts: Sequence["FeatureMatrix"], num_rows: int) -> "FeatureMatrix":
        """All features side by side; ``num_rows`` rows even when there are no parts."""
        if not parts:
            return FeatureMatrix(np.zeros((num_rows, 0), np.float32), (), np.zeros(0, np.int64))
        return FeatureMatrix(
            np.concatenate([p.values for p in parts], axis=1),
            tuple(name for p in parts for name in p.names),
            np.concatenate([p.hops for p in parts]),
        )


class Block:
    """Columns under construction."""

    def __init__(self, num_rows: int, hops: int) -> None:
        self.num_rows = num_rows
        self.hops = hops
        self.names: list[str] = []
        self.columns: list[np.ndarray] = []

    def add(self, name: str, values: np.ndarray) -> None:
        """A column: float[N]."""
        self.names.append(name)
        self.columns.append(values.astype(np.float32))

    def to_matrix(self) -> FeatureMatrix:
        values = np.stack(self.columns, axis=1) if self.columns else np.zeros((self.num_rows, 0), np.float32)
        return FeatureMatrix(values, tuple(self.names), np.full(len(self.names), self.hops))
