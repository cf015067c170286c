"""From tensors to a module, all or nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from relfm.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

_SHOWN = 3


def fill(module: "nn.Module", tensors: "Mapping[str, Tensor]", what: str = "the checkpoint") -> None:
    """Sets every parameter and buffer of ``module``; UsageError that names unknown, missing or misshapen ones.

    Nothing is set if anything does not fit.
    """
    held = module.state_dict()
    unknown, missing = sorted(set(tensors) - set(held)), sorted(set(held) - set(tensors))
    if unknown or missing:
        said = [f"{word} {_some(names)}" for word, names in (("unknown", unknown), ("missing", missing)) if names]
        raise UsageError(f"{what} does not fit: {'; '.join(said)}", hint="it was made for another configuration")
    wrong = [n for n in sorted(held) if held[n].shape != tensors[n].shape]
    if wrong:
        shapes = [f"{n} has shape {[*tensors[n].shape]}, not {[*held[n].shape]}" for n in wrong[:_SHOWN]]
        raise UsageError(f"{what} does not fit: {'; '.join(shapes)}", hint="it was made for another configuration")
    module.load_state_dict(tensors)


def _some(names: list[str]) -> str:
    shown = ", ".join(f"'{n}'" for n in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
