"""Text cells as numbers: what their words mean, and which words they are.

Two views of each text: the mean vector of its words, from the text encoder that comes with relfm, along the directions
in which the column varies most; and the words themselves, by how rare they are, along the directions that tell the
column's texts apart (latent semantic analysis, Deerwester et al. 1990). What a word means is known from elsewhere; what
a code of one's own stands for is learned here.

What is fitted is fitted on a sample of the distinct texts visible at ``until``, in the order of the texts themselves,
and every sum follows a text's own words: neither later rows nor the order of rows move a value by a bit.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import csr_matrix

from relfm.text import default_encoder

MOST_TEXTS = 500_000
"""Distinct texts of a column that are read, the latest ones."""

LETTERS, LONGEST, SHORTEST = 8_000_000, 1_000, 40
"""About how many letters of a column's visible texts are read: of each the first so many, no more than LONGEST and no
less than SHORTEST. Texts that come later must not shorten what is read of those that are there."""

SAMPLE = 8_000
"""Distinct texts that weights and directions are fitted on."""

VOCABULARY = 8_000
"""Words that are told apart by themselves: those in most texts of the sample."""

ROUNDS, SPARE = 5, 8
"""Of subspace iteration, and directions carried along that are not asked for (Halko et al. 2011)."""

AT_ONCE = 50_000
"""Texts whose words are held at a time."""

DIGITS = 6
"""Coordinates are rounded to so many: the last bits of a product of matrices depend on how many rows it has."""

NOT_WORDS = r"[^\p{L}\p{N}]+"


def coordinates(texts: pa.Array, known: np.ndarray, most: int) -> list[tuple[str, np.ndarray]]:
    """Named coordinates, float64[n] each, of n distinct ``texts``, the widest first: up to ``most`` of what they mean
    and as many of which words they have. Fitted on those at ``known`` (int64[m])."""
    letters = int(np.clip(LETTERS // max(len(known), 1), SHORTEST, LONGEST))
    order = known[pc.array_sort_indices(texts.take(pa.array(known))).to_numpy(zero_copy_only=False)]
    sample = order[np.unique(np.linspace(0, len(order) - 1, min(SAMPLE, len(order))).astype(np.int64))]
    read = _Texts.of(texts.take(pa.array(sample)), letters)
    views = {"meaning": _Meaning.fit(read, most), "words": _Wording.fit(read, most)}
    found: dict[str, list[np.ndarray]] = {name: [] for name in views}
    for start in range(0, len(texts), AT_ONCE):
        part = _Texts.of(texts.slice(start, AT_ONCE), letters)
        for name, view in views.items():
            found[name].append(np.round(view.of(part), DIGITS))
    placed = {name: np.concatenate(parts) for name, parts in found.items()}
    return [(f"{name} {i + 1}", values[:, i]) for name, values in placed.items() for i in range(values.shape[1])]


@dataclass(frozen=True)
class _Texts:
    """n texts as runs of words: runs csr float32[n, W] of ones, in the order of each text, words[W]."""

    runs: csr_matrix
    words: pa.Array

    @classmethod
    def of(cls, texts: pa.Array, letters: int) -> "_Texts":
        """The first ``letters`` of each of ``texts``, in words."""
        split = pc.split_pattern_regex(pc.utf8_lower(pc.utf8_slice_codeunits(texts, 0, letters)), NOT_WORDS)
        found = split.flatten().dictionary_encode()
        start = np.concatenate([[0], np.cumsum(pc.list_value_length(split).to_numpy(zero_copy_only=False))])
        ids = found.indices.to_numpy(zero_copy_only=False)
        runs = csr_matrix((np.ones(len(ids), np.float32), ids, start), shape=(len(texts), len(found.dictionary)))
        return cls(runs, found.dictionary)


@dataclass(frozen=True)
class _Meaning:
    """Along which directions (float64[D, k]) the texts' mean vectors lie farthest from their centre (float64[D])."""

    centre: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, sample: _Texts, most: int) -> "_Meaning":
        vectors = _vectors(sample)
        centre = vectors.mean(axis=0)
        return cls(centre, _widest((vectors - centre).T @ (vectors - centre), most))

    def of(self, texts: _Texts) -> np.ndarray:
        """float64[n, k]"""
        return (_vectors(texts) - self.centre) @ self.axes


def _vectors(texts: _Texts) -> np.ndarray:
    """float64[n, D], of one length."""
    vectors = texts.runs @ default_encoder().sums(texts.words.to_pylist())
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).astype(np.float64)


@dataclass(frozen=True)
class _Wording:
    """The V words that several texts of the sample have, in their order; what each weighs (float64[V]), by how few have
    it; the directions (float64[V, k]) that tell the texts apart."""

    words: pa.Array
    weights: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, sample: _Texts, most: int) -> "_Wording":
        some = sample.runs.copy()
        some.sum_duplicates()
        spread = np.bincount(some.indices, minlength=len(sample.words))
        shared = np.flatnonzero(spread > 1)
        shared = shared[pc.array_sort_indices(sample.words.take(pa.array(shared))).to_numpy(zero_copy_only=False)]
        shared = shared[np.argsort(-spread[shared], kind="stable")[:VOCABULARY]]
        num = some.shape[0]
        known = cls(sample.words.take(pa.array(shared)), np.log(num / spread[shared]), np.zeros((len(shared), 0)))
        if len(shared) < 2:
            return known
        told = known.weighted(sample)
        turned, width = told.T.tocsr(), min(most + SPARE, len(shared), num)
        basis = np.linalg.qr(np.random.default_rng(0).normal(size=(len(shared), width)))[0]
        for _ in range(ROUNDS):
            basis = np.linalg.qr(turned @ (told @ basis))[0]
        lies = told @ basis
        return replace(known, axes=basis @ _widest(lies.T @ lies, most))

    def weighted(self, texts: _Texts) -> csr_matrix:
        """csr float64[n, V] of unit rows."""
        found = pc.fill_null(pc.index_in(texts.words, value_set=self.words), -1).to_numpy(zero_copy_only=False)
        at, num = found[texts.runs.indices], texts.runs.shape[0]
        owner = np.repeat(np.arange(num), np.diff(texts.runs.indptr))[at >= 0]
        out = csr_matrix((self.weights[at[at >= 0]], (owner, at[at >= 0])), shape=(num, len(self.words)))
        out.sum_duplicates()
        lengths = np.sqrt(np.asarray(out.multiply(out).sum(axis=1)).ravel())
        out.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(out.indptr))
        return out

    def of(self, texts: _Texts) -> np.ndarray:
        """float64[n, k]"""
        return self.weighted(texts) @ self.axes


def _widest(gram: np.ndarray, most: int) -> np.ndarray:
    """float64[d, <= most]: unit directions of the largest eigenvalues, the largest first, the greatest entry of each
    positive."""
    spread, axes = np.linalg.eigh(gram)
    axes = axes[:, spread > 1e-6 * max(spread[-1], 1e-12)][:, ::-1][:, :most]
    return axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
