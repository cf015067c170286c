"""Everything that a pretraining is made of, as one tree of frozen values; the model's depth is the one dial."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from relfm.errors import UsageError
from relfm.model import ModelConfig

DEVICES = ("auto", "cpu", "cuda")
_DEVICE, _NAME = re.compile(r"auto|(cpu|cuda)(:\d{1,3})?"), re.compile(r"\w[\w .+-]{0,99}")
MOST_SEED = 2**63 - 1
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class CorpusConfig:
    """Which shards, and how often each.

    folder    where ``relfm prepare`` wrote shards and corpus.json
    only      names of databases to use; all unless given
    held_out  names of databases that are never trained on and that losses are reported for
    share     of the databases, held out by a hash of their names where ``held_out`` names none
    power     a database is drawn with probability proportional to its rows (heads: its episodes) to this power
    synthetic share of the draws that go to synthetic databases, where there are any; -1: by their rows as well
    """

    folder: str = "shards"
    only: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    share: float = 0.1
    power: float = 0.35
    synthetic: float = -1.0

    def __post_init__(self) -> None:
        require(0 <= self.share < 1, "corpus.share", self.share, "0 <= share < 1")
        require(0 <= self.power <= 1, "corpus.power", self.power, "0 (all alike) to 1 (by rows)")
        require(self.synthetic == -1 or 0 <= self.synthetic <= 1, "corpus.synthetic", self.synthetic, "0 to 1, or -1")


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """How long, how often.

    steps      in all; databases: whose gradients make one step (of every process)
    nodes      that what an objective draws may have at most (memory is in proportion; fewer rows are drawn where the
               neighbourhoods of all would be too large); 0: any number
    evaluate   steps between evaluations; draws: of every objective on every held-out database
    save       steps between checkpoints; keep: how many of the last ones stay
    average    decay of the running average of the weights that is evaluated and exported; 0: none, the weights as is
    """

    steps: int = 2000
    databases: int = 2
    nodes: int = 100_000
    evaluate: int = 200
    draws: int = 4
    save: int = 200
    keep: int = 3
    average: float = 0.99

    def __post_init__(self) -> None:
        for name in ("steps", "databases", "evaluate", "draws", "save", "keep"):
            require(getattr(self, name) >= 1, f"loop.{name}", getattr(self, name), "at least 1")
        require(self.nodes >= 0, "loop.nodes", self.nodes, "at least 0")
        require(0 <= self.average < 1, "loop.average", self.average, "0 <= average < 1")


@dataclass(frozen=True, kw_only=True)
class MachineConfig:
    """Where it runs; nothing here changes what is computed, but for rounding.

    device     "auto", "cpu" or "cuda"; precision: "auto" (bfloat16 on a GPU), "float32" or "bfloat16"
    threads    of PyTorch, at most one for every core; 0: one for every few cores
    ahead      steps whose data are drawn ahead, in a thread beside; 0: drawn when they are needed
    minutes    after which it saves and stops; 0: never
    tensorboard  whether the journal goes to TensorBoard too, where that is installed
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    ahead: int = 4
    minutes: float = 0.0
    tensorboard: bool = True

    def __post_init__(self) -> None:
        known = _DEVICE.fullmatch(self.device) is not None
        require(known, "machine.device", self.device, f"one of {', '.join(DEVICES)}, or cuda:1 for the second GPU")
        require(self.precision in PRECISIONS, "machine.precision", self.precision, "one of " + ", ".join(PRECISIONS))
        for name in ("threads", "ahead", "minutes"):
            require(getattr(self, name) >= 0, f"machine.{name}", getattr(self, name), "at least 0")


@dataclass(frozen=True, kw_only=True)
class OptimisationConfig:
    """How ``relfm.objectives.Optimisation`` learns, with its defaults.

    rate     peak learning rate of the network; decay: of the weights; clip: largest norm of a gradient
    balance  inverse-magnitude weights of the losses, else equal ones
    surgery  whether conflicts between the objectives' gradients are projected away
    """

    rate: float = 2e-3
    decay: float = 1e-2
    clip: float = 0.5
    balance: bool = True
    surgery: bool = True

    def __post_init__(self) -> None:
        require_rates(self.rate, self.decay, self.clip)


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """What ``pretrain`` needs to know.

    name         of the model and its file
    scheme       the objectives by the name of their combination; objectives: by their own names, instead of a scheme
    seed         of everything random
    licence      of the weights, for their card
    model        the network's settings by name; text_dim follows from the corpus
    """

    name: str = "states"
    scheme: str = "relfm"
    objectives: tuple[str, ...] = ()
    seed: int = 0
    licence: str = "Apache-2.0"
    model: dict[str, Any] = field(default_factory=dict)
    optimisation: OptimisationConfig = field(default_factory=OptimisationConfig)
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)

    def __post_init__(self) -> None:
        require_name(self.name)
        require_seed(self.seed)
        self.model_config(ModelConfig.text_dim)

    def model_config(self, text_dim: int) -> ModelConfig:
        """UsageError for a setting that the network does not have, or a value that it cannot take."""
        return ModelConfig.from_dict({**self.model, "text_dim": text_dim})


def require(holds: bool, name: str, value: object, hint: str) -> None:
    """UsageError that names the setting and its value, unless it ``holds``."""
    if not holds:
        raise UsageError(f"{name} is {value!r}", hint=hint)


def require_rates(rate: float, decay: float, clip: float) -> None:
    """UsageError unless an optimizer can work with them: a negative ``clip`` would turn the gradient round, one of 0
    would let nothing be learned."""
    for name, value in (("rate", rate), ("clip", clip)):
        require(0 < value < math.inf, f"optimisation.{name}", value, "a number above 0")
    require(0 <= decay < math.inf, "optimisation.decay", decay, "a number, at least 0")


def require_seed(seed: int) -> None:
    """UsageError for a seed that PyTorch's generators do not take."""
    require(0 <= seed <= MOST_SEED, "seed", seed, f"0 to {MOST_SEED:,}")


def require_name(name: str) -> None:
    """UsageError for a name that is no plain file name, so that nothing is written outside the run's folder."""
    hint = "letters, digits, '_', and within also '.', '-', '+' and blanks"
    require(_NAME.fullmatch(name) is not None, "name", name, hint)
