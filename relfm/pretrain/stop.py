"""When to stop early: at a signal, or after so many minutes; the step at work is finished and saved first."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """``asked`` once the time is up or a signal has come; ``reason`` says which."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes if minutes else None
        self.reason = ""

    def asked(self) -> bool:
        if not self.reason and self._end is not None and time.monotonic() >= self._end:
            self.reason = "time is up"
        return bool(self.reason)

    def signalled(self, number: int, _: FrameType | None) -> None:
        """The first signal asks to stop after this step; the second interrupts at once."""
        if self.reason:
            raise KeyboardInterrupt
        self.reason = signal.Signals(number).name


@contextmanager
def stopping(minutes: float) -> Iterator[Stop]:
    """Signals lead to the ``Stop`` while this lasts; they reach the main thread only."""
    stop, before = Stop(minutes), {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, stop.signalled) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
