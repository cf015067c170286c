"""Answers that need no model: how the question is usually answered, and how it was answered for this entity.

Each query is answered from the labels known when it was asked and from nothing else, under either protocol.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from relfm.benchmarks.protocols import Trial
from relfm.history import Links
from relfm.task import Examples, TargetKind

RECENT = 5_000
"""How many of the latest known labels make the base rate, and how many choose between recipes."""

_CHUNK = 50_000


@dataclass(frozen=True)
class Recipe:
    """An entity's own value: the ``average`` of its last ``depth`` targets, drawn to the base rate by ``strength``."""

    depth: int
    average: Callable[[np.ndarray], np.ndarray]
    strength: float


def base_rate(trial: Trial) -> np.ndarray:
    """float64[N]: mean (binary) or median (regression) of the latest known labels; for RANKING int64[N, top]: the
    items that they name most often."""
    if trial.task.task.kind is TargetKind.RANKING:
        return _popular(trial)
    return prior(trial, trial.queries.seen)


def entity_history(trial: Trial) -> np.ndarray:
    """float64[N]: the entity's own past targets, shrunken to the base rate; for RANKING int64[N, top]: the items it had
    before by how often, then the popular ones. The recipe is chosen on the latest labels known to every query."""
    own = Links.of(trial.context.rows, trial.known, trial.database.num_rows(trial.task.task.entity))
    if trial.task.task.kind is TargetKind.RANKING:
        return _own_items(trial, own, _popular(trial))
    recipe = _chosen_recipe(trial, own)
    return _shrunken(trial, own, trial.queries, recipe)


def prior(trial: Trial, seen: np.ndarray) -> np.ndarray:
    """float64[n]: the base rate as known at each of ``seen`` (int64[n]); the neutral answer before any label."""
    order = np.argsort(trial.known, kind="stable")
    known = pd.Series(trial.context.targets[order]).rolling(RECENT, min_periods=1)
    is_binary = trial.task.task.kind is TargetKind.BINARY
    running = (known.mean() if is_binary else known.median()).to_numpy()
    count = np.searchsorted(trial.known[order], seen, side="right")
    return np.where(count > 0, running[np.maximum(count - 1, 0)], 0.5 if is_binary else 0.0)


def _chosen_recipe(trial: Trial, own: Links) -> Recipe:
    """The recipe with the least error on the latest examples that every query may use, each answered from its past."""
    averages = (_mean,) if trial.task.task.kind is TargetKind.BINARY else (_median, _mean)
    recipes = [Recipe(*parts) for parts in product((4, 16, 64), averages, (1.0, 4.0))]
    usable = np.flatnonzero(trial.known <= trial.queries.seen.min())
    if not len(usable):
        return recipes[0]
    latest = usable[np.argsort(trial.known[usable], kind="stable")[-RECENT:]]
    probes = trial.context.take(latest)
    squared = trial.task.task.kind is TargetKind.BINARY  # a probability's proper score; the metric's own for numbers
    errors = [np.abs(_shrunken(trial, own, probes, r) - probes.targets) ** (2 if squared else 1) for r in recipes]
    return recipes[int(np.argmin([e.mean() for e in errors]))]


def _shrunken(trial: Trial, own: Links, examples: Examples, recipe: Recipe) -> np.ndarray:
    values = prior(trial, examples.seen)
    for start in range(0, len(examples), _CHUNK):
        part = slice(start, start + _CHUNK)
        past = _past_targets(trial, own, examples.rows[part], examples.seen[part], recipe.depth)
        count = np.isfinite(past).sum(axis=1)
        mean = np.where(count > 0, recipe.average(past), 0.0)
        values[part] = (count * mean + recipe.strength * values[part]) / (count + recipe.strength)
    return values


def _past_targets(trial: Trial, own: Links, rows: np.ndarray, seen: np.ndarray, depth: int) -> np.ndarray:
    """float64[n, depth]: each entity's latest known targets, NaN where it has fewer."""
    at = own.until(rows, seen)[:, None] - 1 - np.arange(depth)
    found = at >= own.start[rows][:, None]
    if not len(own.child):
        return np.full(at.shape, np.nan)
    return np.where(found, trial.context.targets[own.child[np.where(found, at, 0)]], np.nan)


def _mean(past: np.ndarray) -> np.ndarray:
    return np.nansum(past, axis=1) / np.maximum(np.isfinite(past).sum(axis=1), 1)


def _median(past: np.ndarray) -> np.ndarray:
    """As nanmedian, but by one sort of the whole: NaN sorts last."""
    ordered, count = np.sort(past, axis=1), np.isfinite(past).sum(axis=1)
    each = np.arange(len(past))
    return (ordered[each, np.maximum(count - 1, 0) // 2] + ordered[each, np.minimum(count // 2, past.shape[1] - 1)]) / 2


def _popular(trial: Trial) -> np.ndarray:
    """int64[N, top]: the items that the latest known lists name most often, -1 where there are fewer."""
    order = np.argsort(trial.known, kind="stable")
    count = np.searchsorted(trial.known[order], trial.queries.seen, side="right")
    ranked = np.full((len(trial.queries), trial.task.top), -1, dtype=np.int64)
    for known in np.unique(count):
        listed = trial.context.items.take(order[max(0, known - RECENT) : known]).rows
        ranked[count == known] = _most_frequent(listed, trial.task.top, ())
    return ranked


def _own_items(trial: Trial, own: Links, popular: np.ndarray) -> np.ndarray:
    ranked = popular.copy()
    begin, end = own.start[trial.queries.rows], own.until(trial.queries.rows, trial.queries.seen)
    for n in np.flatnonzero(end > begin):
        listed = trial.context.items.take(own.child[begin[n] : end[n]]).rows
        ranked[n] = _most_frequent(listed, trial.task.top, popular[n])
    return ranked


def _most_frequent(listed: np.ndarray, top: int, then: Sequence[int] | np.ndarray) -> np.ndarray:
    """int64[top]: the most frequent of ``listed`` (ties by the order of ``then``, then by row), then the rest of
    ``then``, then -1."""
    place = {int(item): p for p, item in enumerate(then) if item >= 0}
    items, counts = np.unique(listed, return_counts=True)
    ties = np.array([place.get(int(i), len(place)) for i in items], dtype=np.int64)
    best = items[np.lexsort((items, ties, -counts))][:top]
    rest = [i for i in place if i not in set(best.tolist())]
    filled = np.concatenate([best, np.array(rest, dtype=np.int64), np.full(top, -1)])
    return filled[:top].astype(np.int64)
