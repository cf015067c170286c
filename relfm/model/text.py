"""Strings as the network reads them: what they mean (their vector), and which one they are (their hash)."""

import numpy as np
import torch
from torch import Tensor, nn

from relfm.tensors import DatabaseTensors

HASH_FEATURES = 64
_MIX = np.uint32(2_654_435_761)


def text_vectors(database: DatabaseTensors, strings: np.ndarray, device: torch.device) -> Tensor:
    """float32[n, D] of string ids, scaled so that a unit vector's entries have variance one."""
    vectors = torch.from_numpy(np.ascontiguousarray(database.vectors[strings])).to(device).float()
    return vectors * database.vectors.shape[1] ** 0.5


def identity_features(hashes: np.ndarray) -> np.ndarray:
    """uint32[n] to float32[n, HASH_FEATURES] of -1 and 1: nearly orthogonal for different strings."""
    both = np.stack([hashes, (hashes ^ (hashes >> np.uint32(15))) * _MIX], -1).astype("<u4")
    bits = np.unpackbits(both.view(np.uint8), axis=-1)
    return bits.astype(np.float32) * 2 - 1


class StringEncoder(nn.Module):
    """String ids to vectors: meaning and identity, each through one map that all strings share."""

    def __init__(self, text_dim: int, width: int) -> None:
        super().__init__()
        self.meaning = nn.Linear(text_dim, width)
        self.identity = nn.Linear(HASH_FEATURES, width, bias=False)

    def forward(self, database: DatabaseTensors, strings: np.ndarray) -> Tensor:
        """int64[U] string ids to [U, width]; a few thousand at a time if no gradient is wanted."""
        device = self.meaning.weight.device
        size = max(1, len(strings)) if torch.is_grad_enabled() else 8192
        parts = [self._part(database, strings[i : i + size], device) for i in range(0, len(strings), size)]
        return torch.cat(parts) if parts else self.meaning.weight.new_zeros(0, self.meaning.out_features)

    def _part(self, database: DatabaseTensors, strings: np.ndarray, device: torch.device) -> Tensor:
        identity = torch.from_numpy(identity_features(database.hashes[strings])).to(device)
        return self.meaning(text_vectors(database, strings, device)) + self.identity(identity)


def used_strings(strings: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids in int32[n, B] of ``count`` strings, each cell's place among them; missing: past the last."""
    if strings.size * 16 < count:
        used, places = np.unique(strings[strings >= 0], return_inverse=True)
        found = np.full(strings.shape, len(used), np.int64)
        found[strings >= 0] = places
        return used, found
    seen = np.zeros(count + 1, bool)
    seen[strings] = True  # a missing one, -1, is the last
    used = np.flatnonzero(seen[:-1])
    places = np.full(count + 1, len(used), np.int64)
    places[used] = np.arange(len(used))
    return used, places[strings]
