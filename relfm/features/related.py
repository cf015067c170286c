"""Which rows of a table are related, where nothing has a time: by a category, a parent, or the children they share."""

from collections.abc import Iterator

import numpy as np

from relfm.features.answers import Pairs
from relfm.features.catalogue import role_of
from relfm.features.groups import many_categories
from relfm.features.history import HistoryView
from relfm.features.peers import latest_ends
from relfm.graph import TemporalGraph
from relfm.schema import Relation
from relfm.task import Examples

Related = tuple[str, Pairs, Pairs]


def related(graph: TemporalGraph, entity: str, examples: Examples, until: int) -> Iterator[Related]:
    """Each way in which rows are related: what the others are called, the groups of all rows of ``entity``, and those
    of the examples."""
    yield from _by_own(graph, entity, examples.rows, until)
    for relation in graph.children_of(entity):
        view = HistoryView(graph.links(relation), examples.rows, examples.seen, until)
        yield from _by_children(graph, relation, view, until)


def _by_own(graph: TemporalGraph, entity: str, rows: np.ndarray, until: int) -> Iterator[Related]:
    database, everybody, asked = graph.database, np.arange(graph.database.num_rows(entity)), np.arange(len(rows))

    def by(who: str, groups: np.ndarray, num: int) -> Related:
        return who, Pairs.of(everybody, groups, num), Pairs.of(asked, groups[rows], num)

    for column, codes, num in many_categories(database, entity, until):
        yield by(f"the same {entity}.{column}", codes, num)
    for relation in graph.parents_of(entity):
        parents = graph.parent_rows(relation)
        yield by(f"its {role_of(relation)}", parents, database.num_rows(relation.parent))
        for column, codes, num in many_categories(database, relation.parent, until):
            yield by(
                f"the same {relation.parent}.{column} of its {role_of(relation)}", np.append(codes, -1)[parents], num
            )


def _by_children(graph: TemporalGraph, relation: Relation, view: HistoryView, until: int) -> Iterator[Related]:
    owners = graph.parent_rows(relation)

    def by(who: str, ends: np.ndarray, num: int) -> Related:
        return who, Pairs.of(owners, ends, num), Pairs(*latest_ends(view, ends), num)

    for column, codes, num in many_categories(graph.database, relation.table, until):
        yield by(f"the same {relation.table}.{column} of {relation}", codes, num)
    for other in graph.parents_of(relation.table):
        if other.key == relation.key:
            continue
        who, ends, num = (
            f"the {role_of(other)} of {relation}",
            graph.parent_rows(other),
            graph.database.num_rows(other.parent),
        )
        if other.parent != relation.parent:
            yield by(f"others with {who}", ends, num)
            continue
        everybody = np.arange(num)
        owner, peer = latest_ends(view, ends)
        yield who, Pairs(everybody, everybody, num), Pairs(owner, peer, num)
