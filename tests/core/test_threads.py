"""Linear algebra keeps to few threads inside, and has its own back outside; independent calls share the cores."""

import threading
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from relfm import threads
from relfm.threads import few_threads, side_by_side


def blas_threads() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_threads_are_few_inside_and_as_before_outside() -> None:
    before = blas_threads()
    with few_threads():
        assert max(blas_threads()) <= max(before)
    assert blas_threads() == before


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "num_cores", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_calls_run_at_the_same_time_and_answers_keep_their_order() -> None:
    meeting = threading.Barrier(2, timeout=60)  # broken, with an error, if the calls did not overlap

    def call(number: int) -> int:
        meeting.wait()
        return number

    assert side_by_side([partial(call, number) for number in range(6)]) == list(range(6))
    assert side_by_side([]) == []


def test_one_core_needs_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "num_cores", lambda: 1)
    assert side_by_side([threading.current_thread] * 3) == [threading.current_thread()] * 3


@pytest.mark.usefixtures("two_cores")
def test_calls_within_a_call_stay_on_its_thread() -> None:
    def call() -> bool:
        return set(side_by_side([threading.current_thread] * 3)) == {threading.current_thread()}

    assert side_by_side([call, call]) == [True, True]


@pytest.mark.usefixtures("two_cores")
def test_the_first_error_is_raised_and_settings_of_the_caller_hold() -> None:
    def fail() -> None:
        raise ValueError("this one")

    with pytest.raises(ValueError, match="this one"):
        side_by_side([lambda: None, fail, lambda: None])
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        side_by_side([lambda: np.ones(1) / 0, lambda: None])
