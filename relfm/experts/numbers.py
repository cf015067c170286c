"""From a mixture to numbers: the middle that loses least, and an interval that holds what it promises."""

import numpy as np

from relfm.calibration import Conformal
from relfm.experts.mixture import Mixed
from relfm.experts.outputs import Outputs


def numbers(
    outputs: Outputs, mixed: Mixed, targets: np.ndarray, coverage: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float64[Q] each: the middle of the queries and the edges of their interval, calibrated on the held-out ones of
    the context's ``targets`` (float64[N]); none is negative where no target is.

    A distribution over some thirty thresholds is no finer than they are. Where the target follows from other cells
    by a rule, or nearly, direct answers are closer: they, or half of them, take the median's place where they err less
    on held-out rows. Their interval is where held-out targets lay around them.
    """
    held = targets[mixed.late]
    tails = ((1 - coverage) / 2, (1 + coverage) / 2)
    late, asked = (outputs.quantile(p, 0.5) for p in (mixed.late_probabilities, mixed.probabilities))
    late_edges = [outputs.quantile(mixed.late_probabilities, t) for t in tails]
    edges = [outputs.quantile(mixed.probabilities, t) for t in tails]
    if mixed.points is not None:
        known, told = mixed.points
        between = outputs.nearest((known + late) / 2), outputs.nearest((told + asked) / 2)
        errors, answers = min(((held - a[0], a) for a in (mixed.points, between)), key=lambda c: _size(c[0]))
        if _size(errors) < _size(held - late):
            late, asked = answers
            offsets = np.quantile(errors, tails)
            late_edges, edges = [late + o for o in offsets], [asked + o for o in offsets]
    conformal = Conformal.fit(*late_edges, held, coverage)
    low, high = conformal(edges[0], asked, edges[1])
    if (targets >= 0).all():  # what is counted or adds up is never below nothing, whatever the margin says
        asked, low, high = np.maximum(asked, 0.0), np.maximum(low, 0.0), np.maximum(high, 0.0)
    return asked, low, high


def _size(errors: np.ndarray) -> float:
    return float(np.abs(errors).mean())
