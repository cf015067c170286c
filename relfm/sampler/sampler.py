"""The temporal sampler: hop after hop, per relation the most recent visible rows."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from relfm.errors import UsageError
from relfm.sampler import vectorised
from relfm.sampler.index import LinkIndex
from relfm.sampler.neighbourhood import Neighbourhood
from relfm.tensors import DatabaseTensors

Backend = Literal["numba", "numpy"]


class Sampler:
    """Samples neighbourhoods in one database; deterministic, and the same arrays from either backend.

    A row is visible to a seed if its time is known and not after what the seed has seen, or if its table is timeless.
    The cost of a seed does not grow with the length of any history, but for a binary search in it. ``backend`` is numba
    unless given, NumPy where numba cannot be imported.
    """

    def __init__(self, database: DatabaseTensors, *, backend: Backend | None = None) -> None:
        if backend not in (None, "numba", "numpy"):
            raise UsageError(f"unknown sampler backend '{backend}'", hint="there are: numba, numpy")
        self.backend = backend or ("numba" if _has_numba() else "numpy")
        self.index = LinkIndex.of(database)
        self._num_rows = np.array([len(table) for table in database.tables], np.int64)

    def sample(
        self, tables: int | np.ndarray, rows: np.ndarray, seen: np.ndarray, fanout: Sequence[int]
    ) -> Neighbourhood:
        """Neighbourhoods of ``rows`` (int64[S]) of ``tables`` (one, or int[S]), each as of ``seen`` (int64[S]).

        At hop h every node gives its ``fanout[h]`` most recent child rows per relation (of rows at the same time, the
        later rows), and the row that each of its keys names; never the row that it came from by the way that it came.
        IndexError for a table or row that there is not, ValueError for a negative fan-out.
        """
        rows = np.array(rows, np.int64)  # copies, because what is compiled knows contiguous, writable arrays only
        tables, seen = (np.array(np.broadcast_to(a, rows.shape), t) for a, t in ((tables, np.int32), (seen, np.int64)))
        most = np.array(fanout, np.int64)
        self._require(tables, rows, most)
        if self.backend == "numpy":
            return Neighbourhood(*vectorised.trees(self.index, tables, rows, seen, most))
        from relfm.sampler import kernel

        return Neighbourhood(*kernel.trees(self.index, tables, rows, seen, most))

    def _require(self, tables: np.ndarray, rows: np.ndarray, fanout: np.ndarray) -> None:
        """What is compiled checks no bounds."""
        if ((tables < 0) | (tables >= len(self._num_rows))).any():
            raise IndexError(f"tables are numbered from 0 to {len(self._num_rows) - 1}")
        if ((rows < 0) | (rows >= self._num_rows[tables])).any():
            raise IndexError("a seed row that its table does not have")
        if (fanout < 0).any():
            raise ValueError(f"fan-out {fanout.tolist()} is negative")


def _has_numba() -> bool:
    try:
        import numba  # noqa: F401 - found but not importable beside a newer NumPy than it knows
    except ImportError:
        return False
    return True
