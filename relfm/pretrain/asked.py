"""What a command line asks for: a configuration file, and run-time facts that override it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from relfm.pretrain.config import PretrainConfig, require
from relfm.pretrain.config_file import read_settings, tree_of
from relfm.pretrain.head_config import KINDS, HeadPretrainConfig

STATES = "states"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """None leaves what the file says."""

    config: Path
    steps: int | None = None
    seed: int | None = None
    device: str | None = None
    minutes: float | None = None

    def settings(self) -> PretrainConfig | HeadPretrainConfig:
        """The whole configuration; UsageError for a file or a value that will not do. ``kind`` in the file says of
        what: "states" unless given, or one of the heads.

        A relative corpus folder in the file is looked for beside the working directory.
        """
        read = read_settings(self.config)
        kind = read.get("kind", STATES)
        require(kind in (STATES, *KINDS), "kind", kind, f"one of {', '.join((STATES, *KINDS))}")
        held = tree_of(HeadPretrainConfig if kind in KINDS else PretrainConfig, _without(read, STATES))
        loop = held.loop if self.steps is None else replace(held.loop, steps=self.steps)
        given = {"device": self.device, "minutes": self.minutes}
        machine = replace(held.machine, **{name: value for name, value in given.items() if value is not None})
        return replace(held, loop=loop, machine=machine, seed=held.seed if self.seed is None else self.seed)


def _without(read: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: value for name, value in read.items() if (name, value) != ("kind", kind)}
