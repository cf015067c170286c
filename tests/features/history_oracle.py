"""Aggregates over child rows in plain Python, row by row: what the vectorised features must equal.

A child is (time, value); children come in time order and a missing value is None.
"""

import math
from collections.abc import Sequence

from relfm.features.history import LAST_ROWS, YEAR, Window
from relfm.times import DAY

Child = tuple[int, float | None]


def recency(times: Sequence[int], seen: int, windows: Sequence[Window], path: str, *, full: bool) -> dict[str, float]:
    """Every feature of ``add_recency`` for one row whose children have these ``times``."""
    times = [t for t in times if t <= seen]
    found = {f"number of {path}": len(times)}
    for window in windows:
        recent = len(within(times, seen - window.length, seen))
        found[f"number of {path} over the last {window.text}"] = recent
        if full:
            found[f"share of {path} over the last {window.text}"] = recent / len(times) if times else math.nan
    found[f"days since the last of {path}"] = (seen - times[-1]) / DAY if times else math.nan
    if not full:
        return found
    ago = within(times, seen - YEAR, seen - YEAR + windows[0].length)
    found[f"number of {path} in the {windows[0].text} that followed a year ago"] = len(ago)
    found[f"days since the first of {path}"] = (seen - times[0]) / DAY if times else math.nan
    for k in (2, *LAST_ROWS):
        found[f"mean gap in days between the last {k} of {path}"] = gap = mean_gap(times[-k:])
    since = found[f"days since the last of {path}"]
    found[f"time since the last of {path} in usual gaps"] = since / max(gap, 1e-3) if gap == gap else math.nan
    return found


def aggregates(
    children: Sequence[Child], seen: int, windows: Sequence[Window], name: str, path: str, *, full: bool, share: bool
) -> dict[str, float]:
    """Every feature of ``add_series`` for one row with these ``children``."""
    children = [c for c in children if c[0] <= seen]
    what, where = ("share of", "in") if share else ("mean of", "over")
    found = {
        f"{what} {name} {where} all {path}": mean(children),
        f"last {name} of {path}": next((v for _, v in reversed(children) if v is not None), math.nan),
    }
    for k in LAST_ROWS if full else LAST_ROWS[:1]:
        found[f"{what} {name} {where} the last {k} of {path}"] = mean(children[-k:])
    for window in windows if full else windows[-1:]:
        recent = [c for c in children if c[0] > seen - window.length]
        found[f"{what} {name} {where} {path} of the last {window.text}"] = mean(recent)
        if full and not share:
            found[f"sum of {name} over {path} of the last {window.text}"] = sum(present(recent))
    if full and not share:
        values = present(children)
        found[f"standard deviation of {name} over all {path}"] = deviation(values)
        found[f"least {name} over all {path}"] = min(values, default=math.nan)
        found[f"greatest {name} over all {path}"] = max(values, default=math.nan)
    return found


def within(times: Sequence[int], after: int, until: int) -> list[int]:
    return [t for t in times if after < t <= until]


def mean_gap(times: Sequence[int]) -> float:
    """Days from one of ``times`` to the next, on average."""
    return (times[-1] - times[0]) / DAY / (len(times) - 1) if len(times) > 1 else math.nan


def present(children: Sequence[Child]) -> list[float]:
    return [v for _, v in children if v is not None]


def mean(children: Sequence[Child]) -> float:
    values = present(children)
    return sum(values) / len(values) if values else math.nan


def deviation(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    middle = sum(values) / len(values)
    return math.sqrt(sum((v - middle) ** 2 for v in values) / len(values))
