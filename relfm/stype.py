"""Semantic types: what a column means, whatever its SQL type.

The members are PyTorch Frame's (`torch_frame.stype`, same values, a test compares them). They stand here because
importing `torch_frame` imports torch, and describing a schema or computing labels must not wait for that.
"""

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch_frame


class Stype(StrEnum):
    """How the cells of a column are to be read."""

    numerical = "numerical"
    categorical = "categorical"
    multicategorical = "multicategorical"
    timestamp = "timestamp"
    text_embedded = "text_embedded"
    embedding = "embedding"

    def to_torch_frame(self) -> "torch_frame.stype":
        """The same semantic type as PyTorch Frame's enum member (imports torch)."""
        import torch_frame

        return torch_frame.stype(self.value)
