"""Strings to WordPiece ids (Devlin et al. 2019), through the ``tokenizers`` library, with the caller's vocabulary."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer

from relfm.text.words import normaliser, readable

UNKNOWN = "[UNK]"


def tokenizer(vocabulary: Sequence[str], max_tokens: int) -> Tokenizer:
    """A tokeniser that adds no special tokens and keeps the first ``max_tokens`` of a string."""
    ids = {token: i for i, token in enumerate(vocabulary)}
    made = Tokenizer(WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
    made.normalizer = normaliser()
    made.pre_tokenizer = BertPreTokenizer()
    made.enable_truncation(max_tokens)
    return made


def token_ids(tokenizer: Tokenizer, strings: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(ids int64[T] of all strings one after the other, lengths int64[n])."""
    encoded = tokenizer.encode_batch_fast([readable(s) for s in strings], add_special_tokens=False)
    return _joined([e.ids for e in encoded])


def piece_ids(tokenizer: Tokenizer, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The same of single words that are normalised already, in a seventh of the time."""
    model = tokenizer.model
    return _joined([[piece.id for piece in model.tokenize(word)] for word in words])


def _joined(ids: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    return np.fromiter(chain.from_iterable(ids), np.int64, int(lengths.sum())), lengths


def summed(vectors: np.ndarray, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """float32[n, D]: for each of n runs of ``ids`` (one after the other) the sum of its rows of ``vectors``."""
    sums = np.zeros((len(lengths), vectors.shape[1]), np.float32)
    some = lengths > 0
    if some.any():
        starts = (np.cumsum(lengths) - lengths)[some]
        sums[some] = np.add.reduceat(vectors.take(ids, axis=0), starts, axis=0)
    return sums
