"""The identity of a string as a number: equal strings, equal numbers, on every machine and in every run."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np


def identity_hash(strings: Sequence[str | None]) -> np.ndarray:
    """uint32[n]: CRC-32 of the UTF-8 bytes, letter by letter as given (no case folding); None counts as "" (0)."""
    return np.fromiter((crc32((s or "").encode("utf-8", "surrogatepass")) for s in strings), np.uint32, len(strings))
