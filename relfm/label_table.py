"""The label table that a question means: who, when, what happened; what a prediction learns from, to be looked at.

Every label in it was known by the moment of the prediction.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from relfm.asked import closed_labels, past_cutoffs
from relfm.database import Database
from relfm.moments import Moment
from relfm.planning import key_columns, task_at
from relfm.query import PredictiveQuery
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

if TYPE_CHECKING:
    import pandas as pd


def label_table(
    database: Database,
    question: str | PredictiveQuery | Task,
    *,
    at: Moment = None,
    every: Span | None = None,
    limit: int | None = None,
) -> "pd.DataFrame":
    """The labels known by ``at``: the entity's key under its own names, ``cutoff``, ``target``; latest cutoff first.

    Cutoffs are one horizon apart, or ``every`` apart; ``limit`` keeps the first rows. Items of a ranking are a list of
    keys, classes are their values, and an entity without a key is named by its row number, ``row``.
    """
    task, moment = task_at(database, question, at)
    examples = closed_labels(database, task, past_cutoffs(database, task, moment, every=every), moment)
    examples = examples.take(np.lexsort((examples.rows, -examples.cutoffs))[:limit])
    return examples_as_frame(database, task, examples)


def examples_as_frame(database: Database, task: Task, examples: Examples) -> "pd.DataFrame":
    """Examples of a ``task`` whose classes are known, in their order, as ``label_table`` shows them: ``target`` where
    they are labelled. A key that itself has the name of one of these columns is called ``table.name``."""
    import pandas as pd

    keys = key_columns(database, task.entity, examples.rows)
    frame = pd.DataFrame({f"{task.entity}.{n}" if n in ("cutoff", "target") else n: k for n, k in keys.items()})
    frame = frame.assign(cutoff=database.shown(examples.cutoffs))
    is_labelled = examples.targets is not None or examples.items is not None
    return frame.assign(target=_values(database, task, examples)) if is_labelled else frame


def _values(database: Database, task: Task, examples: Examples) -> Any:
    if task.kind is TargetKind.RANKING:
        (keys,) = key_columns(database, task.item, examples.items.rows).values()
        return [list(part) for part in np.split(np.asarray(keys), examples.items.start[1:-1])]
    if task.kind in (TargetKind.BINARY, TargetKind.MULTICLASS):
        return [task.classes[int(target)] for target in examples.targets]
    return examples.targets
