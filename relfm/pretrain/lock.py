"""One run at a time in one folder: two would write the same journal and each other's checkpoints."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relfm.errors import ResourceExceeded, UsageError

try:
    import fcntl
except ImportError:
    fcntl = None

FILE = ".lock"


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Holds ``out`` for this process while it lasts; UsageError if another run holds it.

    The system lets go of it when the process ends, however it ends. Where it has no such locks (Windows, some network
    file systems), nothing is held.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / FILE).open("a")
    except OSError as error:
        raise ResourceExceeded(
            f"cannot write in '{out}': {error.strerror or error}", hint="name another folder with --out"
        ) from None
    with file:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another run is at work in '{out}'", hint="wait for its end, or name another folder with --out"
            ) from None
        except OSError:
            pass
        yield
