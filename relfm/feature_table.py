"""Labels and queries with their features, as tables: what relfm's experts learn from and answer, for another model.

Each row is described from what was known by its own cutoff, and both tables by the same labels up to the same moment:
a column of one means what it means in the other.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relfm import arguments, features
from relfm.asked import CONTEXT_ROWS, Asked
from relfm.context import latest
from relfm.database import Database
from relfm.label_table import examples_as_frame
from relfm.moments import Moment, labels_end
from relfm.planning import refuse_lists, task_at
from relfm.query import PredictiveQuery
from relfm.task import Examples, Task
from relfm.threads import few_threads
from relfm.times import Span

if TYPE_CHECKING:
    import pandas as pd

MOST_LABELS = 50_000
"""Labels that are described unless more are asked for: a tenth of a gigabyte of 500 features, more than one of 6,000
(a schema of 24 tables), and as much again to write them."""

MOST_AT_ONCE = 50_000
"""Examples whose features are computed together."""

REFUSED = re.compile(r'[][{}<",:\x00-\x1f]')
"""What LightGBM or XGBoost takes in no name of a feature; categories bring it in."""


@dataclass(frozen=True, eq=False, repr=False)
class FeatureTables:
    """What ``feature_tables`` returns.

    context     labelled examples, the latest cutoff first: the entity's key under its own names, ``cutoff``,
                ``target``, then the features
    features    the names of the features in ``context`` and ``queries``: float32 columns, NaN where missing
    num_labels  how many labels were known; ``context`` has the latest of them, a large cutoff thinned evenly
    at          microseconds
    """

    context: "pd.DataFrame"
    features: list[str]
    num_labels: int
    task: Task
    at: int
    _asked: Asked
    _labelled: Examples

    def __repr__(self) -> str:
        return f"FeatureTables({self.task.name!r}: {len(self.context):,} labels, {len(self.features):,} features)"

    def queries(self, entities: Sequence[Any] | None = None, limit: int | None = None) -> "pd.DataFrame":
        """Whom the question is about at ``at``, with the columns of ``context`` but ``target``; or ``entities`` (key
        values; tuples where the key is composite), ``limit`` of them at most. DataCannotAnswer if that is nobody."""
        limit = None if limit is None else arguments.whole("limit", limit, 1, hint="give 1 or more, or None for all")
        return _described(self._asked, self._labelled, self._asked.queries(entities, limit))[0]


def feature_tables(
    database: Database,
    question: str | PredictiveQuery | Task,
    *,
    at: Moment = None,
    every: Span | str | None = None,
    limit: int = MOST_LABELS,
) -> FeatureTables:
    """The labels known by ``at`` with the features of each, and those of the queries at ``at``.

    Cutoffs are one horizon apart, or ``every`` apart ("7 days"). Labels are those that a prediction learns from: of
    more than 100,000 entities those of a draw, and ``limit`` at most, the latest, from many cutoffs. If the data end
    before ``at``, so that queries see less than their cutoff would allow, labels are described with the same delay.
    UsageError for rankings and forecasts of several windows; and what ``relfm.plan`` raises.
    """
    limit = arguments.whole("limit", limit, 1)
    hint = "give text such as '7 days', or None for one horizon"
    every = arguments.of_kind("every", Span.parse(every) if isinstance(every, str) else every, (Span, type(None)), hint)
    task, moment = task_at(database, question, at)
    refuse_lists(task, "a row of features has one target")
    asked = Asked(database, task, moment, CONTEXT_ROWS, every=every)
    labelled = asked.context()
    shown = labelled.take(latest(labelled, np.arange(len(labelled)), limit))
    shown = shown.take(np.lexsort((shown.rows, -shown.cutoffs)))
    stale = moment - labels_end(database, task, moment)
    frame, names = _described(asked, labelled, replace(shown, seen=shown.cutoffs - stale))
    return FeatureTables(frame, names, len(labelled), task, moment, asked, labelled)


def _described(asked: Asked, labelled: Examples, examples: Examples) -> tuple["pd.DataFrame", list[str]]:
    """The examples with their features, and the names of those."""
    import pandas as pd

    database, task = asked.database, asked.task
    until = labels_end(database, task, asked.moment)
    values, done = np.zeros((len(examples), 0), np.float32), 0
    for part in examples.unlabelled().in_chunks(MOST_AT_ONCE):
        with few_threads():
            matrix = features.compute(database, task, part, labelled, until=until, own=asked.own(part))
        if done == 0:  # which features there are follows from the labels and from `until`, never from the part
            values = np.empty((len(examples), matrix.num_features), np.float32)
        values[done : done + len(part)] = matrix.values
        done += len(part)
    front = examples_as_frame(database, task, examples)
    names = _each_once(matrix.names, [*front, "target"])
    frame = pd.DataFrame(values, columns=names, copy=False)
    for place, (name, column) in enumerate(front.items()):
        frame.insert(place, name, column)
    return frame, names


def _each_once(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The names as models and files take them, none of them in ``taken``: of equal ones the later are numbered."""
    used, told = set(taken), []
    for name in (REFUSED.sub(" ", name) for name in names):
        number, free = 1, name
        while free in used:
            number += 1
            free = f"{name} ({number})"
        used.add(free)
        told.append(free)
    return told
