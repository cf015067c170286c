"""LightGBM by its own interface, the same settings wherever relfm grows trees: on the panel and as a yardstick."""

import warnings
from typing import Any

import numpy as np

from relfm.errors import UsageError

ROUNDS = 300
SETTINGS = {"learning_rate": 0.05, "num_leaves": 31, "num_threads": 1, "verbosity": -1, "deterministic": True}

FEW_ROUNDS, MOST_TREES = 40, 1000
"""Each class has a tree a round: where an answer waits for the trees, many classes get fewer rounds."""


def import_lightgbm() -> Any:
    """The module; UsageError with the reason if it cannot be loaded."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise UsageError(
            f"boosted trees need LightGBM, which cannot be loaded: {error}",
            hint="pip install lightgbm; where libgomp.so.1 is missing: apt install libgomp1",
        ) from None
    return lightgbm


def there_are_trees() -> bool:
    """Whether LightGBM can be loaded; a warning says why not."""
    try:
        import_lightgbm()
    except UsageError as error:
        warnings.warn(f"{error.message}. Answered without trees", stacklevel=2)
        return False
    return True


def grown_classes(
    values: np.ndarray, targets: np.ndarray, asked: np.ndarray, num_classes: int, seed: int, *, quick: bool = True
) -> np.ndarray:
    """float64[Q, K] probabilities of ``asked`` (float32[Q, F]) from ``values`` (float32[N, F]) and class indices
    (float64[N]). A single class is certain."""
    seen, codes = np.unique(targets.astype(np.int64), return_inverse=True)
    shares = np.zeros((len(asked), num_classes))
    if len(seen) == 1:
        shares[:, seen[0]] = 1.0
    elif len(seen) == 2:
        yes = _grown(values, codes, asked, {"objective": "binary", "seed": seed}, quick)
        shares[:, seen] = np.stack([1 - yes, yes], axis=1)
    else:
        settings = {"objective": "multiclass", "num_class": len(seen), "seed": seed}
        shares[:, seen] = _grown(values, codes, asked, settings, quick)
    return shares


def grown_numbers(
    values: np.ndarray, targets: np.ndarray, asked: np.ndarray, seed: int, *, quick: bool = True
) -> np.ndarray:
    """float64[Q]: the numbers that lose least in absolute error."""
    return _grown(values, targets, asked, {"objective": "l1", "seed": seed}, quick)


def _grown(
    values: np.ndarray, targets: np.ndarray, asked: np.ndarray, settings: dict[str, Any], quick: bool
) -> np.ndarray:
    boosting, classes = import_lightgbm(), settings.get("num_class", 1)
    rounds = min(max(FEW_ROUNDS, ROUNDS // classes), MOST_TREES // classes) if quick else ROUNDS
    data = boosting.Dataset(values, targets, params={"verbosity": -1})
    return boosting.train({**SETTINGS, **settings}, data, num_boost_round=max(1, rounds)).predict(asked)
