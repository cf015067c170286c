"""Everything that a pretraining of an in-context head is made of, as one tree of frozen values."""

from dataclasses import dataclass, field
from typing import Any

from relfm.heads.config import HeadConfig
from relfm.heads.episode import FOLDERS
from relfm.pretrain.config import (
    CorpusConfig,
    LoopConfig,
    MachineConfig,
    require,
    require_name,
    require_rates,
    require_seed,
)

KINDS = tuple(FOLDERS)


@dataclass(frozen=True, kw_only=True)
class HeadOptimisation:
    """rate: peak learning rate of AdamW; decay: of the weights; clip: largest norm of the gradient.

    batch: episodes a step (of every process); context, queries: rows of each at most
    """

    rate: float = 1e-3
    decay: float = 0.02
    clip: float = 1.0
    batch: int = 8
    context: int = 512
    queries: int = 256

    def __post_init__(self) -> None:
        for name in ("batch", "context", "queries"):
            require(getattr(self, name) >= 1, f"optimisation.{name}", getattr(self, name), "at least 1")
        require_rates(self.rate, self.decay, self.clip)


@dataclass(frozen=True, kw_only=True)
class HeadPretrainConfig:
    """What ``pretrain`` needs to know of a head; ``loop.databases`` and ``loop.nodes`` mean nothing to it.

    kind     "features-head" or "states-head": what the inputs of its episodes are
    name     of the file that the run leaves behind; the kind unless given
    seed     of everything random
    licence  of the weights, for their card
    model    the head's settings by name
    """

    kind: str = KINDS[0]
    name: str = ""
    seed: int = 0
    licence: str = "Apache-2.0"
    model: dict[str, Any] = field(default_factory=dict)
    optimisation: HeadOptimisation = field(default_factory=HeadOptimisation)
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)

    def __post_init__(self) -> None:
        require(self.kind in KINDS, "kind", self.kind, f"one of {', '.join(KINDS)}")
        require_name(self.file_name)
        require_seed(self.seed)
        self.model_config()

    @property
    def file_name(self) -> str:
        return self.name or self.kind

    def model_config(self) -> HeadConfig:
        """UsageError for a setting that a head does not have, or a value that it cannot take."""
        return HeadConfig.from_dict(self.model)
