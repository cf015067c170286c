"""A task is a table: entity rows, cutoffs, targets. What is predicted, of whom, how far ahead."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

import numpy as np

from relfm.database import Database
from relfm.times import Span


class TargetKind(StrEnum):
    """What sort of answer a question has."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    RANKING = "ranking"
    FORECAST = "forecast"


@dataclass(frozen=True)
class Examples:
    """N examples: entity row, cutoff, what was seen, target.

    rows     int64[N]    row of the entity table
    cutoffs  int64[N]    microseconds; the target lies after it
    seen     int64[N]    microseconds, <= cutoffs: rows after it are invisible (the cutoff itself unless data are stale)
    targets  float64[N]  value, 0/1, or class index; None for queries
    items    CSR of item rows for RANKING, instead of targets: items.rows[items.start[i]:items.start[i + 1]]
    """

    rows: np.ndarray
    cutoffs: np.ndarray
    seen: np.ndarray
    targets: np.ndarray | None = None
    items: "ItemLists | None" = None

    @classmethod
    def of(
        cls,
        rows: np.ndarray,
        cutoffs: np.ndarray | int,
        targets: np.ndarray | None = None,
        *,
        seen: np.ndarray | int | None = None,
        items: "ItemLists | None" = None,
    ) -> "Examples":
        rows = np.asarray(rows, dtype=np.int64)
        cutoffs = np.broadcast_to(np.asarray(cutoffs, dtype=np.int64), rows.shape)
        seen = cutoffs if seen is None else np.minimum(cutoffs, np.asarray(seen, dtype=np.int64))
        return cls(rows, cutoffs, np.broadcast_to(seen, rows.shape), targets, items)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: np.ndarray) -> "Examples":
        """The examples at ``index`` (positions or a boolean mask)."""
        if index.dtype == bool:
            index = np.flatnonzero(index)
        return Examples(
            self.rows[index],
            self.cutoffs[index],
            self.seen[index],
            None if self.targets is None else self.targets[index],
            None if self.items is None else self.items.take(index),
        )

    def in_chunks(self, most: int) -> list["Examples"]:
        """The examples in their order, at most so many at a time."""
        return [self.take(np.arange(i, min(i + most, len(self)))) for i in range(0, len(self), most)]

    def unlabelled(self) -> "Examples":
        return replace(self, targets=None, items=None)

    @staticmethod
    def concatenate(parts: Sequence["Examples"]) -> "Examples":
        """All parts in order; targets survive only if every part has them."""
        whole = {name: np.concatenate([getattr(p, name) for p in parts]) for name in ("rows", "cutoffs", "seen")}
        labelled = all(p.targets is not None for p in parts)
        listed = all(p.items is not None for p in parts)
        return Examples(
            **whole,
            targets=np.concatenate([p.targets for p in parts]) if labelled else None,
            items=ItemLists.concatenate([p.items for p in parts]) if listed else None,
        )


@dataclass(frozen=True)
class ItemLists:
    """A list of item rows per example: start int64[N + 1], rows int64[total]."""

    start: np.ndarray
    rows: np.ndarray

    def of(self, example: int) -> np.ndarray:
        return self.rows[self.start[example] : self.start[example + 1]]

    def take(self, index: np.ndarray) -> "ItemLists":
        lengths = np.diff(self.start)[index]
        start = np.concatenate([[0], np.cumsum(lengths)])
        positions = np.repeat(self.start[:-1][index] - start[:-1], lengths) + np.arange(start[-1])
        return ItemLists(start, self.rows[positions])

    def first(self, most: int) -> np.ndarray:
        """int64[N, most]: the first items of each list, -1 where it is shorter."""
        place = self.start[:-1, None] + np.arange(most)
        found = place < self.start[1:, None]
        return np.where(found, np.append(self.rows, -1)[np.where(found, place, len(self.rows))], -1)

    @staticmethod
    def concatenate(parts: Sequence["ItemLists"]) -> "ItemLists":
        lengths = np.concatenate([np.diff(p.start) for p in parts])
        return ItemLists(np.concatenate([[0], np.cumsum(lengths)]), np.concatenate([p.rows for p in parts]))


class Labeller(Protocol):
    """Turns cutoffs into labelled examples; the only thing that looks past a cutoff."""

    def label(self, database: Database, cutoffs: np.ndarray, rows: np.ndarray | None = None) -> Examples:
        """Examples for every entity of the population (of ``rows``, int64[n], if given) at each of ``cutoffs``
        (int64[k] microseconds), sorted by (cutoff, row). Labels are read from ``(cutoff, cutoff + horizon]``; rows of
        the database outside any label window and after the cutoff must not change them. The caller discards windows
        that have not closed."""
        ...

    def label_step(
        self, database: Database, cutoffs: np.ndarray, step: int, rows: np.ndarray | None = None
    ) -> Examples:
        """The same for the window that begins ``step`` window lengths later, where a task has several steps."""
        if step > 0:
            raise NotImplementedError(f"{type(self).__name__} looks one window ahead")
        return self.label(database, cutoffs, rows)

    def population(self, database: Database, cutoff: int) -> np.ndarray:
        """int64[n] entity rows that the question is about at ``cutoff``, from rows with time <= cutoff alone."""
        ...


@dataclass(frozen=True)
class Task:
    """A question, ready to be labelled and predicted.

    horizon   the end of the label window after the cutoff; None for a static question (a missing cell)
    gap       the start of the label window after the cutoff
    hidden    (table, column) pairs that no feature may read
    classes   the values behind class indices (MULTICLASS; for BINARY (False, True))
    item      the table that is ranked (RANKING)
    steps     how many windows are forecast (FORECAST; the target of each is a number)
    """

    name: str
    kind: TargetKind
    entity: str
    labeller: Labeller = field(repr=False)  # it holds the whole schema
    horizon: Span | None = None
    gap: Span = Span()
    hidden: frozenset[tuple[str, str]] = frozenset()
    classes: tuple = ()
    item: str | None = None
    top: int | None = None
    steps: int = 1
    english: str = ""
    notes: tuple[str, ...] = field(default=())

    def __hash__(self) -> int:
        return hash((self.name, self.kind, self.entity, self.horizon))

    def closes(self, cutoffs: np.ndarray) -> np.ndarray:
        """int64[n]: when each cutoff's label is known. A static label is known with its row."""
        return np.asarray(cutoffs, dtype=np.int64) if self.horizon is None else self.horizon.after(cutoffs)
