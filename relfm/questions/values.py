"""Values as the question language writes them."""

from typing import Any

LONGEST = 60
"""Characters of a value that a question may name."""


def literal(value: Any) -> str | None:
    """A cell's value as a constant of the language; None for one that no question would name."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'" if value.isprintable() and 0 < len(value) <= LONGEST else None
    if value is None or value != value:
        return None
    return number(float(value))


def number(value: float) -> str:
    """A number, whole ones without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"
