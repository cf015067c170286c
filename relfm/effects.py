"""Which fact moves an answer by how much: rows between one row and others, and what answers to them say.

A fact is a group of features. Others lend their facts: from all of theirs to all of its own, the row's facts are put
in their place one by one, in random orders and their reverses. The mean move at a fact is its effect, an estimate of
its Shapley value; the effects add up to the row's answer less the mean answer to the lenders.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from relfm.panels import Side

ROWS = 8_192
"""About how many rows between the row and its lenders are asked about; more make the effects more exact."""

FEWEST, MOST = 8, 64
"""Rows that lend their facts."""

STATE = "what the network makes of its surroundings"
"""The fact that a learned state is."""


@dataclass(frozen=True)
class Exchanged:
    """Rows to be answered: the row itself, B lenders, the rows between them; then the usual row, and for each of F
    features the row with the usual value of it alone, and the usual row with the row's own value of it alone.

    facts    names of G facts, in the order in which features first are of them
    fact_of  int64[F]: the fact of each feature
    orders   int64[B, G]: the order in which a lender's facts are replaced; it is walked both ways
    medians  float32[F]: the usual row, each feature's median over all who may lend, NaN where most lack it
    """

    side: Side
    facts: tuple[str, ...]
    fact_of: np.ndarray
    orders: np.ndarray
    medians: np.ndarray

    @classmethod
    def of(cls, row: Side, others: Side, generator: np.random.Generator) -> "Exchanged":
        """Of the one ``row``, with lenders drawn from ``others``."""
        matrix = row.features
        has_state = row.states is not None
        facts = tuple(dict.fromkeys(matrix.facts)) + ((STATE,) if has_state else ())
        place = {fact: i for i, fact in enumerate(facts)}
        fact_of = np.array([place[fact] for fact in matrix.facts], dtype=np.int64)
        count = min(int(np.clip(ROWS // (2 * max(len(facts), 1)), FEWEST, MOST)), len(others.features))
        lenders = np.sort(generator.choice(len(others.features), count, replace=False))
        orders = np.stack([generator.permutation(len(facts)) for _ in lenders])
        medians = _medians(others.features.values)
        own = _cells(row, 0)
        lent = [_cells(others, i) for i in lenders]
        columns = np.append(fact_of, np.full(len(own) - len(fact_of), len(facts) - 1))
        between = [
            _walk(own, one, columns, walked) for one, o in zip(lent, orders, strict=True) for walked in (o, o[::-1])
        ]
        usual = np.append(medians, own[len(medians) :])
        alone = [np.where(np.eye(len(medians), len(own), dtype=bool), *way) for way in ((usual, own), (own, usual))]
        rows = np.concatenate([own[None], np.stack(lent), *between, usual[None], *alone])
        values = np.ascontiguousarray(rows[:, : len(fact_of)])
        states = np.ascontiguousarray(rows[:, len(fact_of) :]) if has_state else None
        return cls(Side(replace(matrix, values=values), states), facts, fact_of, orders, medians)

    @property
    def _walks(self) -> slice:
        count, facts = self.orders.shape
        return slice(1 + count, 1 + count + 2 * count * max(facts - 1, 0))

    def usual(self, told: np.ndarray) -> float:
        """The mean answer to the lenders, from answers to all rows (float64)."""
        return float(told[1 : 1 + len(self.orders)].mean())

    def effects(self, told: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """float64[G] each: every fact's effect and its standard error, from answers to all rows."""
        count, facts = self.orders.shape
        between = told[self._walks].reshape(count, 2, max(facts - 1, 0))
        ends = np.broadcast_to(told[1 : 1 + count, None, None], (count, 2, 1)), np.full((count, 2, 1), told[0])
        steps = np.diff(np.concatenate([ends[0], between, ends[1]], axis=2), axis=2)
        moves = np.empty((count, 2, facts))
        for way, orders in enumerate((self.orders, self.orders[:, ::-1])):
            np.put_along_axis(moves[:, way], orders, steps[:, way], axis=1)
        by_lender = moves.mean(axis=1)
        return by_lender.mean(axis=0), by_lender.std(axis=0) / np.sqrt(max(count - 1, 1))

    def alone(self, told: np.ndarray) -> np.ndarray:
        """float64[F]: by how much each feature alone moves the row's answer and the usual row's, together."""
        usual, *rest = told[self._walks.stop :]
        without, only = np.array(rest).reshape(2, -1)
        return (told[0] - without) + (only - usual)


def _cells(side: Side, row: int) -> np.ndarray:
    """float32: the features of a row, and its state if it has one."""
    values = side.features.values[row]
    return values if side.states is None else np.concatenate([values, side.states[row]])


def _walk(own: np.ndarray, lent: np.ndarray, fact_of: np.ndarray, order: np.ndarray) -> np.ndarray:
    """float32[G - 1, F]: ``lent`` with the first fact of ``order`` replaced by the row's own, with the first two, …"""
    turn = np.argsort(order)[fact_of]
    return np.where(turn < np.arange(1, max(len(order), 1))[:, None], own, lent)


def _medians(values: np.ndarray) -> np.ndarray:
    missing = np.isnan(values).mean(axis=0) > 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that nobody has
        return np.where(missing, np.nan, np.nanmedian(values, axis=0)).astype(np.float32)
