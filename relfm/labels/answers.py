"""What a label statement returned, as Examples: keys as rows, values as numbers or class indices, lists as item rows.

Rows that name no entity, or one that does not exist yet at the cutoff, are left out; so are unknown labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relfm.database import Database
from relfm.errors import QuestionError
from relfm.history import is_visible
from relfm.labels.keys import rows_of_keys
from relfm.task import Examples, ItemLists
from relfm.times import to_microseconds


@dataclass(frozen=True)
class Answer:
    """One label per element: entity ``rows`` int64[n] (-1 unknown), ``cutoffs`` int64[n], ``target`` of any type."""

    entity: str
    rows: np.ndarray
    cutoffs: np.ndarray
    target: pa.ChunkedArray
    target_name: str = "label"

    def values(self) -> list:
        """The distinct known values, sorted: what classes are made of."""
        return sorted(pc.unique(self.target.drop_null()).to_pylist())

    def examples(self, database: Database, classes: Sequence = (), item: tuple[str, str] | None = None) -> Examples:
        """Sorted by (cutoff, row). ``item`` is the (table, column) whose values the target lists."""
        born = database.times(self.entity)[self.rows] if len(self.rows) else self.cutoffs
        kept = (self.rows >= 0) & is_visible(born, self.cutoffs) & pc.is_valid(self.target).to_numpy()
        if item is not None:
            items = _item_lists(database, *item, self.target)
            examples = Examples.of(self.rows, self.cutoffs, items=items)
        else:
            targets = targets_of(self.target, self.target_name, classes)
            kept &= ~np.isnan(targets)
            examples = Examples.of(self.rows, self.cutoffs, targets)
        order = np.lexsort((self.rows, self.cutoffs))
        return examples.take(order[kept[order]])


def times_of(values: pa.ChunkedArray, name: str) -> np.ndarray:
    """int64[n] microseconds of the cutoffs that a statement returned; QuestionError if they are no times."""
    if not pa.types.is_temporal(values.type):
        raise QuestionError(
            f"column '{name}' of the label SQL holds {values.type}, not the cutoff",
            hint="select t.timestamp from the relation 'timestamps'",
        )
    return to_microseconds(values.cast(pa.timestamp("us")))


def targets_of(values: pa.ChunkedArray, name: str, classes: Sequence = ()) -> np.ndarray:
    """float64[n]: numbers and booleans as they are, or the index among ``classes``; NaN where there is none."""
    if classes:
        index = pc.index_in(values.combine_chunks(), value_set=pa.array(list(classes), values.type))
        return pc.fill_null(index.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    kind = values.type
    if pa.types.is_boolean(kind):
        values = values.cast(pa.int64())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise QuestionError(
            f"target '{name}' holds {kind}, not numbers", hint="select a number, or say that the kind is multiclass"
        )
    return pc.fill_null(values.cast(pa.float64(), safe=False), np.nan).to_numpy(zero_copy_only=False)


def _item_lists(database: Database, item: str, column: str, lists: pa.ChunkedArray) -> ItemLists:
    """Lists of keys as lists of distinct item rows in ascending order; keys of no item are left out."""
    if not (pa.types.is_list(lists.type) or pa.types.is_large_list(lists.type)):
        raise QuestionError(
            f"the rows of '{item}' must come as a list, not as {lists.type}", hint="select LIST(DISTINCT …)"
        )
    combined = pa.concat_arrays(lists.chunks) if lists.num_chunks else pa.array([], lists.type)
    owner = pc.list_parent_indices(combined).to_numpy().astype(np.int64)
    rows = rows_of_keys(database, item, [column], [pa.chunked_array([pc.list_flatten(combined)])])
    pairs = np.unique(np.stack([owner, rows])[:, rows >= 0], axis=1)
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs[0], minlength=len(combined)))])
    return ItemLists(start.astype(np.int64), pairs[1])
