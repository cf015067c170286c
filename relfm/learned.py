"""What was pretrained, as one thing: the networks of a checkpoint folder and which of them sit on the panel.

A folder holds ``features-head``, ``states`` and ``states-head`` (.safetensors); whatever is there takes part.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from relfm.checkpoint import fill, load_checkpoint, shipped_folder
from relfm.errors import UsageError
from relfm.schema import suggestion

if TYPE_CHECKING:
    from relfm.heads.network import InContextHead
    from relfm.model import RelationalModel

DEFAULT_MODEL = "relfm-small"
FEATURES_HEAD, STATES, STATES_HEAD = "pfn-features", "linear-states", "pfn-states"
EXPERTS = (FEATURES_HEAD, STATES, STATES_HEAD)
RANDOM, ALONE = "random", "alone"

TRUST, TRUST_IN_NUMBERS = 0.5, 0.0
"""The weight that goes to the heads, for classes and for numbers: chosen on validation databases, where the shipped
head moved numbers in the wrong direction at any weight (docs/log.md)."""

FILES = {FEATURES_HEAD: "features-head", STATES: "states", STATES_HEAD: "states-head"}


@dataclass(frozen=True)
class Learned:
    """Pretrained networks by the expert that they make; absent ones are no experts."""

    name: str
    features_head: "InContextHead | None" = field(default=None, repr=False)
    states_head: "InContextHead | None" = field(default=None, repr=False)
    model: "RelationalModel | None" = field(default=None, repr=False)
    trust: float = TRUST
    trust_in_numbers: float = TRUST_IN_NUMBERS

    @property
    def experts(self) -> tuple[str, ...]:
        """The names of those that are there."""
        there = (self.features_head, self.model, self.states_head)
        return tuple(name for name, one in zip(EXPERTS, there, strict=True) if one is not None)

    @property
    def is_alone(self) -> bool:
        """Whether the heads answer by themselves, to be measured."""
        return self.trust == 1

    def only(self, experts: Iterable[str]) -> "Learned":
        """Those experts alone; UsageError for an unknown one. The states' head brings the states along."""
        kept = set(experts)
        if unknown := kept - set(EXPERTS):
            raise UsageError(f"unknown expert '{sorted(unknown)[0]}'", hint=f"there are: {', '.join(EXPERTS)}")
        return replace(
            self,
            features_head=self.features_head if FEATURES_HEAD in kept else None,
            model=self.model if kept & {STATES, STATES_HEAD} else None,
            states_head=self.states_head if STATES_HEAD in kept else None,
        )

    def with_random_weights(self, seed: int) -> "Learned":
        """Networks of the same shape that never saw any data: what pretraining is measured against."""
        from relfm.heads.network import InContextHead
        from relfm.heads.random import randomise
        from relfm.model import RelationalModel

        def head(one: "InContextHead | None") -> "InContextHead | None":
            return None if one is None else randomise(InContextHead(one.config), seed).eval()

        model = None if self.model is None else randomise(RelationalModel(self.model.config), seed).eval()
        return Learned(f"{self.name} with random weights", head(self.features_head), head(self.states_head), model)


def learned(model: "str | Path | Learned | None") -> Learned | None:
    """The pretrained networks of that name or folder; None for None and "none". UsageError if there is none such.

    ``NAME:EXPERT+EXPERT`` takes those of its experts; ``random`` among them gives the networks random weights,
    ``random-7`` those of seed 7; with ``alone`` the heads' answers are not mixed with the closed forms'.
    """
    if model is None or isinstance(model, Learned):
        return model
    name, _, parts = str(model).partition(":") if not Path(model).is_dir() else (str(model), "", "")
    if name == "none":
        return None
    folder = Path(name)
    found = _read((folder if folder.is_dir() else shipped_folder(name)).resolve())
    if not parts:
        return found
    chosen = parts.split("+")
    for part in chosen:
        word, _, seed = part.partition("-")
        if word == RANDOM and (not seed or seed.isdigit()):
            found = found.with_random_weights(int(seed or 0))
    named = [p for p in chosen if p != ALONE and p.partition("-")[0] != RANDOM]
    found = found.only(named or EXPERTS)
    return replace(found, trust=1.0, trust_in_numbers=1.0) if ALONE in chosen else found


@lru_cache(maxsize=4)
def _read(folder: Path) -> Learned:
    from relfm.heads.config import HeadConfig
    from relfm.heads.network import InContextHead

    def head(expert: str) -> InContextHead | None:
        path = folder / f"{FILES[expert]}.safetensors"
        if not path.is_file():
            return None
        tensors, header = load_checkpoint(path, kind=FILES[expert])
        made = InContextHead(HeadConfig.from_dict(header["config"]))
        fill(made, tensors, path.name)
        return made.eval()

    found = Learned(folder.name, head(FEATURES_HEAD), head(STATES_HEAD), _read_model(folder))
    if not found.experts:
        raise UsageError(
            f"'{folder.name}' holds no checkpoint", hint=suggestion("", [f"{f}.safetensors" for f in FILES.values()])
        )
    return found


def _read_model(folder: Path) -> "RelationalModel | None":
    path = folder / f"{FILES[STATES]}.safetensors"
    if not path.is_file():
        return None
    from relfm.model import ModelConfig, RelationalModel

    tensors, header = load_checkpoint(path, kind=FILES[STATES])
    made = RelationalModel(ModelConfig.from_dict(header["config"]))
    fill(made, tensors, path.name)
    return made.eval()
