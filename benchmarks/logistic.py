"""Logistic regression on the features that relfm computes, on a common scale: scikit-learn, its penalty chosen on the
latest part of the training rows."""

import numpy as np

from relfm.benchmarks.boosted import described
from relfm.benchmarks.protocols import Trial
from relfm.errors import UsageError
from relfm.experts.design import Design
from relfm.panels import held_out

MOST_STEPS = 200
STRENGTHS = (1.0, 0.1, 0.01, 0.001)
"""Of scikit-learn's C: the first is its default, which thousands of features overfit."""


def logistic(trial: Trial, seed: int) -> np.ndarray:
    """float64[N]: the probability of the positive class."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import log_loss
    except ImportError:
        raise UsageError("scikit-learn is not installed", hint="pip install 'relfm[benchmarks]'") from None
    shown, given, asked = described(trial)
    # What is fitted is fitted on the training rows: the queries' own features come from later moments.
    design = Design.fit(given, shown.targets[:, None], given.shape[1])
    given, asked = design.transform(given), design.transform(asked)
    if len(np.unique(shown.targets)) < 2:
        return np.full(len(trial.queries), shown.targets.mean())
    (early, late), targets = held_out(trial.task.task, shown), shown.targets

    def told(strength: float, rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        model = LogisticRegression(C=strength, max_iter=MOST_STEPS, random_state=seed)
        return model.fit(given[rows], targets[rows]).predict_proba(wanted)[:, 1]

    best = STRENGTHS[0]
    if len(np.unique(targets[early])) == 2:
        best = min(STRENGTHS, key=lambda c: log_loss(targets[late], told(c, early, given[late]), labels=[0, 1]))
    return told(best, np.arange(len(shown)), asked)
