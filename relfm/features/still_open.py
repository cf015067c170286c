"""Rows of an entity that something has yet to happen to: tickets not closed, invoices not paid, loans not returned.

What happens to a row is a date in a column of its own, or the first row that points at it. It is known from its moment
on, of a row that was there.
"""

from collections.abc import Sequence

import numpy as np

from relfm.features.history import HistoryView, Window
from relfm.features.matrix import Block
from relfm.features.series import DateSeries
from relfm.history import Links
from relfm.times import DAY, MISSING_TIME, TIMELESS


def add_happened(block: Block, view: HistoryView, dates: Sequence[DateSeries], window: Window, path: str) -> None:
    """Per date of the rows of ``view``: to how many it has not happened yet, to how many within the last ``window``,
    and when last; NaN where never."""
    for date in dates:
        if view.is_blank:
            continue
        happened = _by_moment(view, date)
        begin, end = happened.begin, happened.end
        block.about(f"{date.name} of {path}")
        block.add(f"number of {path} without {date.name} yet", (view.end - view.begin) - (end - begin))
        block.add(f"number of {path} with {date.name} over the last {window.text}", end - happened.since(window.length))
        some = end > begin
        last = happened.links.times[np.maximum(end - 1, 0)] if len(happened.links.times) else np.zeros(len(end))
        block.add(f"days since the last {date.name} of {path}", np.where(some, (view.seen - last) / DAY, np.nan))


def add_followed(block: Block, view: HistoryView, follower: Links, path: str, name: str) -> None:
    """To how many of the rows of ``view`` none of the rows called ``name`` points yet: ``follower`` has the links from
    each of the former to the latter. A row that points at one that came after it was written over, nobody knows when:
    it does not count."""
    links = view.links
    earlier = follower.until(links.child, np.maximum(links.times, TIMELESS + 1) - 1)
    first = np.where(links.times > TIMELESS, earlier, follower.start[links.child])
    is_known = first < follower.start[links.child + 1]
    moments = np.full(len(follower.start) - 1, np.nan)
    moments[links.child[is_known]] = follower.times[first[is_known]]
    happened = _by_moment(view, DateSeries(name, moments))
    block.about(f"number and times of {path}")
    block.add(f"number of {path} without {name} yet", (view.end - view.begin) - (happened.end - happened.begin))


def _by_moment(view: HistoryView, date: DateSeries) -> HistoryView:
    """The rows of ``view`` by when their date had come and they were there."""
    links = view.links
    values = date.values[links.child]
    moments = np.where(np.isnan(values), MISSING_TIME, np.nan_to_num(values)).astype(np.int64)
    moments = np.where(moments == MISSING_TIME, MISSING_TIME, np.maximum(moments, links.times))
    return HistoryView(view.links_by(moments), view.rows, view.seen)
