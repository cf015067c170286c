"""What became of one's group: of the customers of the same company, the same city, the same kind.

A parent's identity, and any of many categories, tell what its entities' past targets were; neither its cells nor the
few indicators that a column can have say that.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from relfm.database import Database
from relfm.distinct import distinct
from relfm.features.catalogue import role_of
from relfm.features.history import HistoryView, Prefix, Window, add_recency, add_series
from relfm.features.matrix import Block
from relfm.features.peers import ends_of
from relfm.features.series import MAX_CATEGORIES, MOST_UNIQUE, Series
from relfm.graph import TemporalGraph
from relfm.history import is_visible
from relfm.reading import stype_as_seen
from relfm.schema import Relation
from relfm.stype import Stype


def groups_by_category(
    database: Database, table: str, rows: np.ndarray, seen: np.ndarray, until: int
) -> Iterator[tuple[str, np.ndarray, int, np.ndarray]]:
    """Of each column of many categories: its name, the category of every row (int64[n], -1 for none), how many there
    are, and those of ``rows`` (int64[N], -1 for none) as seen at ``seen``."""
    times = database.times(table)
    there = (rows >= 0) & is_visible(times[rows], seen) if len(times) else np.zeros(len(rows), bool)
    for column, codes, num in many_categories(database, table, until):
        yield column, codes, num, np.where(there, codes[rows], -1)


def many_categories(database: Database, table: str, until: int) -> Iterator[tuple[str, np.ndarray, int]]:
    """Each column of more categories than have indicators, of which some repeat: its name, the category of every row
    (int64[n], -1 for none), and how many there are."""
    described = database.schema.tables[table]
    visible = is_visible(database.times(table), until)
    if not visible.any():
        return
    for column in described.columns:
        if column.stype is None or column.type not in ("string", "int64") or database.is_hidden(table, column.name):
            continue
        cells = database.tables[table].column(column.name)
        if column.type == "int64" and stype_as_seen(described, column, cells, visible) != Stype.categorical:
            continue
        codes, values = database.codes(table, column.name)
        known = codes[visible & (codes >= 0)]
        if MAX_CATEGORIES < len(distinct(known)) <= MOST_UNIQUE * len(known):
            yield column.name, codes, len(values)


def roles_of_parent(graph: TemporalGraph, relation: Relation) -> Iterator[tuple[str, Relation]]:
    """Every key by which rows of a table point at the parents of ``relation``, its own first: who plays at home has
    played elsewhere, too."""
    yield f"its {role_of(relation)}", relation
    for other in ends_of(graph, relation):
        yield f"its {role_of(relation)} as {'+'.join(other.key.columns)}", other


def add_group_targets(block: Block, view: HistoryView, targets: Sequence[Series], windows: Sequence[Window]) -> None:
    """The mean of past ``targets``, or the share of each class, of the entities of one's group, oneself included.

    ``view``: the group's labels as each example saw them. ``windows``: where a question is about cells (none
    otherwise), the latest targets tell besides, and how many came of late: a device is stolen one day, not for good.
    """
    if view.is_blank:
        return
    if windows:
        add_recency(block, view, windows[:2], block.fact, full=False)
        add_series(block, view, targets, windows[:1], block.fact, full=False)
        return
    narrowed, _ = view.narrowed()
    segments = narrowed.links.segments()
    for one in targets:
        what = "share of" if one.is_indicator else "mean of"
        means = Prefix(narrowed.links, one.values, segments).mean(narrowed, narrowed.begin)
        block.add(f"{what} {one.name} in all {block.fact}", means)
