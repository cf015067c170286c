"""How many rows of one moment a full context holds."""

import numpy as np

from relfm.context import latest
from relfm.task import Examples


def test_no_cutoff_fills_more_than_a_twenty_fourth_of_a_full_context() -> None:
    context = Examples.of(np.tile(np.arange(100), 60), np.repeat(np.arange(60), 100), np.zeros(6000))
    kept = latest(context, np.arange(6000), 480)
    cutoffs, sizes = np.unique(context.cutoffs[kept], return_counts=True)
    assert cutoffs.tolist() == list(range(36, 60))
    assert sizes.tolist() == [480 // 24] * 24


def test_fewer_cutoffs_share_a_full_context_equally() -> None:
    context = Examples.of(np.tile(np.arange(100), 6), np.repeat(np.arange(6), 100), np.zeros(600))
    kept = latest(context, np.arange(600), 480)
    assert np.unique(context.cutoffs[kept], return_counts=True)[1].tolist() == [80] * 6
