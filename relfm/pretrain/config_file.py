"""TOML or JSON to a tree of frozen dataclasses, and back to plain values; what it does not know it refuses."""

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from relfm.errors import UsageError

Tree = TypeVar("Tree")


def read_settings(path: Path) -> dict[str, Any]:
    """The nested tables of a .toml or .json file; UsageError with the place of a mistake."""
    if path.suffix not in (".toml", ".json"):
        raise UsageError(f"'{path.name}' is neither .toml nor .json", hint="name a configuration file")
    try:
        text = path.read_text(encoding="utf-8")
        read = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}", hint="name a configuration file") from None
    except ValueError as error:
        raise UsageError(f"'{path.name}' is not {path.suffix[1:].upper()}: {error}") from None
    if not isinstance(read, dict):
        raise UsageError(f"'{path.name}' holds no settings", hint="write them as {name: value}")
    return read


def tree_of(cls: type[Tree], values: Mapping[str, Any], where: str = "") -> Tree:
    """``cls`` of nested ``values``; UsageError for an unknown key, with the nearest one, or a value of a wrong kind."""
    if not isinstance(values, Mapping):
        raise UsageError(f"{where or 'the configuration'} is {values!r}, not a table", hint="write it as [name]")
    hints = get_type_hints(cls)
    known = [f.name for f in fields(cls)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise UsageError(f"unknown setting '{_dotted(where, key)}'", hint=hint)
    return cls(**{key: _value(hints[key], value, _dotted(where, key)) for key, value in values.items()})


def plain_of(tree: Any) -> Any:
    """The tree as JSON holds it; ``tree_of`` reads it back."""
    if is_dataclass(tree):
        return {f.name: plain_of(getattr(tree, f.name)) for f in fields(tree)}
    if isinstance(tree, tuple | list):
        return [plain_of(value) for value in tree]
    if isinstance(tree, Mapping):
        return {key: plain_of(value) for key, value in tree.items()}
    return tree


def _dotted(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint):
        return tree_of(hint, value, where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise UsageError(f"{where} is {value!r}", hint="write a list: [...]")
        return tuple(_value(get_args(hint)[0], one, where) for one in value)
    if get_origin(hint) is dict:
        if not isinstance(value, Mapping):
            raise UsageError(f"{where} is {value!r}", hint=f"write a table: [{where}]")
        return {str(key): _value(get_args(hint)[1], one, _dotted(where, key)) for key, one in value.items()}
    if hint is Any:
        return tuple(value) if isinstance(value, list) else value
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise UsageError(f"{where} is {value!r}", hint=f"it takes {_SAID.get(hint, hint.__name__)}")
    return value


_SAID = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
