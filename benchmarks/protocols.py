"""Which rows a prediction may see: the two protocols under which RelBench numbers are reported.

No number exists without a protocol, and no query is ever given its own label (PROTOCOL.md states both in words).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from relfm.benchmarks.tasks import BenchmarkTask, Split
from relfm.context import known_at
from relfm.database import Database
from relfm.errors import DataCannotAnswer, UsageError
from relfm.task import Examples


class Protocol(StrEnum):
    """``frozen``: the database stops at the split's timestamp. ``rolling``: at each row's own cutoff."""

    FROZEN = "frozen"
    ROLLING = "rolling"

    @classmethod
    def parse(cls, text: str | None) -> "Protocol":
        """The protocol of that name; UsageError for none at all or another one."""
        if text in list(cls):
            return cls(text)
        said = "a benchmark needs a protocol" if text is None else f"unknown protocol '{text}'"
        raise UsageError(
            said, hint="--protocol frozen (cut at the split's timestamp) or rolling (at each row's cutoff)"
        )


@dataclass(frozen=True)
class Trial:
    """One scoring of one split: what a method is given (all but ``truth``) and what it is scored against.

    context  labelled examples of other splits, and under ROLLING of the scored split too; a method may use example e
             for query q only where ``known[e] <= q.seen``
    queries  the rows of the split in their official order, without labels
    """

    task: BenchmarkTask
    protocol: Protocol
    split: Split
    context: Examples
    queries: Examples
    truth: Examples

    @property
    def database(self) -> Database:
        return self.task.database

    @cached_property
    def known(self) -> np.ndarray:
        """int64[len(context)]: from when on each label may be used."""
        return known_at(self.task.task, self.context.cutoffs)


def trial(task: BenchmarkTask, protocol: Protocol, split: Split) -> Trial:
    """The split's rows under a protocol; DataCannotAnswer if the split has no rows or nothing labelled precedes it."""
    truth = task.splits[split]
    if len(truth) == 0:
        raise DataCannotAnswer(f"task '{task.name}' has no {split} rows")
    if task.metric == "auroc" and len(np.unique(truth.targets)) < 2:
        raise DataCannotAnswer(f"all {split} rows of task '{task.name}' are of one class, so AUROC is undefined")
    earlier = [task.splits[s] for s in (Split.TRAIN, Split.VAL) if s is not split]
    if protocol is Protocol.ROLLING:
        context, seen = Examples.concatenate([*earlier, truth]), truth.cutoffs
    else:
        context, seen = Examples.concatenate(earlier), frozen_sight(task, truth, split)
    queries = Examples.of(truth.rows, truth.cutoffs, seen=seen)
    made = Trial(task, protocol, split, context, queries, truth)
    usable = made.known <= queries.seen.max()
    if not usable.any():
        raise DataCannotAnswer(f"task '{task.name}' has no label that was known before its {split} rows")
    return Trial(task, protocol, split, context.take(usable), queries, truth)


def frozen_sight(task: BenchmarkTask, rows: Examples, split: Split) -> np.ndarray:
    """int64[n]: the last instant each row sees. A static question is about the row itself, so that is shown."""
    if task.is_static:
        return rows.cutoffs
    cut = task.dataset.val_timestamp if split is Split.VAL else task.dataset.test_timestamp
    return np.minimum(rows.cutoffs, cut)
