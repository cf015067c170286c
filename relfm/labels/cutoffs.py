"""At which past moments a question is asked of the data, so that its answers teach the model.

Every cutoff's label window has closed by ``at`` and lies within the data.
"""

import numpy as np

from relfm.task import Task
from relfm.times import DAY, Span

_ENOUGH = 6  # cutoffs; a shorter history is cut more finely
_FINEST = 4  # parts of a horizon
_YEAR = Span(12)
_SEASONAL = (7 * DAY, 300 * DAY)  # shorter horizons follow the week, longer ones have no season


def context_cutoffs(task: Task, span: tuple[int, int], at: int, limit: int) -> np.ndarray:
    """int64[k], k <= limit, latest first: ``at`` minus one horizon, minus two, ... back to one horizon after the data
    begin (``span`` is ``Database.span``); a year before ``at`` the count begins anew, so that the season that is asked
    about was labelled at the same time of earlier years. A history of fewer than six horizons is stepped by a half, a
    third or a quarter of a horizon; those windows overlap. A static question has one moment: ``at``."""
    if task.horizon is None:
        return np.array([at], dtype=np.int64)
    horizon = task.horizon
    first = int(horizon.after(np.int64(span[0])))
    latest = _latest_closed(task, at)
    for parts in range(1, _FINEST + 1):
        cutoffs = _stepped(task, latest, first, limit, parts)
        if len(cutoffs) >= min(_ENOUGH, limit):
            break
    return cutoffs


def _latest_closed(task: Task, at: int) -> int:
    """The latest cutoff whose window has closed by ``at``.

    Months back and forth again never pass ``at``, but months with days may: a month and two days before 1 March is 30
    January, whose month and two days end on 2 March.
    """
    latest = int(task.horizon.before(np.int64(at)))
    while int(task.closes(np.int64(latest))) > at:
        latest -= int(task.closes(np.int64(latest))) - at
    return latest


def _stepped(task: Task, latest: int, first: int, limit: int, parts: int) -> np.ndarray:
    length = task.horizon.approximate()
    cutoffs, cutoff = [], latest
    anniversary = int(_YEAR.before(task.horizon.after(np.int64(latest))))
    while cutoff >= first and len(cutoffs) < limit:
        cutoffs.append(cutoff)
        if parts > 1:
            cutoff -= max(1, length // parts)
            continue
        cutoff = min(cutoff - 1, int(task.horizon.before(np.int64(cutoff))))
        if _SEASONAL[0] <= length < _SEASONAL[1] and cutoff - anniversary < length // 2:
            cutoff, anniversary = min(cutoff, anniversary), int(_YEAR.before(np.int64(anniversary)))
    return np.array(cutoffs, dtype=np.int64)
