"""How well scores order two classes, for the record."""

import numpy as np
from torch import Tensor


def auroc(scores: Tensor, truth: np.ndarray) -> dict[str, float]:
    """{"auroc": share of pairs of a true and a false example that ``scores`` [n] order rightly, ties half}; nothing if
    ``truth`` bool[n] holds one class only."""
    values, counts = scores.detach().float().cpu().numpy(), (int(truth.sum()), int((~truth).sum()))
    if not min(counts):
        return {}
    ordered = np.sort(values[~truth])
    below = np.searchsorted(ordered, values[truth], "left") + np.searchsorted(ordered, values[truth], "right")
    return {"auroc": float(below.sum() / 2 / (counts[0] * counts[1]))}
