"""Feature matrices made ready for closed forms: the most telling columns, on a common scale.

Fitted on the context alone; queries are transformed with what was fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

SCREENING_ROWS = 4000
NUM_LEVELS = 100
NEAR_COPY = 0.98
FIRST, KEPT_AT = 64, 24
"""How many features experts of many columns look at, and where among them those stand that are kept in any case."""


@dataclass(frozen=True)
class Design:
    """columns int64[M]: chosen features, most telling first; levels and scores: each one's quantile table."""

    columns: np.ndarray
    relevance: np.ndarray
    levels: tuple[np.ndarray, ...]
    scores: tuple[np.ndarray, ...]

    @classmethod
    def fit(cls, values: np.ndarray, outputs: np.ndarray, num_columns: int, kept: Sequence[int] = ()) -> "Design":
        """The ``num_columns`` features (of float32[N, F]) that correlate most with an output, near copies left out;
        those of ``kept`` among the first, as telling as the average of them."""
        sample = np.linspace(0, len(values) - 1, min(len(values), SCREENING_ROWS)).astype(np.int64)
        ranks = rank_gauss(values[sample])
        relevance = _correlation(ranks, outputs[sample].astype(np.float32))
        chosen = _distinct(ranks, _most_relevant_first(ranks, relevance, values[sample]), relevance, num_columns)
        telling = relevance[chosen]
        added = [c for c in kept if c not in chosen[:FIRST] and relevance[c] > 0]
        if added and len(chosen):
            others = ~np.isin(chosen, added)
            chosen, telling = chosen[others], telling[others]
            place, usual = min(KEPT_AT, len(chosen)), float(telling[:FIRST].mean())
            chosen, telling = np.insert(chosen, place, added), np.insert(telling, place, [usual] * len(added))
        tables = [_quantile_table(values[:, c]) for c in chosen]
        return cls(chosen, telling, tuple(t[0] for t in tables), tuple(t[1] for t in tables))

    @property
    def num_columns(self) -> int:
        return len(self.columns)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """float32[N, M] normal scores, 0 where missing."""
        out = np.zeros((len(values), len(self.columns)), np.float32)
        for i, column in enumerate(self.columns):
            cell = values[:, column]
            out[:, i] = np.where(np.isnan(cell), 0, np.interp(cell, self.levels[i], self.scores[i]))
        return out


def rank_gauss(values: np.ndarray) -> np.ndarray:
    """float32[N, F]: each column's ranks (ties averaged) as normal scores, 0 where missing."""
    out = np.zeros(values.shape, np.float32)
    for column in range(values.shape[1]):
        cell = values[:, column]
        known = ~np.isnan(cell)
        if known.sum() < 5:
            continue
        levels, scores = _quantile_table(cell[known])
        out[known, column] = np.interp(cell[known], levels, scores)
    return out


def _quantile_table(cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values at even ranks and the normal score of their mean rank; scores of spread 1 over the column."""
    ordered = np.sort(cell[~np.isnan(cell)])
    if len(ordered) == 0:
        return np.zeros(1), np.zeros(1)
    at = np.linspace(0, len(ordered) - 1, min(NUM_LEVELS, len(ordered))).astype(np.int64)
    levels = np.unique(ordered[at])
    rank = (np.searchsorted(ordered, levels, "left") + np.searchsorted(ordered, levels, "right")) / 2
    edge = 0.5 / len(ordered)
    return levels.astype(np.float64), ndtri(np.clip(rank / len(ordered), edge, 1 - edge))


def _correlation(ranks: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """float64[F]: the greatest absolute correlation of each column with an output.

    Column by column: a product of whole matrices rounds a column differently where another stands beside it, and
    equally telling features would swap with the order of the source's columns, or from one machine to the next.
    """
    shown = (outputs - outputs.mean(axis=0)).astype(np.float64)
    shown = np.ascontiguousarray((shown / np.maximum(np.linalg.norm(shown, axis=0), 1e-6)).T)
    found = np.zeros(ranks.shape[1])
    for column in range(ranks.shape[1]):
        centred = ranks[:, column].astype(np.float64)
        centred -= centred.mean()
        spread = np.sqrt(np.sum(centred * centred))
        if spread > 1e-3:
            found[column] = np.abs(shown @ centred).max(initial=0) / spread
    return found


def _most_relevant_first(ranks: np.ndarray, relevance: np.ndarray, values: np.ndarray) -> np.ndarray:
    """int64[F]: equally telling features are told apart by their ranks and values, never by where they stand."""
    waves = np.cos(np.arange(len(ranks), dtype=np.float64))
    ranked = [round(float(waves @ ranks[:, c].astype(np.float64)), 3) for c in range(ranks.shape[1])]
    valued = [float(f"{waves @ np.nan_to_num(values[:, c].astype(np.float64)):.6g}") for c in range(ranks.shape[1])]
    return np.lexsort((valued, ranked, -np.round(relevance, 5)))


def _distinct(ranks: np.ndarray, order: np.ndarray, relevance: np.ndarray, num_columns: int) -> np.ndarray:
    """Columns in order, without those that nearly copy an earlier one."""
    order = order[relevance[order] > 0][: 4 * num_columns]
    if len(order) == 0:
        return order
    unit = ranks[:, order] - ranks[:, order].mean(axis=0)
    unit /= np.maximum(np.linalg.norm(unit, axis=0), 1e-6)
    likeness = np.abs(unit.T @ unit)
    alive = np.ones(len(order), bool)
    chosen = []
    for i in range(len(order)):
        if not alive[i]:
            continue
        chosen.append(order[i])
        if len(chosen) == num_columns:
            break
        alive[i + 1 :] &= likeness[i, i + 1 :] < NEAR_COPY
    return np.array(chosen, dtype=np.int64)
