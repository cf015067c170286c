"""How many threads work at once: linear algebra gets few, because a busy machine's spinning threads cost more than they
bring; what is independent (one expert of another, one chunk of rows of the next) shares the cores instead.

Measured on two cores with another process at work: 42 s with two threads inside linear algebra, 14 s with one
(docs/log.md).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

T = TypeVar("T")

CORES_PER_THREAD = 4
MOST_WORKERS = 4
"""Each holds matrices of its own."""

_is_worker: ContextVar[bool] = ContextVar("is_worker", default=False)


def num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def few_threads() -> Iterator[None]:
    """Within, BLAS uses one thread for every ``CORES_PER_THREAD`` cores; afterwards what it used before."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=max(1, num_cores() // CORES_PER_THREAD), user_api="blas"):
        yield


@contextmanager
def few_torch_threads(count: int = 0) -> Iterator[None]:
    """Within, PyTorch uses ``count`` threads (0: one for every ``CORES_PER_THREAD`` cores); afterwards what it used
    before. Imports torch."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or max(1, num_cores() // CORES_PER_THREAD))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def side_by_side(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What each of ``calls`` returns, in their order; the first error is raised. They run on as many threads as there
    are cores, four at most, each in a copy of the caller's context. Calls made within one of them run one by one."""
    workers = min(num_cores(), MOST_WORKERS, len(calls))
    if workers < 2 or _is_worker.get():
        return [call() for call in calls]
    contexts = [copy_context() for _ in calls]
    for context in contexts:
        context.run(_is_worker.set, True)
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(context.run, call) for context, call in zip(contexts, calls, strict=True)]
        try:
            return [one.result() for one in running]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
