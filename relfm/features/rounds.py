"""What came at the same time of earlier days, weeks and months: on Fridays, on the first of the month."""

import numpy as np

from relfm.features.history import HistoryView, Window
from relfm.features.matrix import Block
from relfm.times import DAY, Span

ROUNDS = (("day", Span(0, DAY)), ("week", Span(0, 7 * DAY)), ("month", Span(1, 0)))
LAST_ROUNDS = (4, 12)


def add_rounds(block: Block, view: HistoryView, cutoffs: np.ndarray, window: Window, path: str) -> None:
    """For every round that holds two of ``window``: how many rows of ``view`` came within as much time after the same
    moment of the last few rounds as the question looks ahead of ``cutoffs`` (int64[N])."""
    for name, span in ROUNDS:
        if 2 * window.length > span.approximate():
            continue
        counts = np.zeros(len(cutoffs))
        for number in range(1, LAST_ROUNDS[-1] + 1):
            moments = Span(number * span.months, number * span.microseconds).before(cutoffs)
            counts = counts + view.between(moments, moments + window.length)
            if number in LAST_ROUNDS:
                block.add(
                    f"number of {path} in the {window.text} at the same time of the last {number} {name}s", counts
                )
