"""Which labelled examples a prediction may learn from, and how fresh they are shown to be.

An example is usable for a query only if its label was known by the time the query saw its last row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from relfm.database import Database
from relfm.distinct import distinct
from relfm.errors import DataCannotAnswer
from relfm.task import Examples, TargetKind, Task

LARGEST_CUTOFF_SHARE = 1 / 24
"""No single cutoff fills more of a full context than this: several moments teach more than one crowd."""


MOST_COPIES = 4
MIN_POOL = 500
DENSE_ROWS = 8_000
MOST_PARTS = 4


RARE, RECENT, FEW_RARE = 0.2, 16, 50
"""A class that is rarer than this is kept in full, and the other one thinned: among the labels of so many latest
cutoffs, or of more until there are so many of it. Older ones have more of it still, but it has moved on (docs/log.md).
"""


@dataclass(frozen=True)
class QueryBlock:
    """queries int64[n] positions answered together from the same context int64[m] positions; ``enrichment``: how many
    times the odds of yes in that context are those among all labels that it was chosen from."""

    queries: np.ndarray
    context: np.ndarray
    enrichment: float = 1.0


def known_at(task: Task, cutoffs: np.ndarray) -> np.ndarray:
    """int64[n]: from when on a label may be used: when its window has closed; a cell, strictly after its row, or
    rows of the same instant would answer for each other."""
    return task.closes(cutoffs) + (task.horizon is None)


def query_blocks(
    task: Task, context: Examples, queries: Examples, most_blocks: int, most_rows: int, known_by: int | None = None
) -> list[QueryBlock]:
    """Queries in at most ``most_blocks`` blocks, each with the latest context that all of its queries may use.

    Alike are queries that saw as late; where data are stale, queries whose delay (cutoff minus what was seen) is alike.
    """
    known = known_at(task, context.cutoffs)
    if known_by is not None:
        usable = np.flatnonzero(known <= known_by + 1)
        return [QueryBlock(np.arange(len(queries)), *taught_by(task, context, usable, most_rows))]
    delays = queries.cutoffs - queries.seen
    places = delays if delays.any() else queries.seen
    moments = distinct(places)
    blocks = []
    for part in np.array_split(moments, min(most_blocks, len(moments))):
        asked = np.flatnonzero((places >= part[0]) & (places <= part[-1]))
        usable = np.flatnonzero(known <= queries.seen[asked].min())
        blocks.append(QueryBlock(asked, *taught_by(task, context, usable, most_rows)))
    return blocks


def taught_by(task: Task, context: Examples, usable: np.ndarray, most_rows: int) -> tuple[np.ndarray, float]:
    """int64[m] positions, the latest of ``usable``, and their ``QueryBlock.enrichment``.

    Where one of two classes is rare and there are labels to choose from, the common one is thinned, so that the rare
    one is a fifth of what is learned from. That moves the odds of every row by the same factor and nothing else
    (Prentice and Pyke 1979, case-control sampling), so dividing them by it gives back the true ones.
    """
    if task.kind is not TargetKind.BINARY or len(usable) <= most_rows:
        return latest(context, usable, most_rows), 1.0
    order = usable[np.lexsort((context.rows[usable], context.cutoffs[usable]))]
    yes = context.targets[order] > 0
    is_yes_rare = bool(2 * yes.sum() < len(yes))
    starts = np.unique(context.cutoffs[order], return_index=True)[1]
    since = np.cumsum((yes == is_yes_rare)[::-1])[::-1][starts]  # how many of the rare class each cutoff and later have
    enough = (len(order) - starts >= most_rows) & (since >= min(FEW_RARE, since[0]))
    begin = min(starts[-RECENT:][0], starts[enough][-1])
    order, yes = order[begin:], yes[begin:]
    rare, common = order[yes == is_yes_rare], order[yes != is_yes_rare]
    wanted = max(most_rows - len(rare), len(rare) * (1 - RARE) / RARE)  # of the common class
    if len(common) <= wanted:
        return latest(context, usable, most_rows), 1.0
    kept = common[np.linspace(0, len(common) - 1, int(wanted)).astype(np.int64)]
    times = len(common) / len(kept)
    return latest(context, np.concatenate([rare, kept]), most_rows), times if is_yes_rare else 1 / times


def latest(context: Examples, usable: np.ndarray, most_rows: int) -> np.ndarray:
    """int64[m], m <= most_rows: the latest of ``usable`` in (cutoff, row) order; a large cutoff is thinned evenly."""
    order = usable[np.lexsort((context.rows[usable], context.cutoffs[usable]))]
    if len(order) <= most_rows:
        return order
    cutoffs = context.cutoffs[order]
    moments, start = np.unique(cutoffs, return_index=True)
    sizes = np.diff(np.append(start, len(order)))
    cap = max(int(most_rows * LARGEST_CUTOFF_SHARE), most_rows // len(moments), 1)
    kept: list[np.ndarray] = []
    room = most_rows
    for begin, size in zip(start[::-1], sizes[::-1], strict=True):
        number = min(int(size), cap, room)
        kept.append(order[begin + np.linspace(0, size - 1, number).astype(np.int64)])
        room -= number
        if room == 0:
            break
    return np.concatenate(kept[::-1])


def as_stale_as(context: Examples, queries: Examples, most_rows: int) -> Examples:
    """The context seen with the queries' delays: what is learned from fresh rows does not hold for stale ones.

    Each query's delay is dealt out over the context in turn, so both have the same mix. A small context is dealt
    several times, up to ``most_rows``: the same label under other delays teaches the decay.
    """
    delays = np.sort(queries.cutoffs - queries.seen)
    if delays[-1] == 0:
        return context
    copies = int(np.clip(most_rows // max(len(context), 1), 1, MOST_COPIES)) if delays[0] != delays[-1] else 1
    order = np.arange(len(context)) * 7919  # a prime: neighbours in the context get delays far apart
    dealt = [delays[(order + k * len(delays) // copies) % len(delays)] for k in range(copies)]
    return Examples.concatenate([replace(context, seen=context.cutoffs - d) for d in dealt])


def is_far_ahead(task: Task, queries: Examples) -> bool:
    """Whether a query lies a horizon or more after what it saw: its features have decayed."""
    if task.horizon is None:
        return False
    return int((queries.cutoffs - queries.seen).max()) >= task.horizon.approximate()


def denser(database: Database, task: Task, context: Examples, queries: Examples) -> Examples:
    """A small context with labels at cutoffs between its own, known by what every query saw: for queries stale by a
    horizon or more, whose context must teach how features decay besides what they mean. Others keep what they have."""
    if not is_far_ahead(task, queries) or task.steps > 1:  # the labels between are those of the first step
        return context
    until = int(queries.seen.min())
    known = known_at(task, context.cutoffs) <= until
    parts = min(MOST_PARTS, DENSE_ROWS // max(int(known.sum()), 1))
    if parts < 2 or not known.any():
        return context
    cutoffs = distinct(context.cutoffs[known])
    between = np.concatenate([cutoffs + task.horizon.approximate() * k // parts for k in range(1, parts)])
    between = np.setdiff1d(between[known_at(task, between) <= until], cutoffs)
    if len(between) == 0:
        return context
    # The context's own cutoffs are settled by whoever labelled it; only those between are asked anew.
    return Examples.concatenate([context, task.labeller.label(database, between)])


def refuse_one_class(task: Task, labelled: Examples, oddities: Callable[[], Sequence[str]] = tuple) -> None:
    """DataCannotAnswer if all labels of a question of classes are one: the hint is what ``oddities`` finds to be the
    cause, if it finds anything."""
    if task.kind not in (TargetKind.BINARY, TargetKind.MULTICLASS) or len(np.unique(labelled.targets)) != 1:
        return
    only = int(labelled.targets[0])
    change = "change the window or the threshold" if task.horizon else "ask about another column or condition"
    raise DataCannotAnswer(
        f"all {len(labelled):,} labels are {task.classes[only] if task.classes else bool(only)},"
        " so there is nothing to tell apart",
        hint="; ".join(oddities()) or f"{change}; `relfm labels` shows the labels",
    )


def unasked(task: Task, context: Examples, queries: Examples) -> Examples:
    """The examples of a question about cells that are not asked about themselves: whoever asks about a known cell wants
    to see what the other rows say of it."""
    return context if task.horizon is not None else context.take(~np.isin(context.rows, queries.rows))


def recency_pools(cutoffs: np.ndarray, shares: tuple[float, ...]) -> list[np.ndarray]:
    """Positions of the whole context, and of its latest share for each of ``shares`` that holds at least
    ``MIN_POOL`` rows; whole cutoffs, so rows of one moment are never divided."""
    pools = [np.arange(len(cutoffs))]
    ordered = np.sort(cutoffs)
    for share in shares:
        start = ordered[int(len(ordered) * (1 - share))]
        positions = np.flatnonzero(cutoffs >= start)
        if MIN_POOL <= len(positions) < len(cutoffs):
            pools.append(positions)
    return pools
