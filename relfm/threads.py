"""How many threads linear algebra gets: few, because a busy machine's spinning threads cost more than they bring.

Measured on two cores with another process at work: 42 s with two threads, 14 s with one (docs/log.md).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

CORES_PER_THREAD = 4


@contextmanager
def few_threads() -> Iterator[None]:
    """Within, BLAS uses one thread for every ``CORES_PER_THREAD`` cores; afterwards what it used before."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=max(1, (os.cpu_count() or 1) // CORES_PER_THREAD), user_api="blas"):
        yield


@contextmanager
def few_torch_threads() -> Iterator[None]:
    """Within, PyTorch uses one thread for every ``CORES_PER_THREAD`` cores (imports torch)."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // CORES_PER_THREAD))
    try:
        yield
    finally:
        torch.set_num_threads(before)
