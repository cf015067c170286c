"""LightGBM on the very features that relfm computes: what a practitioner would train on the split's context.

One model per split, fitted on labels known before its first query; no setting depends on the task but the loss.
"""

import numpy as np

from relfm import features
from relfm.benchmarks.protocols import Trial
from relfm.context import as_stale_as
from relfm.errors import DataCannotAnswer, UsageError
from relfm.task import Examples, TargetKind

MAX_ROWS = 20_000
SETTINGS = {"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 31, "n_jobs": 1, "verbosity": -1}


def lightgbm(trial: Trial, seed: int) -> np.ndarray:
    """float64[N]: the probability of the positive class, or the number that the L1 loss favours."""
    try:
        import lightgbm as boosting
    except ImportError:
        raise UsageError("lightgbm is not installed", hint="pip install 'relfm[benchmarks]'") from None
    training = trial.context.take(training_rows(trial))
    # As relfm does: what is fitted on fresh rows misleads on stale ones.
    shown = as_stale_as(training, trial.queries, MAX_ROWS)
    both = Examples.concatenate([shown.unlabelled(), trial.queries])
    until = int(trial.queries.seen.min())
    values = features.compute(trial.database, trial.task.task, both, trial.context, until=until).values
    given, asked = values[: len(shown)], values[len(shown) :]
    if trial.task.task.kind is TargetKind.BINARY:
        if len(np.unique(shown.targets)) < 2:
            return np.full(len(trial.queries), shown.targets.mean())
        model = boosting.LGBMClassifier(**SETTINGS, random_state=seed)
        return model.fit(given, shown.targets).predict_proba(asked)[:, 1]
    model = boosting.LGBMRegressor(**SETTINGS, objective="l1", random_state=seed)
    return model.fit(given, shown.targets).predict(asked)


def training_rows(trial: Trial) -> np.ndarray:
    """int64[n]: the latest context known before the first query was asked; DataCannotAnswer if nothing was."""
    usable = np.flatnonzero(trial.known <= trial.queries.seen.min())
    if not len(usable):
        raise DataCannotAnswer(f"no label of '{trial.task.name}' was known before its first {trial.split} row")
    return np.sort(usable[np.argsort(trial.context.cutoffs[usable], kind="stable")[-MAX_ROWS:]])
