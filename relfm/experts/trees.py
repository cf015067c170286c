"""Deep trees beside the closed forms: for questions about rows themselves, and wherever the user asks for them
(``--adapt trees``).

What a row's cell holds often follows from other cells by rules (a finishing position from the points of the same race),
which trees find and closed forms over fixed bases do not; forecasts of numbers gain nothing by them, those of classes
more by gentle ones (``relfm.experts.gentle``, docs/log.md).
"""

from dataclasses import replace
from functools import partial

import numpy as np

from relfm.experts.boosting import grown_classes, grown_numbers
from relfm.experts.episodes import Panelled
from relfm.experts.mixture import Mixed, convex_weights, pool
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind
from relfm.threads import side_by_side

TREES = "trees"
NUM_PROFILES = 8


def trees_join(mixed: Mixed, block: Panelled, early: np.ndarray, seed: int) -> Mixed:
    """The mixture with trees on the telling features themselves, and all weights fitted anew.

    Trees are grown twice: on the ``early`` rows (int64[n]) for the held-out ones, on the whole context for the queries.
    """
    outputs, columns = block.outputs, block.design.columns
    given, asked = block.context.values[:, columns], block.queries.values[:, columns]
    twice = (given[early], block.targets[early], given[mixed.late]), (given, block.targets, asked)
    shown, points = outputs.encode(block.targets), None
    if outputs.kind in (TargetKind.BINARY, TargetKind.MULTICLASS):
        count = max(2, outputs.num_outputs)
        grown = side_by_side([partial(grown_classes, *rows, count, seed) for rows in twice])
        answers = [outputs.normalise(p[:, 1:] if outputs.num_outputs == 1 else p) for p in grown]
    else:
        grown = side_by_side([partial(grown_numbers, *rows, seed) for rows in twice])
        points = outputs.nearest(grown[0]), outputs.nearest(grown[1])
        answers = _distributions(outputs, *points, block.targets[mixed.late])
    late = mixed.late_by_expert | {TREES: answers[0]}
    queries = mixed.by_expert | {TREES: answers[1]}
    shares = convex_weights(outputs, list(late.values()), shown[mixed.late])
    return replace(
        mixed,
        probabilities=pool(outputs, list(queries.values()), shares),
        by_expert=queries,
        weights=dict(zip(late, shares.tolist(), strict=True)),
        late_probabilities=pool(outputs, list(late.values()), shares),
        late_by_expert=late,
        points=points,
    )


def _distributions(outputs: Outputs, guess: np.ndarray, answer: np.ndarray, held: np.ndarray) -> list[np.ndarray]:
    """float64[L, K], float64[Q, K]: where held-out targets (float64[L]) lay relative to their guesses is where those of
    the queries may lie. A held-out row's own error is not among those that spread it: each half has the other's."""
    errors, known = held - guess, np.empty((len(guess), len(outputs.thresholds)))
    for half in (0, 1):
        here = np.arange(len(guess)) % 2 == half
        there = ~here if (~here).any() else here
        known[here] = _spread(outputs, guess[here], guess[there], errors[there])
    return [outputs.normalise(p) for p in (known, _spread(outputs, answer, guess, errors))]


def _spread(outputs: Outputs, points: np.ndarray, guess: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """float64[n, K]: P(target > threshold) around ``points``; errors are pooled within eighths of the guesses."""
    edges = np.quantile(guess, np.linspace(0, 1, NUM_PROFILES + 1)[1:-1])
    profile, wanted = np.searchsorted(edges, guess), np.searchsorted(edges, points)
    out = np.empty((len(points), len(outputs.thresholds)))
    for k in range(NUM_PROFILES):
        near = np.sort(errors[profile == k]) if (profile == k).any() else np.sort(errors)
        needed = outputs.thresholds - points[wanted == k, None]
        out[wanted == k] = 1 - np.searchsorted(near, needed, side="right") / len(near)
    return out
