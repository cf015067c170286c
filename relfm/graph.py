"""The temporal heterogeneous graph: every foreign key as time-sorted links, in both directions.

Links are built once, on first use, from the database's rows; nothing in them depends on a cutoff.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from relfm.database import Database
from relfm.history import Links
from relfm.schema import ForeignKey, Relation, Table
from relfm.times import MISSING_TIME

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData


_built: "WeakKeyDictionary[Database, dict[tuple[Relation, ...], Links]]" = WeakKeyDictionary()


@dataclass
class TemporalGraph:
    """Relations of a database, children by parent in time order."""

    database: Database
    _links: dict[tuple[Relation, ...], Links] = field(default_factory=dict, repr=False)
    is_timeless: bool = False
    """Whether rows of which nobody knows when they came are there too: where nothing is asked of the past."""

    @classmethod
    def of(cls, database: Database, *, is_timeless: bool = False) -> "TemporalGraph":
        """The graph of ``database`` with the links that others have built for it: folds, steps and chunks of queries
        of one database all need the same."""
        return cls(database, _built.setdefault(database, {}), is_timeless)

    def hide(self, columns: Iterable[tuple[str, str]]) -> "TemporalGraph":
        """The same links over a database that hides those (table, column) pairs."""
        return TemporalGraph(self.database.hide(columns), self._links, self.is_timeless)

    def children_of(self, table: str) -> list[Relation]:
        """Relations whose children point at ``table``, in name order; those through a hidden key are left out, and
        children of which nobody knows when they came."""
        relations = [
            Relation(child.name, key)
            for child, key in self.database.schema.children_of(table)
            if self._is_placed(child) and self._is_usable(child.name, key)
        ]
        return sorted(relations)

    def parents_of(self, table: str) -> list[Relation]:
        """Relations by which rows of ``table`` point at others; with the same left out."""
        tables = self.database.schema.tables
        usable = [key for key in tables[table].foreign_keys if self._is_usable(table, key)]
        return sorted(Relation(table, key) for key in usable if self._is_placed(tables[key.table]))

    def parent_rows(self, relation: Relation) -> np.ndarray:
        """int64[n]: the parent row of each row of ``relation.table``, -1 for none."""
        return self.database.links(relation.table, relation.key)

    def links(self, *path: Relation) -> Links:
        """Links from parents to children; with several relations, to the children's children, and so on.

        A chain's link takes the latest time along it: a line of an order is not known before the order.
        """
        if path not in self._links:
            parents, times = self.parent_rows(path[-1]), self.database.times(path[-1].table)
            for relation in reversed(path[:-1]):
                known = parents >= 0
                middle = self.database.times(relation.table)
                through = self.parent_rows(relation)
                if len(middle) == 0:
                    parents = np.full(len(parents), -1)
                    continue
                times = np.where(known, _later(times, middle[parents]), times)
                parents = np.where(known, through[parents], -1)
            self._links[path] = Links.of(parents, times, self.database.num_rows(path[0].parent))
        return self._links[path]

    def to_hetero_data(self) -> "HeteroData":
        """The graph for PyTorch Geometric: node times and edges per relation (imports torch)."""
        import torch
        from torch_geometric.data import HeteroData

        data = HeteroData()
        for table in self.database.schema.tables:
            data[table].num_nodes = self.database.num_rows(table)
            data[table].time = torch.from_numpy(self.database.times(table).copy())
            for relation in self.parents_of(table):
                parents = self.parent_rows(relation)
                child = np.flatnonzero(parents >= 0)
                edges = torch.from_numpy(np.stack([child, parents[child]]))
                name = "+".join(relation.key.columns)
                data[table, name, relation.parent].edge_index = edges
                data[relation.parent, f"rev_{name}", table].edge_index = edges.flip(0)
        return data

    def _is_placed(self, table: Table) -> bool:
        return self.is_timeless or not table.time_unknown

    def _is_usable(self, table: str, key: ForeignKey) -> bool:
        known = key.table in self.database.schema.tables
        return known and not any(self.database.is_hidden(table, column) for column in key.columns)


def _later(times: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The later of two times; unknown if either is unknown (``MISSING_TIME`` is the least int64)."""
    return np.where((times == MISSING_TIME) | (other == MISSING_TIME), MISSING_TIME, np.maximum(times, other))
