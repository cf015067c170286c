"""What a command line asks for: a configuration file, and run-time facts that override it."""

from dataclasses import dataclass, replace
from pathlib import Path

from relfm.pretrain.config import PretrainConfig
from relfm.pretrain.config_file import read_settings, tree_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """None leaves what the file says."""

    config: Path
    steps: int | None = None
    seed: int | None = None
    device: str | None = None
    minutes: float | None = None

    def settings(self) -> PretrainConfig:
        """The whole configuration; UsageError for a file or a value that will not do.

        A relative corpus folder in the file is looked for beside the working directory.
        """
        held = tree_of(PretrainConfig, read_settings(self.config))
        loop = held.loop if self.steps is None else replace(held.loop, steps=self.steps)
        given = {"device": self.device, "minutes": self.minutes}
        machine = replace(held.machine, **{name: value for name, value in given.items() if value is not None})
        return replace(held, loop=loop, machine=machine, seed=held.seed if self.seed is None else self.seed)
