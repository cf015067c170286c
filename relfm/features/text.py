"""Text cells as numbers: what their words mean, and which words they are.

Two views of each text: the mean vector of its words, from the text encoder that comes with relfm, along the directions
in which the column varies most; and the words themselves, by how rare they are, along the directions that tell the
column's texts apart (latent semantic analysis, Deerwester et al. 1990). What a word means is known from elsewhere; what
a code of one's own stands for is learned here.

What is fitted is fitted on a sample of the distinct texts visible at ``until``, in the order of the texts themselves,
and every sum follows a text's own words: neither later rows nor the order of rows move a value by a bit.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from relfm.text import default_encoder

MOST_TEXTS = 500_000
"""Distinct texts of a column that are read, the latest ones."""

LETTERS, LONGEST, SHORTEST = 8_000_000, 1_000, 40
"""About how many letters of a column are read: each text's first so many, no more than LONGEST and no less than
SHORTEST."""

SAMPLE = 8_000
"""Distinct texts that weights and directions are fitted on."""

VOCABULARY = 8_000
"""Words that are told apart by themselves: those in most texts of the sample."""

ROUNDS, SPARE = 5, 8
"""Of subspace iteration, and directions carried along that are not asked for (Halko et al. 2011)."""

AT_ONCE = 50_000
"""Texts whose vectors are held in double precision at a time."""

DIGITS = 6
"""Coordinates are rounded to so many: the last bits of a product of matrices depend on how many rows it has."""

NOT_WORDS = r"[^\p{L}\p{N}]+"


def coordinates(texts: pa.Array, known: np.ndarray, most: int) -> list[tuple[str, np.ndarray]]:
    """Named coordinates, float64[n] each, of n distinct ``texts``, the widest first: up to ``most`` of what they mean
    and as many of which words they have. Fitted on those at ``known`` (int64[m])."""
    order = known[pc.array_sort_indices(texts.take(pa.array(known))).to_numpy(zero_copy_only=False)]
    sample = order[np.unique(np.linspace(0, len(order) - 1, min(SAMPLE, len(order))).astype(np.int64))]
    read = _Texts.of(texts)
    views = {"meaning": read.meanings(sample, most), "words": read.wordings(sample, most)}
    return [(f"{name} {i + 1}", view[:, i]) for name, view in views.items() for i in range(view.shape[1])]


@dataclass(frozen=True)
class _Texts:
    """n texts as runs of words: runs csr float32[n, W] of ones, in the order of each text, words[W]."""

    runs: csr_matrix
    words: pa.Array

    @classmethod
    def of(cls, texts: pa.Array) -> "_Texts":
        shown = int(np.clip(LETTERS // max(len(texts), 1), SHORTEST, LONGEST))
        split = pc.split_pattern_regex(pc.utf8_lower(pc.utf8_slice_codeunits(texts, 0, shown)), NOT_WORDS)
        found = split.flatten().dictionary_encode()
        start = np.concatenate([[0], np.cumsum(pc.list_value_length(split).to_numpy(zero_copy_only=False))])
        ids = found.indices.to_numpy(zero_copy_only=False)
        runs = csr_matrix((np.ones(len(ids), np.float32), ids, start), shape=(len(texts), len(found.dictionary)))
        return cls(runs, found.dictionary)

    def meanings(self, sample: np.ndarray, most: int) -> np.ndarray:
        """float64[n, <= most]"""
        vectors = self.runs @ default_encoder().sums(self.words.to_pylist())
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        some = vectors[sample].astype(np.float64)
        centre = some.mean(axis=0)
        axes = _widest((some - centre).T @ (some - centre), most)
        parts = np.array_split(vectors, len(vectors) // AT_ONCE + 1)
        return np.round(np.concatenate([(part - centre) @ axes for part in parts]), DIGITS)

    def wordings(self, sample: np.ndarray, most: int) -> np.ndarray:
        """float64[n, <= most]"""
        weighted = self._weighted(sample)
        some, num_words = weighted[sample], weighted.shape[1]
        if num_words < 2:
            return np.zeros((weighted.shape[0], 0))
        turned, width = some.T.tocsr(), min(most + SPARE, num_words, len(sample))
        basis = np.linalg.qr(np.random.default_rng(0).normal(size=(num_words, width)))[0]
        for _ in range(ROUNDS):
            basis = np.linalg.qr(turned @ (some @ basis))[0]
        told = some @ basis
        return np.round(weighted @ (basis @ _widest(told.T @ told, most)), DIGITS)

    def _weighted(self, sample: np.ndarray) -> csr_matrix:
        """csr float64[n, V] of unit rows: the words that several texts of the sample have, by how few have them."""
        some = self.runs[sample]
        some.sum_duplicates()
        spread = np.bincount(some.indices, minlength=len(self.words))
        shared = np.flatnonzero(spread > 1)
        shared = shared[pc.array_sort_indices(self.words.take(pa.array(shared))).to_numpy(zero_copy_only=False)]
        shared = shared[np.argsort(-spread[shared], kind="stable")[:VOCABULARY]]
        place = np.full(len(self.words), -1)
        place[shared] = np.arange(len(shared))
        at = place[self.runs.indices]
        owner = np.repeat(np.arange(self.runs.shape[0]), np.diff(self.runs.indptr))[at >= 0]
        weights = np.log(len(sample) / spread[shared])
        out = csr_matrix((weights[at[at >= 0]], (owner, at[at >= 0])), shape=(self.runs.shape[0], len(shared)))
        out.sum_duplicates()
        lengths = np.sqrt(np.asarray(out.multiply(out).sum(axis=1)).ravel())
        out.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(out.indptr))
        return out


def _widest(gram: np.ndarray, most: int) -> np.ndarray:
    """float64[d, <= most]: unit directions of the largest eigenvalues, the largest first, the greatest entry of each
    positive."""
    spread, axes = np.linalg.eigh(gram)
    axes = axes[:, spread > 1e-6 * max(spread[-1], 1e-12)][:, ::-1][:, :most]
    return axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
