"""Head inputs of several episodes side by side, padded."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from relfm.heads.inputs import HeadInputs


@dataclass(frozen=True)
class HeadBatch:
    """As HeadInputs, with a leading axis of B episodes; mask bool[B, C] and asked bool[B, Q] tell rows from padding."""

    odds: Tensor
    inputs: Tensor
    relevance: Tensor
    present: Tensor
    shown: Tensor
    base: Tensor
    descriptors: Tensor
    wanted: Tensor
    mask: Tensor
    asked: Tensor

    def to(self, device: torch.device | str) -> "HeadBatch":
        return HeadBatch(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def collate(parts: Sequence[HeadInputs]) -> HeadBatch:
    """Context rows padded to the longest context, queries to the most queries."""
    context = max(len(p.shown) for p in parts)
    queries = max(len(p.odds) - len(p.shown) for p in parts)
    total, size = context + queries, len(parts)
    odds = np.zeros((size, total, parts[0].odds.shape[1]), np.float32)
    inputs = np.zeros((size, total, parts[0].inputs.shape[1]), np.float32)
    shown, mask = np.zeros((size, context), np.float32), np.zeros((size, context), bool)
    wanted, asked = np.zeros((size, queries), np.float32), np.zeros((size, queries), bool)
    for i, part in enumerate(parts):
        known, more = len(part.shown), len(part.odds) - len(part.shown)
        for out, values in ((odds, part.odds), (inputs, part.inputs)):
            out[i, :known], out[i, context : context + more] = values[:known], values[known:]
        shown[i, :known], mask[i, :known], asked[i, :more] = part.shown, True, True
        if part.wanted is not None:
            wanted[i, :more] = part.wanted
    return HeadBatch(
        odds=torch.from_numpy(odds),
        inputs=torch.from_numpy(inputs),
        relevance=torch.from_numpy(np.stack([p.relevance for p in parts])),
        present=torch.from_numpy(np.stack([p.present for p in parts])),
        shown=torch.from_numpy(shown),
        base=torch.tensor([p.base for p in parts], dtype=torch.float32),
        descriptors=torch.from_numpy(np.stack([p.descriptors for p in parts])),
        wanted=torch.from_numpy(wanted),
        mask=torch.from_numpy(mask),
        asked=torch.from_numpy(asked),
    )
