"""Strings to vectors, offline: static token vectors that come with the package, or the full encoder as an extra."""

from relfm.text.encoder import TextEncoder, default_encoder
from relfm.text.full import FullEncoder
from relfm.text.identity import identity_hash

__all__ = ["FullEncoder", "TextEncoder", "default_encoder", "identity_hash"]
