"""Labels: what happened in ``(cutoff, cutoff + horizon]``, computed by SQL over the snapshot."""

from relfm.labels.classes import classes_at, with_classes
from relfm.labels.cutoffs import context_cutoffs
from relfm.labels.export import label_sql, manifest_yaml, to_manifest
from relfm.labels.labeller import QueryLabeller
from relfm.labels.manifest import task_from_manifest
from relfm.labels.question import task_of
from relfm.labels.sql import SqlLabeller
from relfm.labels.sql_file import task_from_sql, task_from_sql_file

__all__ = [
    "QueryLabeller",
    "SqlLabeller",
    "classes_at",
    "context_cutoffs",
    "label_sql",
    "manifest_yaml",
    "task_from_manifest",
    "task_from_sql",
    "task_from_sql_file",
    "task_of",
    "to_manifest",
    "with_classes",
]
