"""The answers to a question over the whole history, if they are worth learning from."""

from dataclasses import dataclass

import numpy as np

from relfm.database import Database
from relfm.errors import RelfmError
from relfm.labels import with_classes
from relfm.plan import past_cutoffs, resolve, span_of
from relfm.task import Examples, TargetKind, Task

MIN_LABELS, MIN_CUTOFFS = 300, 5
RAREST = 0.02
MOST_EQUAL = 0.9


@dataclass(frozen=True)
class Answered:
    """A question and its answers at past cutoffs, or why it is of no use."""

    question: str
    task: Task | None = None
    examples: Examples | None = None
    reason: str = ""

    @property
    def is_usable(self) -> bool:
        return self.task is not None and self.examples is not None


def answered(database: Database, question: str, *, rows: int = 20_000) -> Answered:
    """Answers known by the end of the data, at cutoffs that bring about ``rows``; a reason where they are too few, all
    alike, or of a kind that has no targets (rankings)."""
    try:
        task = resolve(database, question)
        if task.kind in (TargetKind.RANKING, TargetKind.FORECAST):
            return Answered(question, reason=f"a {task.kind.value} has no single target")
        _, last = span_of(database, task)
        task = with_classes(task, database, last)
        cutoffs = past_cutoffs(database, task, last, rows=rows)
        if task.horizon is not None and len(cutoffs) < MIN_CUTOFFS:
            return Answered(question, reason=f"only {len(cutoffs)} cutoffs")
        examples = task.labeller.label(database, cutoffs)
        examples = examples.take(task.closes(examples.cutoffs) <= last)
    except RelfmError as error:
        return Answered(question, reason=error.message)
    reason = dullness(task, examples)
    return Answered(question, reason=reason) if reason else Answered(question, task, examples)


def dullness(task: Task, examples: Examples) -> str:
    """Why nothing can be learned from these answers; empty if something can."""
    if len(examples) < MIN_LABELS:
        return f"only {len(examples)} labels"
    targets = examples.targets
    if task.kind is TargetKind.BINARY and not RAREST < targets.mean() < 1 - RAREST:
        return f"base rate {targets.mean():.3f}"
    if task.kind is TargetKind.MULTICLASS and len(np.unique(targets)) < 2:
        return "one class"
    if task.kind is TargetKind.REGRESSION:
        _, counts = np.unique(targets, return_counts=True)
        if len(counts) < 4 or counts.max() > MOST_EQUAL * len(targets):
            return "nearly all answers are equal"
    return ""
