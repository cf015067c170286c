"""One run in one folder: its journal, checkpoints and the network that it leaves behind."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relfm.checkpoint import save_checkpoint
from relfm.errors import UsageError
from relfm.pretrain.config import PretrainConfig
from relfm.pretrain.config_file import plain_of
from relfm.pretrain.evaluate import evaluate
from relfm.pretrain.feed import Part
from relfm.pretrain.journal import FILE, Journal
from relfm.pretrain.learner import Learner
from relfm.pretrain.progress import Progress
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.state import checkpoints, save_state
from relfm.pretrain.worlds import Worlds

KIND = "states"


def require_new(out: Path) -> None:
    """UsageError if ``out`` holds a run."""
    if (out / FILE).exists() or checkpoints(out):
        raise UsageError(f"'{out}' holds a run", hint="go on with --resume, or name another folder with --out")


def facts_of(config: PretrainConfig, worlds: Worlds, ranks: Ranks) -> dict[str, Any]:
    """What a run cannot change while it lasts; how long, how often and where it runs it can."""
    fixed = plain_of(config)
    del fixed["machine"], fixed["corpus"]["folder"]
    fixed["loop"] = {name: fixed["loop"][name] for name in ("databases", "nodes", "average")}
    return {"ranks": ranks.count, "settings": fixed, "corpus": worlds.hashes}


@dataclass(frozen=True)
class Run:
    """What the loop tells, and where to. Only the first process writes."""

    out: Path
    config: PretrainConfig
    worlds: Worlds
    learner: Learner
    ranks: Ranks
    held_out: Sequence[Part]
    facts: Mapping[str, Any]
    journal: Journal | None
    progress: Progress

    @property
    def file(self) -> Path:
        """The network."""
        return self.out / f"{self.config.name}.safetensors"

    def begin(self, done: int, torn: Sequence[str]) -> None:
        """Says what is about to be trained on what."""
        model = self.learner.weights.model
        size = sum(p.numel() for p in model.parameters())
        self.progress.say(
            f"{size:,} parameters, {', '.join(self.learner.weights.objectives)}; {len(self.worlds.train)} databases, "
            f"{len(self.worlds.held_out)} held out; {self.learner.machine.device}"
        )
        for name in torn:
            self.progress.say(f"passed over {name}, which is torn")
        if done:
            self.progress.say(f"going on after step {done}")
        elif self.journal is not None:
            self.journal.write(0, {"parameters": size, **self._origin()})

    def end(self, step: int, reason: str) -> None:
        """Says how far it came, and why no further."""
        left = f" of {self.config.loop.steps} ({reason}); --resume goes on" if step < self.config.loop.steps else ""
        self.progress.say(f"{step} steps{left}: {self.file}")

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def tell(self, step: int, record: Mapping[str, Any]) -> None:
        if self.journal is not None:
            self.journal.write(step, record)
            self.progress.step(step, record)

    def evaluate(self, step: int) -> None:
        """Losses on the held-out databases, of the averaged weights."""
        if self.journal is not None and self.held_out:
            begin = time.perf_counter()
            weights = self.learner.averaged
            record = evaluate(weights.model, dict(weights.objectives.items()), self.held_out, self.learner.machine)
            self.tell(step, record | {"val/system/seconds": time.perf_counter() - begin})
            ratios = {name.removeprefix("val/ratio/"): value for name, value in record.items() if name.count("/") == 2}
            told = (f"{n} {v:.3f}" for n, v in ratios.items() if f"val/ratio/{n}" in record)
            self.progress.say(f"step {step}: held-out loss against a constant's: {', '.join(told)}")
        self.ranks.wait()

    def save(self, step: int) -> None:
        """The state to go on from, and the network as it is now."""
        if self.journal is not None:
            save_state(self.out, step, self.facts, self.learner, self.config.loop.keep)
            self.export(step)
        self.ranks.wait()

    def export(self, step: int) -> None:
        """The averaged network alone, with its card."""
        model = self.learner.averaged.model
        header = {"kind": KIND, "config": model.config.to_dict(), "card": self._card(step), **self._origin()}
        save_checkpoint(self.file, model.state_dict(), header)

    def _origin(self) -> dict[str, Any]:
        return {"pretraining": plain_of(self.config), "corpus": self.worlds.hashes}

    def _card(self, step: int) -> dict[str, Any]:
        entries = [self.worlds.entries[world.database.name] for world in self.worlds.train]
        synthetic = sum(entry.is_synthetic for entry in entries)
        held_out = [world.database.name for world in self.worlds.held_out]
        return {
            "steps": step,
            "seed": self.config.seed,
            "data": f"{len(entries) - synthetic} real and {synthetic} synthetic databases, "
            f"{sum(entry.rows for entry in entries):,} rows",
            "never_seen": ", ".join([*held_out, "every RelBench benchmark database"]),
            "licence": self.config.licence,
        }
