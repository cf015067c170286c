import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import SCHEMA, day, days

from relfm.labels import context_cutoffs, task_of
from relfm.task import TargetKind, Task
from relfm.times import DAY, Span, format_time, parse_time


def _task(window: str) -> Task:
    return task_of(f"PREDICT COUNT(orders.*, 0, {window}) FOR EACH users", SCHEMA)


def test_cutoffs_go_back_by_one_horizon_from_the_latest_closed_window() -> None:
    cutoffs = context_cutoffs(_task("30, days"), (day(0), day(400)), day(300), limit=4)
    assert cutoffs.tolist() == days(270, 240, 210, 180).tolist()


def test_no_cutoff_lies_before_one_horizon_of_history() -> None:
    cutoffs = context_cutoffs(_task("30, days"), (day(0), day(400)), day(300), limit=100)
    assert cutoffs.min() == day(30)


@pytest.mark.parametrize(("history", "step"), [(300, 30), (150, 15), (120, 10), (90, 7.5), (61, 7.5)])
def test_a_short_history_is_stepped_more_finely(history: int, step: float) -> None:
    cutoffs = context_cutoffs(_task("30, days"), (day(0), day(history)), day(history), limit=100)
    assert (-np.diff(cutoffs) == day(step) - day(0)).all()


def test_a_history_shorter_than_two_horizons_has_no_cutoff() -> None:
    assert len(context_cutoffs(_task("30, days"), (day(0), day(400)), day(59), limit=9)) == 0


def test_a_question_about_a_cell_has_one_moment() -> None:
    task = task_of("PREDICT users.age FOR EACH users", SCHEMA)
    assert context_cutoffs(task, (day(0), day(400)), day(300), limit=9).tolist() == [day(300)]


def test_windows_of_months_and_days_have_closed_too() -> None:
    task = Task("t", TargetKind.BINARY, "users", None, horizon=Span(1, 2 * DAY))
    at = parse_time("2023-03-01")
    assert task.closes(task.horizon.before(at)) > at
    cutoffs = context_cutoffs(task, (parse_time("2020-01-01"), at), at, limit=6)
    assert format_time(cutoffs[0]) == "2023-01-27"
    assert (task.closes(cutoffs) <= at).all()


@given(
    st.integers(1, 40),
    st.sampled_from(["days", "weeks", "months", "years"]),
    st.integers(-10, 2000),
    st.integers(1, 50),
)
@settings(max_examples=60, deadline=None)
def test_every_window_has_closed_and_lies_in_the_data(count: int, unit: str, at: int, limit: int) -> None:
    task = _task(f"{count}, {unit}")
    cutoffs = context_cutoffs(task, (day(0), day(2000)), day(at), limit)
    assert len(cutoffs) <= limit
    assert (np.diff(cutoffs) < 0).all()
    assert (task.closes(cutoffs) <= day(at)).all()
    assert (cutoffs >= task.horizon.after(days(0))).all()


def test_the_season_that_is_asked_about_was_labelled_in_earlier_years() -> None:
    at = parse_time("2025-11-11")
    cutoffs = context_cutoffs(_task("30, days"), (parse_time("2021-06-01"), at), at, limit=100)
    told = [format_time(c)[:10] for c in cutoffs]
    assert {"2024-11-11", "2023-11-11", "2022-11-11", "2021-11-11"} <= set(told)
    assert told[:2] == ["2025-10-12", "2025-09-12"] and told[12] == "2024-10-12"  # one horizon before the anniversary
    gaps = -np.diff(cutoffs) / DAY
    assert ((gaps >= 30) & (gaps < 45)).all() and (gaps > 30).sum() == 4


@pytest.mark.parametrize("window", ["1, days", "1, years"])
def test_horizons_that_are_shorter_than_a_week_or_have_no_season_are_stepped_as_they_are(window: str) -> None:
    task, at = _task(window), parse_time("2025-11-11")
    cutoffs = context_cutoffs(task, (parse_time("2015-01-01"), at), at, limit=900)
    assert (task.horizon.before(cutoffs[:-1]) == cutoffs[1:]).all()
