"""The classes of a multiclass question: the values that its label has taken in windows closed by a given moment.

They depend on nothing later, so neither do class indices.
"""

from dataclasses import replace

from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.labels.cutoffs import context_cutoffs
from relfm.task import TargetKind, Task
from relfm.times import format_time

_LIMIT = 100  # cutoffs searched


def classes_at(task: Task, database: Database, at: int) -> tuple:
    """The values that the label of ``task`` has been seen to take by ``at``, sorted; DataCannotAnswer if none."""
    cutoffs = context_cutoffs(task, database.span, at, _LIMIT) if task.horizon is not None else [at]
    values = tuple(task.labeller.values(database, cutoffs)) if len(cutoffs) else ()
    if not values:
        raise DataCannotAnswer(
            f"no class has been seen by {format_time(at)}: the label is unknown in every closed window",
            hint="predict at a later time, or check WHERE",
        )
    return values


def with_classes(task: Task, database: Database, at: int) -> Task:
    """``task`` with its classes and a labeller that numbers them; any other kind of task as it is."""
    if task.kind is not TargetKind.MULTICLASS:
        return task
    classes = classes_at(task, database, at)
    return replace(task, classes=classes, labeller=replace(task.labeller, classes=classes))
