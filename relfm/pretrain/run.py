"""One run in one folder: its journal, checkpoints and the network that it leaves behind."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from relfm.errors import UsageError
from relfm.pretrain.config import LoopConfig
from relfm.pretrain.corpus import ShardEntry
from relfm.pretrain.journal import FILE, Journal
from relfm.pretrain.machine import Machine
from relfm.pretrain.progress import Progress
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.state import Stateful, checkpoints, save_state


class Learns(Stateful, Protocol):
    """What is trained: one step at a time, on what was drawn for it."""

    machine: Machine

    def step(self, drawn: Any, step: int, steps: int) -> dict[str, float]: ...


def require_new(out: Path) -> None:
    """UsageError if ``out`` holds a run."""
    if (out / FILE).exists() or checkpoints(out):
        raise UsageError(f"'{out}' holds a run", hint="go on with --resume, or name another folder with --out")


def require_left(done: int, steps: int) -> None:
    """UsageError if more is done than the ``steps`` in all."""
    if done > steps:
        hint = f"give loop.steps (--steps) of {done} or more, or name another folder with --out"
        raise UsageError(f"the run has already done {done} steps, loop.steps is {steps}", hint=hint)


@dataclass(frozen=True)
class Run(ABC):
    """What the loop tells, and where to. Only the first process writes. Subclasses know what is trained.

    facts     what a run cannot change while it lasts
    remarked  what has been said of draws, so that nothing is said twice
    """

    out: Path
    loop: LoopConfig
    learner: Learns
    ranks: Ranks
    facts: Mapping[str, Any]
    journal: Journal | None
    progress: Progress
    remarked: set[str] = field(default_factory=set, kw_only=True)

    @property
    @abstractmethod
    def file(self) -> Path:
        """The network."""

    @property
    @abstractmethod
    def origin(self) -> dict[str, Any]:
        """The settings, and the hashes of what is trained on."""

    @abstractmethod
    def size(self) -> int:
        """Parameters of the network."""

    @abstractmethod
    def title(self) -> str:
        """What is about to be trained on what, in words."""

    @abstractmethod
    def measure(self) -> tuple[dict[str, float], str]:
        """Figures on what is held out, of the averaged weights, and the most telling ones in words; ({}, "") if
        nothing is held out."""

    @abstractmethod
    def export(self, step: int) -> None:
        """Writes the averaged network alone, with its card."""

    def begin(self, done: int, torn: Sequence[str]) -> None:
        """Says what is about to be trained on what."""
        size = self.size()
        self.progress.say(f"{size:,} parameters, {self.title()}; {self.learner.machine.device}")
        for name in torn:
            self.progress.say(f"passed over {name}, which is torn")
        if done:
            self.progress.say(f"going on after step {done}")
        elif self.journal is not None:
            self.journal.write(0, {"parameters": size, **self.origin})

    def remark(self, texts: Iterable[str]) -> None:
        """Says each text at its first time."""
        for text in texts:
            if text not in self.remarked:
                self.remarked.add(text)
                self.progress.say(text)

    def end(self, step: int, reason: str) -> None:
        """Says how far it came, and why no further."""
        left = f" of {self.loop.steps} ({reason}); --resume goes on" if step < self.loop.steps else ""
        self.progress.say(f"{step} steps{left}: {self.file if self.file.exists() else self.out}")

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def tell(self, step: int, record: Mapping[str, Any]) -> None:
        if self.journal is not None:
            self.journal.write(step, record)
            self.progress.step(step, record)

    def evaluate(self, step: int) -> None:
        """Measures and tells."""
        if self.journal is not None:
            begin = time.perf_counter()
            record, told = self.measure()
            if record:
                self.tell(step, record | {"val/system/seconds": time.perf_counter() - begin})
                self.progress.say(f"step {step}: {told}")
        self.ranks.wait()

    def save(self, step: int) -> None:
        """The state to go on from, and the network as it is now."""
        if self.journal is not None:
            save_state(self.out, step, self.facts, self.learner, self.loop.keep)
        self.publish(step)

    def publish(self, step: int) -> None:
        """The network as it is now."""
        if self.journal is not None:
            self.export(step)
        self.ranks.wait()


def described(train: Sequence[ShardEntry], held_out: Sequence[str]) -> dict[str, str]:
    """What a card says of the data."""
    synthetic = sum(entry.is_synthetic for entry in train)
    return {
        "data": f"{len(train) - synthetic} real and {synthetic} synthetic databases, "
        f"{sum(entry.rows for entry in train):,} rows",
        "never_seen": ", ".join([*held_out, "every RelBench benchmark database"]),
    }
