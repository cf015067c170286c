"""LightGBM on the very features that relfm computes: what a practitioner would train on the split's context.

One model per split, fitted on labels known before its first query. Deep or gentle trees and the number of rounds are
chosen on the latest part of those, as a careful practitioner would (docs/log.md has what fixed settings cost).
"""

import numpy as np

from relfm import features
from relfm.benchmarks.protocols import Trial
from relfm.context import as_stale_as
from relfm.errors import DataCannotAnswer
from relfm.experts.yardstick import tuned_classes, tuned_numbers
from relfm.panels import held_out
from relfm.task import Examples, TargetKind

MAX_ROWS = 20_000


def lightgbm(trial: Trial, seed: int) -> np.ndarray:
    """float64[N]: the probability of the positive class, or the number that the L1 loss favours."""
    shown, given, asked = described(trial)
    split, targets = held_out(trial.task.task, shown), shown.targets
    if trial.task.task.kind is TargetKind.BINARY:
        return tuned_classes(given, targets, split, asked, 2, seed)[:, 1]
    return tuned_numbers(given, targets, split, asked, seed)


def described(trial: Trial) -> tuple[Examples, np.ndarray, np.ndarray]:
    """The training rows, and the features of them and of the queries: float32[n, F], float32[N, F]."""
    training = trial.context.take(training_rows(trial))
    # As relfm does: what is fitted on fresh rows misleads on stale ones.
    shown = as_stale_as(training, trial.queries, MAX_ROWS)
    both = Examples.concatenate([shown.unlabelled(), trial.queries])
    until = int(trial.queries.seen.min())
    values = features.compute(trial.database, trial.task.task, both, trial.context, until=until).values
    return shown, values[: len(shown)], values[len(shown) :]


def training_rows(trial: Trial) -> np.ndarray:
    """int64[n]: the latest context known before the first query was asked; DataCannotAnswer if nothing was."""
    usable = np.flatnonzero(trial.known <= trial.queries.seen.min())
    if not len(usable):
        raise DataCannotAnswer(f"no label of '{trial.task.name}' was known before its first {trial.split} row")
    return np.sort(usable[np.argsort(trial.context.cutoffs[usable], kind="stable")[-MAX_ROWS:]])
