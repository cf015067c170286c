"""What every step is trained on, drawn ahead in a thread beside; subclasses say how, as a function of the step alone.

So a resumed run draws what an unbroken one would have drawn.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

Drawn = TypeVar("Drawn")
Result = TypeVar("Result")


class Ahead(ABC, Generic[Drawn]):
    """``take(step)`` for steps in order; ``waited`` seconds were spent in it so far."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self.waited = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._drawing: dict[int, Future[Drawn]] = {}

    @abstractmethod
    def draw(self, step: int) -> Drawn:
        """What ``step`` is trained on; same step, same draw."""

    def remarks(self, drawn: Drawn) -> Sequence[str]:
        """What a person should know of this draw, in words; each is said once."""
        return ()

    def take(self, step: int) -> Drawn:
        """The draw of ``step``; those of the next steps are made meanwhile."""
        begin = time.perf_counter()
        for soon in range(step, step + self.ahead + 1):
            if soon not in self._drawing:
                self._drawing[soon] = self._thread.submit(self.draw, soon)
        drawn = self._drawing.pop(step).result()
        self.waited += time.perf_counter() - begin
        return drawn

    def beside(self, work: Callable[[], Result]) -> Result:
        """``work`` done in the drawing thread, because what draws is not made for two."""
        return self._thread.submit(work).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
