"""Past targets as a table like any other: a label is a row that becomes visible when its window has closed."""

from dataclasses import dataclass

import numpy as np

from relfm.context import known_at
from relfm.features.scale import Scale
from relfm.features.series import Series
from relfm.history import Links, is_visible
from relfm.task import Examples, TargetKind, Task


@dataclass(frozen=True)
class LabelTable:
    """Labelled examples and the time at which each became known (int64[n] microseconds). The first ``num_shared`` may
    be read by everybody, the others by their own entity alone."""

    task: Task
    examples: Examples
    known: np.ndarray
    num_shared: int

    @classmethod
    def of(cls, task: Task, labelled: Examples, own: Examples | None = None) -> "LabelTable":
        both = labelled if own is None else Examples.concatenate([labelled, own])
        return cls(task, both, known_at(task, both.cutoffs), len(labelled))

    @property
    def shared(self) -> "LabelTable":
        """What everybody may read."""
        if self.num_shared == len(self.examples):
            return self
        return LabelTable.of(self.task, self.examples.take(np.arange(self.num_shared)))

    def links_to_entity(self, num_rows: int) -> Links:
        return self.links_to(self.examples.rows, num_rows)

    def links_to(self, rows: np.ndarray, num_rows: int) -> Links:
        """Links of the labels to ``rows`` (int64[n], -1 for none) of a table of ``num_rows`` rows."""
        return Links.of(rows, self.known, num_rows)

    def links_to_shared(self, rows: np.ndarray, num_rows: int) -> Links:
        """The same of those labels alone that everybody may read."""
        return self.links_to(np.where(np.arange(len(rows)) < self.num_shared, rows, -1), num_rows)

    def series(self, until: int) -> list[Series]:
        """The target as a number, or one indicator per class; numbers too large or too close for a float32 are scaled
        by those known at ``until``."""
        if self.task.kind == TargetKind.RANKING or self.examples.targets is None:
            return []
        targets = self.examples.targets
        if self.task.kind == TargetKind.MULTICLASS:
            classes = [(f"target = {name}", i) for i, name in enumerate(self.task.classes)]
            return [Series(text, (targets == i).astype(np.float64), is_indicator=True) for text, i in classes]
        known = targets[: self.num_shared][is_visible(self.known[: self.num_shared], until)]
        scale = Scale.fit(known[np.isfinite(known)])
        return [Series("target", scale(targets), self.task.kind == TargetKind.BINARY, scale.offset)]
