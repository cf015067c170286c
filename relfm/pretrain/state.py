"""Where a run stands, on disk: the last few training checkpoints, any of which it can go on from exactly."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from relfm.checkpoint import TRAINING, load_checkpoint, save_checkpoint
from relfm.errors import UsageError

FOLDER = "checkpoints"


class Stateful(Protocol):
    """What a training checkpoint keeps of the learner."""

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors by name, and what JSON holds of the rest."""

    def restore(self, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
        """Takes up what ``state`` gave."""


def save_state(out: Path, step: int, facts: Mapping[str, Any], learner: Stateful, keep: int) -> None:
    """Writes the state after ``step`` steps, whole or not at all, then removes all but the last ``keep``.

    ``facts`` must be the same when the run goes on: seed, number of processes, settings, hashes of the corpus.
    """
    tensors, rest = learner.state()
    header = {"kind": TRAINING, "steps": step, "facts": dict(facts), "rest": rest}
    save_checkpoint(out / FOLDER / f"{step:08d}.safetensors", tensors, header)
    for old in checkpoints(out)[:-keep]:
        old.unlink()


def load_state(
    out: Path,
    facts: Mapping[str, Any],
    learner: Stateful,
    completed: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> tuple[int, list[str]]:
    """Restores the last whole state and returns its steps (0: none), and the names of torn files passed over.

    UsageError if the run was one of other ``facts``. ``completed`` fills in the settings that the run's facts do not
    name with their defaults: an older relfm wrote only those that were given, and may not have known others.
    """
    torn = []
    for path in reversed(checkpoints(out)):
        try:
            tensors, header = load_checkpoint(path, kind=TRAINING)
        except UsageError:
            torn.append(path.name)
            continue
        if different := _difference(completed(header["facts"]), facts):
            raise UsageError(f"the run in '{out}' is another one: {different}", hint="name another folder with --out")
        learner.restore(tensors, header["rest"])
        return header["steps"], torn
    return 0, torn


def checkpoints(out: Path) -> list[Path]:
    """Training checkpoints, oldest first; torn ones too."""
    return sorted((out / FOLDER).glob("[0-9]*.safetensors"))


def _difference(before: Any, now: Any, where: str = "") -> str | None:
    """The first place where two nested values differ, in words."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted({*before, *now}):
            if found := _difference(before.get(key), now.get(key), f"{where}.{key}" if where else key):
                return found
        return None
    return None if before == now else f"{where} was {before!r}, now it is {now!r}"
