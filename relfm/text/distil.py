"""How the token vectors that come with the package were made: ``python -m relfm.text.distil`` makes them again.

Every wordpiece goes through the full encoder alone (as in Model2Vec, van Dulken and Tulkens 2024); the 384 dimensions
are reduced to D by principal components, scaled by the inverse root of their spread, so that the first few do not
drown the others; each vector is weighted by smooth inverse frequency (Arora et al. 2017), with Zipf's law over the
vocabulary's order for frequency. Needs the extra relfm[text]; half a minute to two on a CPU.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from relfm.text.full import FullEncoder, vocabulary
from relfm.text.tokens import UNKNOWN
from relfm.text.vectors import DIM, VECTORS, TokenVectors

SMOOTHING = 1e-4
FIRST_WORD = "the"
"""Whole words and pieces follow in the order of their frequency; before it stand special tokens and characters."""

CHARACTER_RANK, FOREIGN_RANK = 500, 10_000
BATCH = 256


def kept_tokens(tokens: list[str]) -> np.ndarray:
    """int64: ids of the wordpieces that text can contain, and of the unknown one; no [PAD], [CLS], [unused7]."""
    special = [len(t) > 1 and t.startswith("[") and t.endswith("]") and t != UNKNOWN for t in tokens]
    return np.flatnonzero(~np.array(special))


def frequency_ranks(tokens: list[str]) -> np.ndarray:
    """float64[V]: 1 for "the"; characters, which the vocabulary does not order, by their kind."""
    first = tokens.index(FIRST_WORD)
    ranks = np.arange(len(tokens), dtype=np.float64) - first + 1
    for i, token in enumerate(tokens[:first]):
        if token == UNKNOWN or not token.removeprefix("##").isalnum():
            ranks[i] = 1
        else:
            ranks[i] = CHARACTER_RANK if token.isascii() else FOREIGN_RANK
    return ranks


def weights(ranks: np.ndarray) -> np.ndarray:
    """float64[V]: smooth inverse frequencies, below 1."""
    frequencies = 1 / (ranks + 1)
    return SMOOTHING / (SMOOTHING + frequencies / frequencies.sum())


def reduced(vectors: np.ndarray, dim: int) -> np.ndarray:
    """[V, dim]: principal components over the inverse root of their standard deviation; signs fixed."""
    centred = vectors - vectors.mean(0)
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    axes = axes[:, ::-1][:, :dim]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(dim)])
    return centred @ axes / spread[::-1][:dim] ** 0.25


def distil(encoder: FullEncoder, dim: int = DIM) -> TokenVectors:
    tokens = vocabulary()
    ids = kept_tokens(tokens)
    parts = (encoder.network.encode(ids[i : i + BATCH, None]) for i in range(0, len(ids), BATCH))
    alone = np.concatenate(list(parts)).astype(np.float64)
    kept = [tokens[i] for i in ids]
    return TokenVectors.of(kept, reduced(alone, dim) * weights(frequency_ranks(kept))[:, None])


def main() -> None:
    parser = argparse.ArgumentParser(description="distil the token vectors again")
    parser.add_argument("-o", "--output", type=Path, default=VECTORS)
    parser.add_argument("--dim", type=int, default=DIM)
    options = parser.parse_args()
    content = distil(FullEncoder(), options.dim).to_bytes()
    options.output.write_bytes(content)
    print(f"{options.output}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
