"""The token vectors that come with the package, in one safetensors file whose content is known."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from relfm.errors import Refused

DIM = 128
VECTORS = Path(__file__).parent / "vectors.safetensors"
VECTORS_SHA256 = "1ace5e3c9275ecc26af43a3f6ccdd4c011b452eb959de003518ac0a84cc074a3"


@dataclass(frozen=True)
class TokenVectors:
    """V wordpieces with one vector each, stored in eight bits; a vector's length is its weight in a mean.

    vocabulary  V wordpieces; a token's id is its place
    codes       int8[V, D]
    scales      float32[V]: codes * scale is the vector
    """

    vocabulary: tuple[str, ...] = field(repr=False)
    codes: np.ndarray = field(repr=False)
    scales: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, vocabulary: Sequence[str], vectors: np.ndarray) -> "TokenVectors":
        """Vectors float[V, D], rounded to eight bits each."""
        scales = np.maximum(np.abs(vectors).max(1) / 127, np.finfo(np.float32).tiny).astype(np.float32)
        return cls(tuple(vocabulary), np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    def dense(self) -> np.ndarray:
        """float32[V, D]."""
        return self.codes * self.scales[:, None]

    def to_bytes(self) -> bytes:
        words = np.frombuffer("\n".join(self.vocabulary).encode(), np.uint8)
        return save({"codes": self.codes, "scales": self.scales, "vocabulary": words})


def load_vectors(path: Path = VECTORS, sha256: str = VECTORS_SHA256) -> TokenVectors:
    """The vectors in ``path``; Refused if its bytes are not those that ``sha256`` stands for."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise Refused(
            f"'{path.name}' does not hold the token vectors that this relfm knows (sha256 {found})",
            hint="reinstall relfm; checkpoints are bound to these vectors",
        )
    held = load(content)
    return TokenVectors(tuple(held["vocabulary"].tobytes().decode().split("\n")), held["codes"], held["scales"])
