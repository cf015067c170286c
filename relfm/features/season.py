"""What the season did to everybody's targets a year before: a peak of a few weeks, which no wave of a year follows."""

import numpy as np

from relfm.features.labels import LabelTable
from relfm.features.matrix import Block
from relfm.features.own import SEASON, YEAR
from relfm.history import is_visible
from relfm.task import Examples, TargetKind
from relfm.times import DAY

FEWEST_CUTOFFS = 3
LONGEST = 300 * DAY
"""Windows of most of a year have no season."""


def add_targets_of_last_year(block: Block, labels: LabelTable, examples: Examples) -> None:
    """The mean of all targets of about a year before each example, over their mean in the year around that: 1 where it
    was an ordinary time of the year. Numbers of forecasts alone, from labels known by what the example saw; missing
    where those tell nothing."""
    horizon = labels.task.horizon
    if labels.task.kind is not TargetKind.REGRESSION or horizon is None or horizon.approximate() >= LONGEST:
        return
    moments, first, place, count = np.unique(
        labels.examples.cutoffs, return_index=True, return_inverse=True, return_counts=True
    )
    total, known = np.bincount(place, labels.examples.targets), labels.known[first]
    asked, back = np.unique(np.stack([examples.cutoffs, examples.seen]), axis=1, return_inverse=True)
    found = np.full(asked.shape[1], np.nan)
    for i, (cutoff, seen) in enumerate(asked.T):
        away = np.abs(moments - (cutoff - int(YEAR * DAY)))
        there = is_visible(known, seen)
        near, around = there & (away <= horizon.approximate() // 2), there & (away <= YEAR * DAY / 2)
        if near.any() and around.sum() >= FEWEST_CUTOFFS and total[around].sum() > 0:
            usual = total[around].sum() / count[around].sum()
            found[i] = total[near].sum() / count[near].sum() / usual
    block.add(f"{SEASON} (targets of a year before)", found[back.ravel()])
