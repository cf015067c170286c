"""Known answers of related rows, where a question is about cells and nothing says which row came first.

A customer's segment is like that of the company's other customers, a film's genre like that of its director's other
films. Rows are dealt into folds, and a row whose own answer is known reads the answers of the other folds alone: a mean
over all but itself would give its own answer away by what it lacks (target leakage; the folds are those of
cross-fitting).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relfm.features.labels import LabelTable
from relfm.features.matrix import Block
from relfm.features.series import Series

FOLDS = 8

PRIOR = 2.0
"""How many answers the mean of all answers counts for: two of two are not yet all."""

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Pairs:
    """Which of some rows (int64[P] positions) belongs to which of ``num_groups`` groups (int64[P])."""

    rows: np.ndarray
    groups: np.ndarray
    num_groups: int

    @classmethod
    def of(cls, rows: np.ndarray, groups: np.ndarray, num_groups: int) -> "Pairs":
        """Those of ``groups`` that are not -1, of ``rows`` that are not."""
        kept = (rows >= 0) & (groups >= 0)
        return cls(rows[kept], groups[kept], num_groups)


class KnownAnswers:
    """The answers that everybody may read, of the rows of one table of ``num_rows`` rows."""

    def __init__(self, labels: LabelTable, targets: Sequence[Series], num_rows: int) -> None:
        rows = labels.examples.rows[: labels.num_shared]
        self._fold = np.full(num_rows, -1)
        self._fold[rows] = _dealt(rows)
        self._targets = []
        for one in targets:
            values = np.full(num_rows, np.nan)
            values[rows] = one.values[: labels.num_shared]
            self._targets.append((one, values))

    def add(self, block: Block, members: Pairs, asked: Pairs, rows: np.ndarray) -> None:
        """The mean of the answers, or the share of each class, among the ``members`` (pairs of the table's rows) of the
        groups that each example is ``asked`` of (pairs of examples); ``rows``: the examples' own (int64[N])."""
        known = self._fold[members.rows] >= 0
        if not known.any():  # which features there are must not follow from which examples are asked together
            return
        who, groups = members.rows[known], members.groups[known]
        cells, fold = groups * FOLDS + self._fold[who], self._fold[rows][asked.rows]

        def told(values: np.ndarray | None) -> np.ndarray:
            parts = np.bincount(cells, values, members.num_groups * FOLDS).reshape(-1, FOLDS)
            own = np.where(fold >= 0, parts[asked.groups, fold], 0.0)
            return np.bincount(asked.rows, parts.sum(axis=1)[asked.groups] - own, len(rows))

        count = told(None)
        block.add(f"number of {block.fact}", count)
        for one, values in self._targets:
            what = "share of" if one.is_indicator else "mean of"
            total = told(values[who]) + PRIOR * np.nanmean(values)
            block.add(f"{what} {one.name} in {block.fact}", np.where(count > 0, total / (count + PRIOR), np.nan))


def _dealt(rows: np.ndarray) -> np.ndarray:
    """int64[n]: the folds of rows, which say nothing of the order in which they stand."""
    mixed = (rows.astype(np.uint64) + np.uint64(1)) * _ODD
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _ODD
    return ((mixed >> np.uint64(40)) % np.uint64(FOLDS)).astype(np.int64)
