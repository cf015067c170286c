"""Threads that share an encoder get the vectors that they would get alone."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from relfm.text import TextEncoder, encoder

THREADS = 4


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads interrupt one another at nearly every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_share_an_encoder_whose_memory_overflows(monkeypatch: pytest.MonkeyPatch) -> None:
    def strings(thread: int, call: int) -> list[str]:
        return [f"thread{thread} call{call} word{i} and {i * call}" for i in range(100)]

    def told(shared: TextEncoder, thread: int) -> list[np.ndarray]:
        return [shared.encode(strings(thread, call)) for call in range(20)]

    expected = [told(TextEncoder(), thread) for thread in range(THREADS)]
    monkeypatch.setattr(encoder, "WORDS", 250)
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(partial(told, TextEncoder(capacity=150)), range(THREADS)))
    np.testing.assert_array_equal(found, expected)
