"""From what the command line asks to a Task: a predictive query, or label SQL in a file."""

from typing import TYPE_CHECKING

from relfm.cli.options import Asked

if TYPE_CHECKING:
    from relfm.database import Database
    from relfm.task import Task


def asked(source: Asked, database: "Database") -> "Task":
    """The task that the question or ``--label-sql`` means. QuestionError, SchemaError, UsageError."""
    question = source.text()
    if question is not None:
        from relfm.planning import resolve

        return resolve(database, question)
    from relfm.labels import task_from_sql_file

    return task_from_sql_file(source.label_sql, database.schema)
