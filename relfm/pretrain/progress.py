"""What a person at a terminal sees: a bar where there is one (and rich), a line at every evaluation elsewhere."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Protocol


class Progress(Protocol):
    """Told after every step and every evaluation."""

    def step(self, step: int, record: Mapping[str, float]) -> None: ...

    def say(self, text: str) -> None: ...


class _Silent:
    """Says nothing."""

    def step(self, step: int, record: Mapping[str, float]) -> None:
        pass

    def say(self, text: str) -> None:
        pass


class _Lines(_Silent):
    """Plain lines on stderr."""

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(done: int, steps: int, *, quiet: bool = False) -> Iterator[Progress]:
    """A bar from ``done`` to ``steps`` on a terminal, else lines; nothing if ``quiet``."""
    if quiet:
        yield _Silent()
    elif not sys.stderr.isatty() or find_spec("rich") is None:
        yield _Lines()
    else:
        with _bar(done, steps) as bar:
            yield bar


@contextmanager
def _bar(done: int, steps: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("step"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("step", total=steps, completed=done, loss="")

        class Shown(_Lines):
            def step(self, step: int, record: Mapping[str, float]) -> None:
                bar.update(task, completed=step, loss=f"loss {record.get('train/loss/total', float('nan')):.4f}")

            def say(self, text: str) -> None:
                bar.console.print(text, markup=False, highlight=False)

        yield Shown()
