"""The yardstick: boosted trees as a careful practitioner would fit them, on every feature, to set relfm beside.

Deep or gentle trees, and the number of rounds, are chosen on held-out rows; then all rows are fitted. It is never part
of the mixture: held-out rows that chose its rounds could not weigh it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from relfm.experts.boosting import COMMON, DEEP, NUMBERS, by_class, import_lightgbm, train

GENTLE = {"num_leaves": 4, "min_data_in_leaf": 40, "feature_fraction": 0.2}
"""Trees that thousands of doubtful features do not lead astray: on forecasts they are worth two points of AUROC over
deep ones of fixed rounds (docs/log.md)."""

MOST_ROUNDS, PATIENCE = 600, 40
"""At most so many rounds, and fewer where so many more of them answer held-out rows no better."""

MOST_TREES = 6000
"""Each class has a tree a round."""

Split = tuple[np.ndarray, np.ndarray]


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
    return _tuned(values, targets, split, asked, {**NUMBERS, "seed": seed})


def _tuned(
    values: np.ndarray, targets: np.ndarray, split: Split, asked: np.ndarray, settings: Mapping[str, Any]
) -> np.ndarray:
    boosting, (early, late) = import_lightgbm(), split
    # Both profiles grow on the same bins, so no feature may be left out for the sake of one's smallest leaf.
    params = {"verbosity": -1, "feature_pre_filter": False}
    data = boosting.Dataset(values[early], targets[early], params=params)
    held = boosting.Dataset(values[late], targets[late], reference=data, params=params)
    found, most = [], max(PATIENCE, min(MOST_ROUNDS, MOST_TREES // settings.get("num_class", 1)))
    for profile in (DEEP, GENTLE):
        chosen = {**COMMON, **params, **profile, **settings}
        stop = boosting.early_stopping(PATIENCE, verbose=False)
        model = boosting.train(chosen, data, num_boost_round=most, valid_sets=[held], callbacks=[stop])
        (lost,) = model.best_score["valid_0"].values()
        found.append((lost, model.best_iteration or most, chosen))
    _, rounds, chosen = min(found, key=lambda one: one[0])
    return train(values, targets, chosen, rounds).predict(asked)
