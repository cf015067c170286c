"""The answers to a question over the whole history, if they are worth learning from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from relfm.asked import past_cutoffs
from relfm.database import Database
from relfm.errors import RelfmError
from relfm.labels import with_classes
from relfm.moments import moment_of
from relfm.planning import resolve
from relfm.questions.copies import copies_of
from relfm.questions.draw import questions_of
from relfm.task import Examples, TargetKind, Task

ROWS = 20_000
MIN_LABELS, MIN_CUTOFFS = 300, 5
RAREST = 0.02
MOST_EQUAL = 0.9
TRIES = 4


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


def answered(database: Database, question: str) -> Answered:
    """Answers known by the end of the data, at cutoffs that bring about ``ROWS``; a reason where they are too few, all
    alike, or of a kind that has no targets (rankings). Columns that give the answers away are hidden too."""
    try:
        task = resolve(database, question)
        if task.kind in (TargetKind.RANKING, TargetKind.FORECAST):
            return Answered(question, reason=f"a {task.kind.value} has no single target")
        last = moment_of(database, task)
        task = with_classes(task, database, last)
        cutoffs = past_cutoffs(database, task, last, rows=ROWS)
        if task.horizon is not None and len(cutoffs) < MIN_CUTOFFS:
            return Answered(question, reason=f"only {len(cutoffs)} cutoffs")
        examples = task.labeller.label(database, cutoffs)
        examples = examples.take(task.closes(examples.cutoffs) <= last)
    except RelfmError as error:
        return Answered(question, reason=error.message)
    reason = dullness(task, examples)
    if reason:
        return Answered(question, reason=reason)
    return Answered(question, replace(task, hidden=task.hidden | copies_of(database, task, examples)), examples)


def usable_questions(
    database: Database,
    count: int,
    seed: int,
    *,
    left_out: Callable[[str], None] = lambda text: None,
) -> Iterator[Answered]:
    """Drawn questions that something can be learned from, up to ``count``; at most ``TRIES`` times as many are
    answered. ``left_out`` hears of each of the others and why."""
    made = 0
    for question in islice(questions_of(database, seed), TRIES * count):
        if made == count:
            return
        found = answered(database, question)
        if found.is_usable:
            made += 1
            yield found
        else:
            left_out(f"{question} left out: {found.reason}")


def dullness(task: Task, examples: Examples) -> str:
    """Why nothing can be learned from these answers; empty if something can."""
    if len(examples) < MIN_LABELS:
        return f"only {len(examples)} labels"
    targets = examples.targets
    if task.kind is TargetKind.BINARY and not RAREST < targets.mean() < 1 - RAREST:
        return f"base rate {targets.mean():.3f}"
    if task.kind is TargetKind.MULTICLASS and np.bincount(targets.astype(np.int64)).max() > (1 - RAREST) * len(targets):
        return "nearly all answers are one class"
    if task.kind is TargetKind.REGRESSION:
        _, counts = np.unique(targets, return_counts=True)
        if len(counts) < 4 or counts.max() > MOST_EQUAL * len(targets):
            return "nearly all answers are equal"
    return ""
