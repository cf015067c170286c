"""What callers from Python pass, checked before any work begins: each refusal names the argument and its value."""

import os
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypeVar

from relfm.errors import UsageError

Path = str | os.PathLike[str]
"""A file or folder, as callers name it."""

_LONGEST = 60
_Kind = TypeVar("_Kind")


def shown(value: object) -> str:
    """``value`` for a message: its repr, cut short."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def whole(name: str, value: Any, least: int, most: int | None = None, hint: str | None = None) -> int:
    """``value`` as an int; UsageError if it is no whole number, or none from ``least`` to ``most``. A bool is none."""
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if is_whole and least <= value and (most is None or value <= most):
        return int(value)
    span = f"{least} or more" if most is None else f"{least} to {most}"
    raise UsageError(f"{name} {shown(value)} is no whole number of {span}", hint=hint or f"give {name}={least}")


def share(name: str, value: Any, hint: str) -> float:
    """``value`` as a float; UsageError if it does not lie between 0 and 1."""
    if isinstance(value, Real) and not isinstance(value, bool) and 0 < value < 1:
        return float(value)
    raise UsageError(f"{name} {shown(value)} is not between 0 and 1", hint=hint)


def path(name: str, value: Any) -> str | None:
    """``value`` as a path in text, None for None; UsageError if it can be none."""
    try:
        text = None if value is None else os.fspath(value)
    except TypeError:
        text = b""
    if text is not None and (not isinstance(text, str) or not text or "\0" in text):
        raise UsageError(f"{name} {shown(value)} is no path", hint=f"give {name} as text or a pathlib.Path")
    return text


def texts(name: str, value: Any) -> list[str] | None:
    """``value`` as texts, None for None; UsageError if it is one text or holds anything else."""
    if value is None:
        return None
    held = list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [None]
    if not all(isinstance(one, str) for one in held):
        raise UsageError(f"{name} {shown(value)} is no list of names", hint=f"write {name}=['orders', 'customers']")
    return held


def of_kind(name: str, value: Any, kind: type[_Kind] | tuple[type[_Kind], ...], hint: str) -> Any:
    """``value`` itself; UsageError if it is of another type."""
    if not isinstance(value, kind):
        raise UsageError(f"{name} {shown(value)} is a {type(value).__name__}", hint=hint)
    return value


def reporter(value: Any) -> None:
    """UsageError if ``progress`` is neither None nor callable."""
    if value is not None and not callable(value):
        raise UsageError(f"progress {shown(value)} cannot be called", hint="give a function, or None")
