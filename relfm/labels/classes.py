"""The classes of a multiclass question: the values that its label has taken in windows closed by a given moment.

They depend on nothing later, so neither do class indices.
"""

from dataclasses import replace

from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.labels.cutoffs import context_cutoffs
from relfm.task import TargetKind, Task
from relfm.times import when

_LIMIT = 100  # cutoffs searched


def classes_at(task: Task, database: Database, at: int) -> tuple:
    """The values that the label of ``task`` takes in windows that have closed by ``at``, sorted; DataCannotAnswer if
    none."""
    cutoffs = context_cutoffs(task, database.span, at, _LIMIT) if task.horizon is not None else [at]
    values = tuple(task.labeller.values(database, cutoffs)) if len(cutoffs) else ()
    if not values:
        raise _no_class(task, at)
    return values


def _no_class(task: Task, at: int) -> DataCannotAnswer:
    by = when("by", at)
    if task.horizon is None:
        return DataCannotAnswer(
            f"no class is known{by}: the cell is missing in every row that can be learned from",
            hint="check WHERE, and with `relfm describe` that the column was read",
        )
    return DataCannotAnswer(
        f"no class is known{by}: the label is unknown in every window that has closed",
        hint="check WHERE, ask for a longer window, or choose a later --at",
    )


def with_classes(task: Task, database: Database, at: int) -> Task:
    """``task`` with its classes and a labeller that numbers them; any other kind of task as it is."""
    if task.kind is not TargetKind.MULTICLASS:
        return task
    classes = classes_at(task, database, at)
    return replace(task, classes=classes, labeller=replace(task.labeller, classes=classes))
