"""Gentle trees beside the mixture of a forecast of classes.

Four leaves, a fifth of the features each, stopped when held-out rows gain no more: alone they are about as good as the
mixture, and they err elsewhere. The rows that stopped them cannot weigh them too, so their share is fixed: a quarter
was the best on validation databases, whatever the trees (docs/log.md). For numbers no share was worth having.
"""

from typing import Any

import numpy as np

from relfm.experts.boosting import GENTLE, MOST_TREES, by_class, stopped, train
from relfm.experts.episodes import Panelled
from relfm.experts.mixture import Answers

GENTLE_TREES = "gentle-trees"
SHARE = 0.25

QUICK = {**GENTLE, "learning_rate": 0.1, "max_bin": 63}
ROUNDS, PATIENCE = 150, 20
"""An answer waits for these trees: coarse bins and long steps take a quarter of the time of the yardstick's and cost
three hundredths of a point (docs/log.md). Each class has a tree a round."""

KEYS = 16
"""Features that rows of one cutoff and target are put in order by."""


def gentle_trees_answer(
    late: np.ndarray, block: Panelled, early: np.ndarray, cutoffs: np.ndarray, seed: int
) -> list[Answers]:
    """What they say of the held-out rows (int64[L] ``late``) and of the queries; nothing where the context is too small
    to grow any.

    ``early`` int64[n] are the rows that held-out ones may be answered from, ``cutoffs`` int64[N] those of the context.
    """
    outputs, columns = block.outputs, block.design.columns
    if len(columns) == 0:
        return []
    given, asked = block.context.values[:, columns], block.queries.values[:, columns]
    # Sums over rows round by their order, and a tie between two splits may hang on it: rows are put in the order of
    # what they say, so that no order of the source's rows is left.
    order = np.lexsort((*block.context.scores[:, :KEYS].T, block.targets, cutoffs))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    given, targets = given[order], block.targets[order]
    split, held = (np.sort(place[early]), np.sort(place[late])), given[place[late]]

    def told(codes: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
        settings = {**QUICK, **settings, "seed": seed}
        most = max(1, min(ROUNDS, MOST_TREES // settings.get("num_class", 1)))
        first = stopped(given, codes, split, settings, most, PATIENCE)
        known = first.model.predict(held, num_iteration=first.rounds)
        return np.concatenate([known, train(given, codes, settings, first.rounds).predict(asked)])

    shares = by_class(targets, max(2, outputs.num_outputs), len(held) + len(asked), told)
    shares = outputs.normalise(shares[:, 1:] if outputs.num_outputs == 1 else shares)
    if (shares == shares[0]).all():  # too few rows for a single split: nothing is told, so nothing is said
        return []
    known, answer = np.split(shares, [len(held)])
    return [(GENTLE_TREES, known, answer)]
