"""How large what an objective has drawn is, whatever its shape."""

from dataclasses import fields, is_dataclass
from typing import Any

from relfm.sampler import Neighbourhood


def num_nodes(drawn: Any) -> int:
    """Nodes of all neighbourhoods within: time and memory of a step are in proportion to them."""
    if isinstance(drawn, Neighbourhood):
        return len(drawn.rows)
    if isinstance(drawn, tuple | list):
        return sum(num_nodes(one) for one in drawn)
    if is_dataclass(drawn):
        return sum(num_nodes(getattr(drawn, f.name)) for f in fields(drawn))
    return 0
