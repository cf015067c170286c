"""The size of a head."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from relfm.errors import UsageError


@dataclass(frozen=True)
class HeadConfig:
    """width of a row's vector, layers of attention, attention heads, inputs (features or state components) a row,
    clusters that the output is routed through."""

    width: int = 96
    layers: int = 4
    heads: int = 4
    inputs: int = 48
    clusters: int = 8

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UsageError(f"a head's {name} is {value!r}", hint="it is a whole number, at least 1")
        if self.width % self.heads:
            hint = "make it a multiple"
            raise UsageError(f"a head's width {self.width} cannot be split over {self.heads} heads", hint=hint)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "HeadConfig":
        """UsageError for a key that is not known."""
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise UsageError(
                f"a head has no setting {sorted(unknown)[0]!r}", hint=f"it has {[f.name for f in fields(cls)]}"
            )
        return cls(**values)
