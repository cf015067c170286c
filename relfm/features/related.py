"""Which rows of a table are related, where nothing has a time: by a category, a parent, or a child that names both."""

from collections.abc import Iterator

import numpy as np

from relfm.features.answers import Pairs
from relfm.features.catalogue import role_of
from relfm.features.groups import many_categories, roles_of_parent
from relfm.features.history import HistoryView
from relfm.features.peers import latest_ends
from relfm.graph import TemporalGraph
from relfm.history import is_visible
from relfm.schema import Relation
from relfm.task import Examples

Related = tuple[str, Pairs, Pairs]
"""What related rows are called, the groups of all rows of their table, and those that the examples are asked of."""


def related(graph: TemporalGraph, entity: str, examples: Examples, until: int) -> Iterator[Related]:
    """Each way in which rows of ``entity`` are related to the examples."""
    yield from _by_own(graph, entity, examples.rows, until)
    for relation in graph.children_of(entity):
        view = HistoryView(graph.links(relation), examples.rows, examples.seen, until)
        yield from _by_children(graph, relation, view, until)


def _by_own(graph: TemporalGraph, entity: str, rows: np.ndarray, until: int) -> Iterator[Related]:
    database, asked = graph.database, np.arange(len(rows))
    everybody = _each_by_itself(database.num_rows(entity))

    def by(who: str, groups: np.ndarray, num: int) -> Related:
        return who, Pairs.of(everybody.rows, groups, num), Pairs.of(asked, groups[rows], num)

    for column, codes, num in many_categories(database, entity, until):
        yield by(f"the same {entity}.{column}", codes, num)
    for relation in graph.parents_of(entity):
        parents, role = graph.parent_rows(relation), role_of(relation)
        for who, other in roles_of_parent(graph, relation):
            members = Pairs.of(everybody.rows, graph.parent_rows(other), database.num_rows(relation.parent))
            yield f"others of {who}", members, Pairs.of(asked, parents[rows], members.num_groups)
        if relation.parent == entity:
            yield f"its {role}", everybody, Pairs.of(asked, parents[rows], everybody.num_groups)
        for column, codes, num in many_categories(database, relation.parent, until):
            yield by(f"the same {relation.parent}.{column} of its {role}", np.append(codes, -1)[parents], num)


def _by_children(graph: TemporalGraph, relation: Relation, view: HistoryView, until: int) -> Iterator[Related]:
    visible = is_visible(graph.database.times(relation.table), until)
    owners = np.where(visible, graph.parent_rows(relation), -1)
    everybody = _each_by_itself(graph.database.num_rows(relation.parent))

    def by(who: str, ends: np.ndarray, num: int) -> Related:
        return who, Pairs.of(owners, ends, num), Pairs(*latest_ends(view, ends), num)

    def themselves(who: str, ends: np.ndarray) -> Related:
        return who, everybody, Pairs(*latest_ends(view, ends), everybody.num_groups)

    if relation.table == relation.parent:
        yield themselves(f"its {relation}", everybody.rows)
    for column, codes, num in many_categories(graph.database, relation.table, until):
        yield by(f"the same {relation.table}.{column} of {relation}", codes, num)
    for other in graph.parents_of(relation.table):
        who, ends = f"the {role_of(other)} of {relation}", graph.parent_rows(other)
        if other.parent != relation.parent:
            yield by(f"others with {who}", ends, graph.database.num_rows(other.parent))
        elif other.key != relation.key:
            yield themselves(who, ends)


def _each_by_itself(num: int) -> Pairs:
    return Pairs(np.arange(num), np.arange(num), num)
