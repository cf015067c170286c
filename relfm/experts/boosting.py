"""LightGBM by its own interface: deep trees of fixed rounds, which held-out rows can weigh, and trees that held-out
rows stop."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relfm.errors import UsageError

Split = tuple[np.ndarray, np.ndarray]

COMMON = {
    "learning_rate": 0.05,
    "num_threads": 1,
    "verbosity": -1,
    "deterministic": True,
    # Left to itself LightGBM times two ways of summing and takes the faster one, which a busy machine changes.
    "force_col_wise": True,
}
NUMBERS = {"objective": "l1"}

ROUNDS = 300
DEEP = {"num_leaves": 31, "min_data_in_leaf": 20}
"""Trees that follow rules."""

GENTLE = {"num_leaves": 4, "min_data_in_leaf": 40, "feature_fraction": 0.2}
"""Trees that thousands of doubtful features do not lead astray."""

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
    values: np.ndarray, targets: np.ndarray, asked: np.ndarray, num_classes: int, seed: int
) -> np.ndarray:
    """float64[Q, K] probabilities of ``asked`` (float32[Q, F]) from ``values`` (float32[N, F]) and class indices
    (float64[N]). A single class is certain."""

    def told(codes: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
        count = settings.get("num_class", 1)
        few = min(max(FEW_ROUNDS, ROUNDS // count), max(1, MOST_TREES // count))
        return train(values, codes, {**DEEP, **settings, "seed": seed}, few).predict(asked)

    return by_class(targets, num_classes, len(asked), told)


def grown_numbers(values: np.ndarray, targets: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """float64[Q]: the numbers that lose least in absolute error."""
    held, centre, scale = in_four_bytes(targets)
    return centre + scale * train(values, held, {**DEEP, **NUMBERS, "seed": seed}, ROUNDS).predict(asked)


def in_four_bytes(targets: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Targets as LightGBM can hold them, and the centre and scale that give them back: in four bytes, numbers far from
    zero lose what tells them apart, and very large ones everything."""
    with np.errstate(over="ignore"):
        kept = targets.astype(np.float32).astype(np.float64)
    spread = float(np.ptp(targets)) or 1.0
    if np.isfinite(kept).all() and np.abs(kept - targets).max(initial=0) <= 1e-4 * spread:
        return targets, 0.0, 1.0
    centre = float(np.median(targets))
    return (targets - centre) / spread, centre, spread


def train(values: np.ndarray, targets: np.ndarray, settings: Mapping[str, Any], rounds: int) -> Any:
    """A booster after so many rounds."""
    boosting = import_lightgbm()
    data = boosting.Dataset(values, targets, params={"verbosity": -1})
    return boosting.train({**COMMON, **settings}, data, num_boost_round=rounds)


@dataclass(frozen=True)
class Stopped:
    """A booster of the early rows alone, the rounds after which it answered the held-out ones best, and its loss."""

    model: Any
    rounds: int
    lost: float


def stopped(
    values: np.ndarray, targets: np.ndarray, split: Split, settings: Mapping[str, Any], most: int, patience: int
) -> Stopped:
    """Trees on the early rows for at most ``most`` rounds, or until ``patience`` more answer held-out rows no better;
    ``split`` has the positions of early and held-out rows."""
    boosting, (early, late) = import_lightgbm(), split
    data = boosting.Dataset(values[early], targets[early], params={"verbosity": -1})
    held = boosting.Dataset(values[late], targets[late], reference=data)
    stop = boosting.early_stopping(patience, verbose=False)
    model = boosting.train({**COMMON, **settings}, data, most, valid_sets=[held], callbacks=[stop])
    (lost,) = model.best_score["valid_0"].values()
    return Stopped(model, model.best_iteration or most, lost)


def by_class(
    targets: np.ndarray, num_classes: int, num: int, told: Callable[[np.ndarray, dict[str, Any]], np.ndarray]
) -> np.ndarray:
    """float64[num, K]: what ``told`` says of the classes that occur, each in its place. It is given codes of those
    classes (int64[N]) and the settings that they need; of two it tells the probability of the second."""
    seen, codes = np.unique(targets.astype(np.int64), return_inverse=True)
    shares = np.zeros((num, num_classes))
    if len(seen) == 1:
        shares[:, seen[0]] = 1.0
    elif len(seen) == 2:
        yes = told(codes, {"objective": "binary"})
        shares[:, seen] = np.stack([1 - yes, yes], axis=1)
    else:
        shares[:, seen] = told(codes, {"objective": "multiclass", "num_class": len(seen)})
    return shares
