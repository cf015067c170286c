"""Labels by SQL that the user wrote, in RelBench 3's contract: ``timestamps(timestamp)`` in, one row per label out.

The statement runs over rows up to the end of the last window asked for, so nothing later can change a label.
"""

from dataclasses import dataclass, field

import numpy as np

from relfm.database import Database
from relfm.distinct import distinct
from relfm.errors import QuestionError
from relfm.history import is_visible
from relfm.labels.answers import Answer, times_of
from relfm.labels.engine import engine_of
from relfm.labels.keys import rows_of_keys
from relfm.task import Examples, Labeller
from relfm.times import Span

_LOOK_BACK = 12  # windows searched for the most recent one that holds labels


@dataclass(frozen=True)
class SqlLabeller(Labeller):
    """``sql`` selects ``time_column``, ``entity_column`` (values of ``entity``'s ``key_column``, by default the column
    of the same name) and ``target_column``.

    ``{timedelta}`` in it stands for ``horizon``. With ``item`` the target is a list of values of ``item_column``.
    ``classes`` turns values into class indices; a value that is not among them has no label. With ``is_binary`` any
    target but 0 and 1 is refused.
    """

    sql: str
    entity: str
    entity_column: str
    time_column: str
    target_column: str
    horizon: Span
    item: str | None = None
    item_column: str | None = None
    key_column: str | None = None
    is_binary: bool = False
    classes: tuple = field(default=())

    @property
    def statement(self) -> str:
        return self.sql.replace("{timedelta}", str(self.horizon))

    def label(self, database: Database, cutoffs: np.ndarray, rows: np.ndarray | None = None) -> Examples:
        """Examples sorted by (cutoff, row): the entities that the statement returns and that exist at the cutoff."""
        item = (self.item, self.item_column) if self.item is not None and self.item_column is not None else None
        examples = self._answer(database, cutoffs).examples(database, self.classes, item)
        if self.is_binary and not np.isin(examples.targets, (0, 1)).all():
            found = examples.targets[~np.isin(examples.targets, (0, 1))][0]
            raise QuestionError(
                f"the target '{self.target_column}' of a yes or no question is {found:g}",
                hint="select 0 and 1, or ask for a number: -- kind: regression",
            )
        return examples if rows is None else examples.take(np.isin(examples.rows, rows))

    def values(self, database: Database, cutoffs: np.ndarray) -> list:
        """The distinct target values at ``cutoffs``, sorted: what classes are made of."""
        return self._answer(database, cutoffs).values()

    def population(self, database: Database, cutoff: int) -> np.ndarray:
        """Whom the statement is about cannot be read from it without the future, so: the entities that it labels
        in the latest closed window that has any labels (of the last twelve), else every entity that exists."""
        closed = [np.int64(cutoff)]
        for _ in range(_LOOK_BACK):
            closed.append(self.horizon.before(closed[-1]))
        answer = self._answer(database, np.array(closed[1:]), until=cutoff)
        exists = is_visible(database.times(self.entity), cutoff)
        known = (answer.rows >= 0) & exists[answer.rows] if len(exists) else np.zeros(len(answer.rows), dtype=bool)
        if not known.any():
            return np.flatnonzero(exists)
        return distinct(answer.rows[known & (answer.cutoffs == answer.cutoffs[known].max())])

    def _answer(self, database: Database, cutoffs: np.ndarray, until: int | None = None) -> Answer:
        cutoffs = distinct(np.asarray(cutoffs, dtype=np.int64))
        if until is None:
            until = int(self.horizon.after(cutoffs).max()) if len(cutoffs) else 0
        table = engine_of(database).run(self.statement, cutoffs, until)
        position_by_name = {name.casefold(): i for i, name in enumerate(table.column_names)}
        columns = {}
        for name in (self.time_column, self.entity_column, self.target_column):
            if name.casefold() not in position_by_name:
                raise QuestionError(
                    f"the label SQL returns no column '{name}'", hint=f"it returns: {', '.join(table.column_names)}"
                )
            columns[name] = table.column(position_by_name[name.casefold()])
        rows = rows_of_keys(
            database, self.entity, [self.key_column or self.entity_column], [columns[self.entity_column]]
        )
        times = times_of(columns[self.time_column], self.time_column)
        return Answer(self.entity, rows, times, columns[self.target_column], self.target_column)
