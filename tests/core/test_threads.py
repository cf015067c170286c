"""Linear algebra keeps to few threads inside, and has its own back outside."""

import numpy as np
from threadpoolctl import threadpool_info

from relfm.threads import few_threads


def blas_threads() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_threads_are_few_inside_and_as_before_outside() -> None:
    before = blas_threads()
    with few_threads():
        assert max(blas_threads()) <= max(before)
    assert blas_threads() == before
