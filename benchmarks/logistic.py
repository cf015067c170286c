"""Logistic regression on the features that relfm computes, on a common scale: scikit-learn, its defaults."""

import numpy as np

from relfm import features
from relfm.benchmarks.boosted import MAX_ROWS, training_rows
from relfm.benchmarks.protocols import Trial
from relfm.context import as_stale_as
from relfm.errors import UsageError
from relfm.experts.design import Design
from relfm.task import Examples

MOST_STEPS = 200


def logistic(trial: Trial, seed: int) -> np.ndarray:
    """float64[N]: the probability of the positive class."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise UsageError("scikit-learn is not installed", hint="pip install 'relfm[benchmarks]'") from None
    training = trial.context.take(training_rows(trial))
    shown = as_stale_as(training, trial.queries, MAX_ROWS)
    both = Examples.concatenate([shown.unlabelled(), trial.queries])
    until = int(trial.queries.seen.min())
    values = features.compute(trial.database, trial.task.task, both, trial.context, until=until).values
    # What is fitted is fitted on the training rows: the queries' own features come from later moments.
    design = Design.fit(values[: len(shown)], shown.targets[:, None], values.shape[1])
    given, asked = design.transform(values[: len(shown)]), design.transform(values[len(shown) :])
    if len(np.unique(shown.targets)) < 2:
        return np.full(len(trial.queries), shown.targets.mean())
    model = LogisticRegression(max_iter=MOST_STEPS, random_state=seed)
    return model.fit(given, shown.targets).predict_proba(asked)[:, 1]
