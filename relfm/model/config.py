"""The network's configuration: one dial, the depth; the rest follows from it unless given."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from relfm.errors import UsageError

BACKBONES = ("conditioned", "gin")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """What a network is built from; UsageError if the values do not fit together.

    depth     relational layers, and hops of the neighbourhoods they read
    backbone  "conditioned" (relations, ages and many aggregates) or "gin" (graph isomorphism network)
    text_dim  dimension of the database's string vectors
    width     dimension of cells, rows and states; 32 for each layer unless given
    heads     of every attention; one for each 16 of the width unless given
    fanout    rows sampled per relation at each hop; 16, 8, 4, 2, 2, ... unless given
    dropout   share of the hidden units that training leaves out
    """

    depth: int = 2
    backbone: str = "conditioned"
    text_dim: int = 128
    width: int = 0
    heads: int = 0
    fanout: tuple[int, ...] = ()
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("depth", "text_dim", "width", "heads"):
            _require(_is_whole(getattr(self, name)), name, getattr(self, name), "it is a whole number")
        _require(isinstance(self.backbone, str), "backbone", self.backbone, f"one of {', '.join(BACKBONES)}")
        listed = isinstance(self.fanout, list | tuple) and all(map(_is_whole, self.fanout))
        _require(listed, "fanout", self.fanout, "it is a list of whole numbers, one per layer")
        _require(_is_whole(self.dropout) or isinstance(self.dropout, float), "dropout", self.dropout, "it is a number")
        if self.depth < 1:
            raise UsageError(f"depth is {self.depth}", hint="a network has at least one relational layer")
        self._derive("width", self.width or 32 * self.depth)
        self._derive("heads", self.heads or max(1, self.width // 16))
        self._derive("fanout", tuple(self.fanout) or tuple(max(2, 16 >> hop) for hop in range(self.depth)))
        if self.backbone not in BACKBONES:
            raise UsageError(f"unknown backbone '{self.backbone}'", hint=f"there are: {', '.join(BACKBONES)}")
        if self.width < 1 or self.heads < 1 or self.width % self.heads:
            raise UsageError(f"width {self.width} cannot be split over {self.heads} heads", hint="make it a multiple")
        if len(self.fanout) != self.depth or min(self.fanout) < 1:
            raise UsageError(f"fanout {self.fanout} at depth {self.depth}", hint="give one positive number per layer")
        if self.text_dim < 1 or not 0 <= self.dropout < 1:
            raise UsageError(f"text_dim is {self.text_dim}, dropout {self.dropout}", hint="text_dim >= 1, dropout < 1")

    def _derive(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON and TOML hold them."""
        return asdict(self) | {"fanout": [*self.fanout]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The configuration of those values; UsageError on a key that it does not have."""
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        if unknown:
            known = ", ".join(f.name for f in fields(cls))
            raise UsageError(f"the model's configuration has no '{unknown[0]}'", hint=f"it has: {known}")
        return cls(**values)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require(holds: bool, name: str, value: object, hint: str) -> None:
    if not holds:
        raise UsageError(f"the model's {name} is {value!r}", hint=hint)
