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


def without_way(hood: Neighbourhood, relation: int) -> Neighbourhood:
    """No seed reaches anything by ``relation``: what is asked for must not be told."""
    first_hop = np.zeros(hood.num_nodes, bool)
    first_hop[hood.offsets[1] : hood.offsets[2]] = True
    return pruned(hood, ~(first_hop & (hood.relations == relation)))


def merged(first: Neighbourhood, second: Neighbourhood) -> Neighbourhood:
    """Both side by side, the seeds of ``first`` before those of ``second``, hop by hop."""
    hops = len(first.offsets) - 1
    order = []
    for hop in range(hops):
        for which, hood in enumerate((first, second)):
            places = np.arange(hood.offsets[hop], hood.offsets[hop + 1])
            order.append((which, places))
    position = [np.empty(h.num_nodes, np.int64) for h in (first, second)]
    total = 0
    for which, places in order:
        position[which][places] = np.arange(total, total + len(places))
        total += len(places)

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr((first, second)[w], name)[p] for w, p in order])

    def parent(which: int, places: np.ndarray) -> np.ndarray:
        held = (first, second)[which].parents[places]
        return np.where(held >= 0, position[which][np.maximum(held, 0)], -1)

    seeds = [h.seeds[p] + (first.num_seeds if w else 0) for w, p in order for h in ((first, second)[w],)]
    return Neighbourhood(
        offsets=first.offsets + second.offsets,
        tables=joined("tables"),
        rows=joined("rows"),
        parents=np.concatenate([parent(w, p) for w, p in order]),
        relations=joined("relations"),
        ages=joined("ages"),
        seeds=np.concatenate(seeds),
    )
