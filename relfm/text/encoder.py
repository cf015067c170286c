"""The default text encoder: weighted means of static token vectors (Arora et al. 2017), on a CPU, without torch."""

from functools import lru_cache

import numpy as np

from relfm.text.cached import CAPACITY, CachedEncoder
from relfm.text.tokens import piece_ids, summed, tokenizer
from relfm.text.vectors import DIM, VECTORS_SHA256, load_vectors
from relfm.text.words import END, words

WORDS = 50_000
"""Words whose vectors are remembered; when there are more, all are forgotten."""

CHUNK = 256
"""Strings that are encoded at once: their words' vectors fit into a processor's cache."""


class TextEncoder(CachedEncoder):
    """Vectors of D = 128 dimensions, distilled from all-MiniLM-L6-v2; see ``VECTORS.md`` beside the file they are in.

    What the words of a string mean counts, their order does not; identifiers (order_id, unitPrice, table.column) are
    split into words, case and accents are ignored. Of a string, the first 1,000 characters are read. A string's
    vector depends on nothing but the string. Threads may share an encoder: they take turns.
    """

    dim = DIM
    fingerprint = VECTORS_SHA256

    def __init__(self, capacity: int = CAPACITY) -> None:
        super().__init__(capacity)
        held = load_vectors()
        self._tokens = held.dense()
        self._tokenizer = tokenizer(held.vocabulary, max_tokens=100)
        self._forget()

    def sums(self, strings: list[str]) -> np.ndarray:
        """float32[n, D]: the weighted sum of each string's word vectors, which ``encode`` scales to one length."""
        with self._turn:
            return self._means(strings)

    def _forget(self) -> None:
        self._words = {END: 0}
        self._vectors = np.zeros((1, self.dim), np.float32)

    def _means(self, strings: list[str]) -> np.ndarray:
        return np.concatenate([self._sums(strings[i : i + CHUNK]) for i in range(0, len(strings), CHUNK)])

    def _sums(self, strings: list[str]) -> np.ndarray:
        """float32[n, D]: sums of the words' vectors, which point where their means do."""
        found = words(strings, self._tokenizer.normalizer)
        self._learn(found)
        places = np.fromiter(map(self._words.__getitem__, found), np.int64, len(found))
        ends = np.flatnonzero(places == 0)
        return summed(self._vectors, places[places > 0], np.diff(ends, prepend=-1) - 1)

    def _learn(self, found: list[str]) -> None:
        """Makes the vectors of words that were not met before: sums over their pieces."""
        if len(self._words) > WORDS:
            self._forget()
        new = sorted(set(found).difference(self._words))
        if new:
            start, end = len(self._words), len(self._words) + len(new)
            self._words |= dict(zip(new, range(start, end), strict=True))
            if end > len(self._vectors):
                grown = np.zeros((2 * end, self.dim), np.float32)
                grown[:start] = self._vectors[:start]
                self._vectors = grown
            self._vectors[start:end] = summed(self._tokens, *piece_ids(self._tokenizer, new))


@lru_cache(maxsize=1)
def default_encoder() -> TextEncoder:
    """The one encoder of this process, so that its memory is shared."""
    return TextEncoder()
