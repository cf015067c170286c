"""What was pretrained, as one thing: the networks of a checkpoint folder and which of them sit on the panel.

A folder holds ``features-head``, ``states`` and ``states-head`` (.safetensors), or one network of such a kind under a
name of its own; whatever is there takes part.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from relfm.checkpoint import fill, load_checkpoint, read_header, shared_network, shipped_folder
from relfm.errors import Refused, UsageError
from relfm.times import format_time

if TYPE_CHECKING:
    from torch import Tensor

    from relfm.heads.network import InContextHead
    from relfm.model import RelationalModel

DEFAULT_MODEL = "relfm-small"
FEATURES_HEAD, STATES, STATES_HEAD = "pfn-features", "linear-states", "pfn-states"
EXPERTS = (FEATURES_HEAD, STATES, STATES_HEAD)
RANDOM, ALONE = "random", "alone"

TRUST, TRUST_IN_NUMBERS = 0.5, 0.0
"""The weight that goes to the heads, for classes and for numbers: chosen on validation databases, where the shipped
head moved numbers in the wrong direction at any weight (docs/log.md)."""

Network = TypeVar("Network", "InContextHead", "RelationalModel")

ADAPTED = "adapted"
"""What the header of a network says of its adaptation: ``until``, and what it was adapted to."""

FILES = {FEATURES_HEAD: "features-head", STATES: "states", STATES_HEAD: "states-head"}


@dataclass(frozen=True)
class Learned:
    """Pretrained networks by the expert that they make; absent ones are no experts.

    until  microseconds: the network behind the states was adapted to labels known by then (``relfm.adaptation``), so
           that it answers for no earlier moment, and is weighed on no earlier label; None: it saw none of them
    """

    name: str
    features_head: "InContextHead | None" = field(default=None, repr=False)
    states_head: "InContextHead | None" = field(default=None, repr=False)
    model: "RelationalModel | None" = field(default=None, repr=False)
    trust: float = TRUST
    trust_in_numbers: float = TRUST_IN_NUMBERS
    until: int | None = None

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
        has_states = bool(kept & {STATES, STATES_HEAD})
        return replace(
            self,
            features_head=self.features_head if FEATURES_HEAD in kept else None,
            model=self.model if has_states else None,
            states_head=self.states_head if STATES_HEAD in kept else None,
            until=self.until if has_states else None,
        )

    def require_unseen(self, moment: int) -> None:
        """Refused where an answer at ``moment`` would come from a network that has learned later labels."""
        if self.until is not None and moment < self.until:
            raise Refused(
                f"'{self.name}' was adapted to labels up to {format_time(self.until)}, and would be asked as of "
                f"{format_time(moment)}, about what it has seen",
                hint="ask for a later --at or fewer --folds, or adapt again with an earlier --at or more --folds",
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
    """The pretrained networks of that name, folder or file; None for None and "none". UsageError if there is none such.

    ``NAME:EXPERT+EXPERT`` takes those of its experts; ``random`` among them gives the networks random weights,
    ``random-7`` those of seed 7; with ``alone`` the heads' answers are not mixed with the closed forms'.
    """
    if model is None or isinstance(model, Learned):
        return model
    name, _, parts = str(model).partition(":") if not _is_place(Path(model)) else (str(model), "", "")
    if name == "none":
        return None
    path = (Path(name) if _is_place(Path(name)) else shipped_folder(name)).resolve()
    found = _read(path.stem if path.is_file() else path.name, _files(path))
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


Version = tuple[str, Path, int, int]
"""Kind, path, moment of the last change and size of a file: what is read again once any of them is another."""


def _is_place(path: Path) -> bool:
    return path.is_dir() or (path.suffix == ".safetensors" and path.is_file())


def _files(path: Path) -> tuple[Version, ...]:
    """The networks of a folder, or the one file, by kind. UsageError if there is none, or several of one kind."""
    if path.is_file():
        kind = read_header(path)["kind"]
        if kind not in FILES.values():
            hint = f"name a network ({', '.join(FILES.values())}); a run leaves one beside its checkpoints"
            raise UsageError(f"'{path.name}' holds '{kind}', not a network", hint=hint)
        found = {kind: path}
    else:
        found = {kind: file for kind in FILES.values() if (file := _file_of(path, kind)) is not None}
    if not found:
        hint = f"it has no .safetensors file of kind {', '.join(FILES.values())}; relfm pretrain writes one"
        raise UsageError(f"'{path.name}' holds no checkpoint", hint=hint)
    return tuple((kind, file, file.stat().st_mtime_ns, file.stat().st_size) for kind, file in found.items())


def _file_of(folder: Path, kind: str) -> Path | None:
    """The file named after its kind, else the only one whose header says that it is of that kind."""
    usual = folder / f"{kind}.safetensors"
    if usual.is_file():
        return usual
    if (shared := shared_network(folder, kind)) is not None:
        return shared
    others = [file for file in sorted(folder.glob("*.safetensors")) if file.stem not in FILES.values()]
    found = [file for file in others if _kind_of(file) == kind]
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise UsageError(f"'{folder.name}' holds several networks of kind '{kind}': {names}", hint="name one of them")
    return found[0] if found else None


def _kind_of(file: Path) -> str | None:
    """None for what is no checkpoint of relfm's."""
    try:
        return read_header(file)["kind"]
    except UsageError:
        return None


@lru_cache(maxsize=4)
def _read(name: str, files: tuple[Version, ...]) -> Learned:
    from relfm.heads.config import HeadConfig
    from relfm.heads.network import InContextHead

    paths = {kind: file for kind, file, *_ in files}

    def head(kind: str) -> InContextHead | None:
        if kind not in paths:
            return None
        tensors, config = _tensors_and_config(paths[kind], kind)
        return _filled(InContextHead(HeadConfig.from_dict(config)), tensors, paths[kind].name)

    states = FILES[STATES]
    model = _model(paths[states]) if states in paths else None
    until = read_header(paths[states]).get(ADAPTED, {}).get("until") if model is not None else None
    return Learned(name, head(FILES[FEATURES_HEAD]), head(FILES[STATES_HEAD]), model, until=until)


def _model(path: Path) -> "RelationalModel":
    from relfm.model import ModelConfig, RelationalModel
    from relfm.text import default_encoder

    tensors, values = _tensors_and_config(path, FILES[STATES])
    config = ModelConfig.from_dict(values)
    if config.text_dim != default_encoder().dim:
        raise UsageError(
            f"'{path.name}' reads text vectors of {config.text_dim} numbers, this relfm's have {default_encoder().dim}",
            hint="pretrain it on shards that this version of relfm prepared",
        )
    return _filled(RelationalModel(config), tensors, path.name)


def _tensors_and_config(path: Path, kind: str) -> "tuple[dict[str, Tensor], Mapping[str, Any]]":
    tensors, header = load_checkpoint(path, kind=kind)
    config = header.get("config")
    if not isinstance(config, dict):
        raise UsageError(f"'{path.name}' does not say its config: {config!r}", hint="name a file that relfm wrote")
    return tensors, config


def _filled(module: "Network", tensors: "Mapping[str, Tensor]", what: str) -> "Network":
    """``module`` with those weights; UsageError if they do not fit, or if one is not finite."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise UsageError(f"{what}: '{name}' holds numbers that are not finite", hint="pretrain it anew")
    fill(module, tensors, what)
    return module.eval()
