"""What is said beside the data: notes, warnings and progress, all on stderr, none of them in the way of a pipe.

A spinner moves only on a terminal; colours obey NO_COLOR and --no-color; -q leaves warnings and errors.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

_PANEL = "Messages"


@dataclass(frozen=True)
class Voice:
    """How loudly to speak, and in what colours."""

    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No notes and no progress.", rich_help_panel=_PANEL)] = (
        False
    )
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Every stage and its seconds.", rich_help_panel=_PANEL)
    ] = False
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours; so does NO_COLOR.", rich_help_panel=_PANEL)
    ] = False

    @property
    def is_plain(self) -> bool:
        return self.no_color or bool(os.environ.get("NO_COLOR"))

    def console(self) -> "Console":
        """A console on stderr; made anew, because tests and pipes may have replaced the stream."""
        from rich.console import Console

        return Console(stderr=True, no_color=self.is_plain, highlight=False, markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        if not self.quiet:
            self.console().print(text, style="dim")

    def warn(self, text: str) -> None:
        self.console().print(f"warning: {text}", style="yellow")

    def detail(self, text: str) -> None:
        if self.verbose:
            self.console().print(text, style="dim")

    @contextmanager
    def stages(self) -> Iterator[Callable[[str], None]]:
        """A callback that takes the name of the stage now at work: a spinner on a terminal; with -v a line as it begins
        and one with its seconds once it has ended."""
        begun: list[float] = []

        def show(stage: str | None) -> None:
            now = time.perf_counter()
            if begun:
                self.detail(f"  {now - begun.pop():.2f} s")
            if stage is not None:
                begun.append(now)
                self.detail(stage)

        if self.quiet or not sys.stderr.isatty():
            yield show
            show(None)
            return
        with self.console().status("…", spinner="dots") as status:

            def spin(stage: str) -> None:
                status.update(stage)
                show(stage)

            yield spin
        show(None)

    @contextmanager
    def tables(self) -> Iterator[Callable[[str, int, int], None]]:
        """A callback for reading: the table now read, how many are read, how many there are."""
        with self.stages() as show:
            yield lambda table, done, total: show(f"reading {table} ({done + 1} of {total})") if done < total else None
