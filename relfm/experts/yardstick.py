"""The yardstick: boosted trees as a careful practitioner would fit them, on every feature, to set relfm beside.

Deep or gentle trees, and the number of rounds, are chosen on held-out rows; then all rows are fitted. It is never part
of the mixture: held-out rows that chose its rounds could not weigh it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from relfm.experts.boosting import DEEP, GENTLE, NUMBERS, Split, by_class, in_four_bytes, stopped, train
from relfm.threads import side_by_side

PATIENCE = 40
MOST_ROUNDS, MOST_TREES = 600, 6000
"""Each class has a tree a round."""


def tuned_classes(
    values: np.ndarray, targets: np.ndarray, split: Split, asked: np.ndarray, num_classes: int, seed: int
) -> np.ndarray:
    """float64[Q, K] probabilities of ``asked`` (float32[Q, F]) from ``values`` (float32[N, F]) and class indices
    (float64[N]). ``split`` has the positions of the early rows and of the held-out ones. A single class is certain."""

    def told(codes: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
        return _tuned(values, codes, split, asked, {**settings, "seed": seed})

    return by_class(targets, num_classes, len(asked), told)


def tuned_numbers(values: np.ndarray, targets: np.ndarray, split: Split, asked: np.ndarray, seed: int) -> np.ndarray:
    """float64[Q]: the numbers that lose least in absolute error; arguments as of ``tuned_classes``."""
    held, centre, scale = in_four_bytes(targets)
    return centre + scale * _tuned(values, held, split, asked, {**NUMBERS, "seed": seed})


def _tuned(
    values: np.ndarray, targets: np.ndarray, split: Split, asked: np.ndarray, settings: Mapping[str, Any]
) -> np.ndarray:
    most = max(1, min(MOST_ROUNDS, MOST_TREES // settings.get("num_class", 1)))
    profiles = [{**profile, **settings} for profile in (DEEP, GENTLE)]
    found = side_by_side([partial(stopped, values, targets, split, p, most, PATIENCE) for p in profiles])
    first, chosen = min(zip(found, profiles, strict=True), key=lambda one: one[0].lost)
    return train(values, targets, chosen, first.rounds).predict(asked)
