"""Sources of data as a Database."""

from relfm.connectors.freeze import to_toml
from relfm.connectors.load import connect

__all__ = ["connect", "to_toml"]
