"""Nested states (an optimizer's, say) as named tensors and JSON, and back, bit by bit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_PLAIN = (bool, int, float, str, type(None))


def flatten(state: Any, prefix: str) -> "tuple[dict[str, Tensor], Any]":
    """Tensors named after ``prefix`` and where they stand, and what JSON holds of the rest.

    ``state`` is made of mappings (keys: strings or integers), lists, tuples, tensors, numbers, strings and None;
    TypeError for anything else.
    """
    tensors: dict[str, Tensor] = {}

    def plain(value: Any, path: str) -> Any:
        if isinstance(value, _PLAIN):
            return value
        if hasattr(value, "detach"):
            tensors[path] = value.detach().clone()
            return {"tensor": path}
        if isinstance(value, Mapping):
            if any(type(k) not in (str, int) for k in value):
                raise TypeError(f"keys of {path} are neither strings nor integers")
            return {"items": [[k, plain(v, f"{path}.{k}")] for k, v in value.items()]}
        if isinstance(value, list | tuple):
            held = [plain(v, f"{path}.{i}") for i, v in enumerate(value)]
            return held if isinstance(value, list) else {"tuple": held}
        raise TypeError(f"{path} is a {type(value).__name__}")

    rest = plain(state, prefix)
    return tensors, rest


def nest(tensors: "Mapping[str, Tensor]", rest: Any) -> Any:
    """The state that ``flatten`` took apart; KeyError if a tensor is missing."""
    if isinstance(rest, list):
        return [nest(tensors, value) for value in rest]
    if not isinstance(rest, dict):
        return rest
    if "tensor" in rest:
        return tensors[rest["tensor"]]
    if "tuple" in rest:
        return tuple(nest(tensors, value) for value in rest["tuple"])
    return {key: nest(tensors, value) for key, value in rest["items"]}
