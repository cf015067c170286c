"""Neighbourhoods with parts left out, as whole trees: a node without its parent node is gone too."""

import numpy as np

from relfm.sampler import Neighbourhood


def pruned(hood: Neighbourhood, keep: np.ndarray) -> Neighbourhood:
    """The nodes with ``keep`` (bool[n]) whose ancestors are kept too; seeds always stay."""
    keep = keep.copy()
    keep[: hood.offsets[1]] = True
    for begin, end in zip(hood.offsets[1:-1], hood.offsets[2:], strict=True):
        keep[begin:end] &= keep[hood.parents[begin:end]]
    place = np.cumsum(keep) - 1
    counts = np.concatenate([[0], np.cumsum(keep)])[hood.offsets]
    parents = hood.parents[keep]
    return Neighbourhood(
        offsets=counts.astype(np.int64),
        tables=hood.tables[keep],
        rows=hood.rows[keep],
        parents=np.where(parents >= 0, place[np.maximum(parents, 0)], -1),
        relations=hood.relations[keep],
        ages=hood.ages[keep],
        seeds=hood.seeds[keep],
    )


WAYS_AROUND = 4
"""From so many hops on, a tree leads back to its seed's row, and from there by the way that was cut at the first hop.
Where two keys of a table point at one row three hops are enough; trees of three stay as networks were trained on."""


def without_way(hood: Neighbourhood, relation: int) -> Neighbourhood:
    """No seed reaches anything by ``relation``, which leads to a parent row: what is asked for must not be told,
    neither at the first hop nor where the seed's row stands further out."""
    first_hop = np.zeros(hood.num_nodes, bool)
    first_hop[hood.offsets[1] : hood.offsets[2]] = True
    told = first_hop & (hood.relations == relation)
    if len(hood.offsets) - 2 >= WAYS_AROUND:
        own = (hood.tables == hood.tables[hood.seeds]) & (hood.rows == hood.rows[hood.seeds])
        from_own = (hood.relations == relation) & own[np.maximum(hood.parents, 0)]
        to_own = (hood.relations == relation - 1) & own
        told |= from_own | to_own
    return pruned(hood, ~told)


def without_rows(hood: Neighbourhood, table: int, rows: np.ndarray) -> Neighbourhood:
    """No seed's tree shows the row of ``table`` that stands for that seed in ``rows`` (int64[S])."""
    return pruned(hood, (hood.tables != table) | (hood.rows != rows[hood.seeds]))


def merged(first: Neighbourhood, second: Neighbourhood) -> Neighbourhood:
    """Both side by side, the seeds of ``first`` before those of ``second``, hop by hop."""
    both = first, second
    hops = range(len(first.offsets) - 1)
    order = [(which, np.arange(*both[which].offsets[[h, h + 1]])) for h in hops for which in (0, 1)]
    place = [np.empty(hood.num_nodes, np.int64) for hood in both]
    begin = 0
    for which, nodes in order:
        place[which][nodes] = np.arange(begin, begin + len(nodes))
        begin += len(nodes)

    def joined(*values: np.ndarray) -> np.ndarray:
        return np.concatenate([values[which][nodes] for which, nodes in order])

    moved = [np.where(h.parents >= 0, p[np.maximum(h.parents, 0)], -1) for h, p in zip(both, place, strict=True)]
    return Neighbourhood(
        offsets=first.offsets + second.offsets,
        tables=joined(first.tables, second.tables),
        rows=joined(first.rows, second.rows),
        parents=joined(*moved),
        relations=joined(first.relations, second.relations),
        ages=joined(first.ages, second.ages),
        seeds=joined(first.seeds, second.seeds + first.num_seeds),
    )
