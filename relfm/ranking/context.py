"""The pairs that a ranking learns from: recent examples over many cutoffs, their listed items and a sample of the rest.

Which pairs are drawn depends on the pair alone, so the same past gives the same sample whatever comes after it.
"""

from dataclasses import dataclass

import numpy as np

from relfm.ranking.segments import expand
from relfm.task import Examples

LEAST_CUTOFFS = 12
"""Examples are spread over at least so many cutoffs, where there are as many."""
POOL = 8
"""Examples among which those with a list are looked for, as a multiple of those wanted."""
LISTED_SHARE = 0.4
_MIXERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


@dataclass(frozen=True)
class Chosen:
    """examples int64[m]: positions, by (cutoff, row); the share of examples with an empty list that was kept."""

    examples: np.ndarray
    empty_rate: float


@dataclass(frozen=True)
class Sample:
    """kept int64[n]: positions of the pairs drawn; shift: what to add to log-odds learned from them."""

    kept: np.ndarray
    shift: float


def choose(context: Examples, usable: np.ndarray, most: int) -> Chosen:
    """At most ``most`` recent examples with a list, and no more of those whose list is empty: they are all alike."""
    pool = recent(context, usable, POOL * most)
    filled = np.diff(context.items.start)[pool] > 0
    drawn = draws(context.cutoffs[pool], context.rows[pool])
    number = int(filled.sum())
    rate = min(1.0, most / max(number, 1))
    empty_rate = min(1.0, min(number, most) / max(len(pool) - number, 1))
    kept = pool[drawn < np.where(filled, rate, empty_rate)]
    return Chosen(kept, empty_rate / rate)


def recent(context: Examples, usable: np.ndarray, most: int) -> np.ndarray:
    """int64[m], m <= most: the latest of ``usable`` in (cutoff, row) order, no cutoff with more than its part."""
    order = usable[np.lexsort((context.rows[usable], context.cutoffs[usable]))]
    moments, start = np.unique(context.cutoffs[order], return_index=True)
    sizes = np.diff(np.append(start, len(order)))
    cap = max(1, most // min(LEAST_CUTOFFS, max(len(moments), 1)))
    drawn = draws(context.rows[order], context.cutoffs[order])
    kept, room = [], most
    for begin, size in zip(start[::-1], sizes[::-1], strict=True):
        number = min(int(size), cap, room)
        if number == 0:
            break
        part = np.arange(begin, begin + size)
        kept.append(np.sort(part[np.argsort(drawn[part], kind="stable")[:number]]))
        room -= number
    return order[np.concatenate(kept[::-1])] if kept else order


def listed(context: Examples, query: np.ndarray, item: np.ndarray, num_items: int) -> np.ndarray:
    """bool[P]: whether each pair's item is in its example's list."""
    owner, at = expand(context.items.start[:-1], context.items.start[1:])
    keys = owner * num_items + context.items.rows[at]
    return np.isin(query * num_items + item, keys)


def sample(
    context: Examples, query: np.ndarray, item: np.ndarray, is_listed: np.ndarray, empty_rate: float, most: int
) -> Sample:
    """At most about ``most`` pairs: the share of listed and of other ones that fits, drawn by a hash of the pair.

    Pairs of empty lists are drawn more often by as much as their examples were thinned, so all others are drawn alike.
    """
    thinned = np.where(np.diff(context.items.start) > 0, 1.0, empty_rate)[query]
    positives, others = float(is_listed.sum()), float((~is_listed / thinned).sum())
    wanted = min(positives, max(most * LISTED_SHARE, most - others))
    rate = wanted / max(positives, 1.0)
    other_rate = min(empty_rate, 1.0, (most - wanted) / max(others, 1.0))
    draw = draws(context.rows[query], context.cutoffs[query], item)
    kept = np.flatnonzero(draw < np.where(is_listed, rate, other_rate / thinned))
    shift = float(np.log(other_rate / rate)) if min(rate, other_rate) > 0 else 0.0
    return Sample(kept, shift)


def draws(*keys: np.ndarray) -> np.ndarray:
    """float64[n] in [0, 1): a hash of int64 keys."""
    value = np.zeros(len(keys[0]), np.uint64)
    for key, mixer in zip(keys, _MIXERS, strict=False):
        value = (value ^ key.astype(np.uint64)) * np.uint64(mixer)
        value ^= value >> np.uint64(29)
    value = value * np.uint64(_MIXERS[0])
    return ((value ^ (value >> np.uint64(32))) >> np.uint64(11)) / float(1 << 53)
