"""Links answer what a row could see: always the rows with a known time up to then, in time order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm.history import Links, is_visible
from relfm.times import MISSING_TIME, TIMELESS

TIMES = st.one_of(st.sampled_from([MISSING_TIME, TIMELESS]), st.integers(-4, 12))


def test_row_is_visible_from_its_own_moment_on() -> None:
    times = np.array([MISSING_TIME, TIMELESS, 4, 5, 6])
    assert is_visible(times, 5).tolist() == [False, True, True, True, False]
    assert is_visible(times, np.array([9, TIMELESS, 3, 5, 7])).tolist() == [False, True, False, True, True]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(-1, 4), TIMES), max_size=40),
    st.lists(st.tuples(st.integers(0, 4), st.integers(-6, 14)), min_size=1, max_size=20),
)
def test_links_agree_with_a_search_by_hand(children: list, asked: list) -> None:
    parents, times = (np.array([c[k] for c in children], dtype=np.int64) for k in (0, 1))
    rows, seen = (np.array([a[k] for a in asked], dtype=np.int64) for k in (0, 1))
    links = Links.of(parents, times, 5)
    end = links.until(rows, seen)
    for row, moment, stop in zip(rows, seen, end, strict=True):
        found = links.child[links.start[row] : stop].tolist()
        known = [i for i in range(len(children)) if parents[i] == row and times[i] != MISSING_TIME]
        assert found == sorted((i for i in known if times[i] <= moment), key=lambda i: (times[i], i))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(-1, 4), TIMES), max_size=40))
def test_links_hold_every_child_with_a_parent_and_a_time_once(children: list) -> None:
    parents, times = (np.array([c[k] for c in children], dtype=np.int64) for k in (0, 1))
    links = Links.of(parents, times, 5)
    assert sorted(links.child.tolist()) == np.flatnonzero((parents >= 0) & (times != MISSING_TIME)).tolist()
    assert (links.segments() == parents[links.child]).all()
    assert (links.times == times[links.child]).all()
    assert links.start[0] == 0 and links.start[-1] == len(links.child)
