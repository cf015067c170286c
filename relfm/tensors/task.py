"""Questions with their answers, as arrays."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np


class Kind(StrEnum):
    """The kinds of cells that tables hold as arrays."""

    NUMBER = "number"
    STRING = "string"
    DATE = "date"


@dataclass(frozen=True)
class HiddenColumns:
    """Cells and links that no path to an answer may read: (table, kind, column) and links, by index."""

    columns: tuple[tuple[int, Kind, int], ...] = ()
    links: tuple[int, ...] = ()


@dataclass(frozen=True)
class TaskTensors:
    """A question about rows of table ``entity``, with n answers.

    name     string id of the question
    kind     "binary", "multiclass" or "regression"
    horizon  microseconds; 0 for a static question (a missing cell)
    rows     int64[n] entity rows; cutoffs int64[n]; targets float64[n] (0/1, class index, value)
    known    int64[n]: from when on the answer may be used: cutoff + horizon (static: just after the row's own time)
    """

    name: int
    entity: int
    kind: str
    horizon: int
    rows: np.ndarray
    cutoffs: np.ndarray
    targets: np.ndarray
    known: np.ndarray
    num_classes: int = 2
    hidden: HiddenColumns = field(default=HiddenColumns())

    def __len__(self) -> int:
        return len(self.rows)
