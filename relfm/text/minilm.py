"""The encoder all-MiniLM-L6-v2 in bare torch: BERT (Devlin et al. 2019) as distilled by Wang et al. 2020, mean pooled.

Reimers and Gurevych 2019 for the pooling. Weights are read from safetensors and never trained here.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, linear, scaled_dot_product_attention

DIM, LAYERS, HEADS, MAX_TOKENS, EPSILON = 384, 6, 12, 256, 1e-12
CLS, SEP = 101, 102


class MiniLM:
    """The network as a function of token ids; ``dtype`` float32 or bfloat16."""

    def __init__(self, path: Path, device: torch.device, dtype: torch.dtype) -> None:
        stored = load_file(path)
        self.weights = {n: w.to(device, dtype) for n, w in stored.items() if w.is_floating_point()}
        self.device = device

    def encode(self, tokens: Sequence[np.ndarray]) -> np.ndarray:
        """float32[n, 384] of n strings, given as their token ids without CLS and SEP."""
        longest = max(map(len, tokens)) + 2
        ids = torch.zeros(len(tokens), longest, dtype=torch.int64)
        mask = torch.zeros(len(tokens), longest, dtype=torch.bool)
        for row, found in enumerate(tokens):
            ids[row, : len(found) + 2] = torch.tensor([CLS, *found, SEP])
            mask[row, : len(found) + 2] = True
        return self(ids.to(self.device), mask.to(self.device)).cpu().numpy()

    @torch.inference_mode()
    def __call__(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids int64[n, T] that start with CLS and end with SEP, mask bool[n, T] -> float32[n, 384]."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        words, places, kinds = (
            self.weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        hidden = self._norm(embedding(ids, words) + places[positions] + kinds[0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            hidden = self._layer(hidden, mask, f"encoder.layer.{layer}")
        kept = mask[..., None].float()
        return (hidden.float() * kept).sum(1) / kept.sum(1)

    def _layer(self, hidden: Tensor, mask: Tensor, name: str) -> Tensor:
        attended = self._attention(hidden, mask, f"{name}.attention.self")
        hidden = self._norm(
            hidden + self._linear(attended, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm"
        )
        inner = gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._norm(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, hidden: Tensor, mask: Tensor, name: str) -> Tensor:
        parts = (self._linear(hidden, f"{name}.{part}") for part in ("query", "key", "value"))
        query, key, value = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in parts)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        return mixed.transpose(1, 2).flatten(-2)

    def _linear(self, values: Tensor, name: str) -> Tensor:
        return linear(values, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, values: Tensor, name: str) -> Tensor:
        return layer_norm(values, (DIM,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], EPSILON)
