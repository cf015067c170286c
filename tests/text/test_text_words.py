"""The fast way to words finds what BERT's own normaliser and splitter find."""

import numpy as np
import pytest

from relfm.text import TextEncoder
from relfm.text.tokens import piece_ids, summed, token_ids, tokenizer
from relfm.text.vectors import load_vectors
from relfm.text.words import END, MAX_CHARACTERS, normaliser, words

STRINGS = [
    "customerId orders.unitPrice HTTPServer_v2",
    "What's new? 50% off -- (today only), e.g. at https://example.com/a?b=c&d#e",
    "tabs\tand\r\nlines",
    "Crème brûlée à la carte",
    "東京は日本",
    "Привет, мир!",
    "x" * 150 + " y",
]


@pytest.mark.parametrize("string", STRINGS)
def test_pieces_are_those_of_the_tokeniser(string: str) -> None:
    made = tokenizer(load_vectors().vocabulary, max_tokens=500)
    ids, lengths = piece_ids(made, words([string], made.normalizer)[:-1])
    expected, _ = token_ids(made, [string])
    assert ids.tolist() == expected.tolist() and lengths.sum() == len(ids) > 0


def test_words_of_each_string_stand_before_its_end() -> None:
    found = words(["orderId", "", "a\0b", "x.y"], normaliser())
    assert found == ["order", "id", END, END, "ab", END, "x", ".", "y", END]
    assert words(["a " * MAX_CHARACTERS], normaliser()) == ["a"] * (MAX_CHARACTERS // 2) + [END]


def test_a_vector_is_the_normalised_sum_of_its_pieces() -> None:
    held = load_vectors()
    ids, lengths = token_ids(tokenizer(held.vocabulary, max_tokens=500), STRINGS)
    expected = summed(held.dense(), ids, lengths)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(TextEncoder().encode(STRINGS), expected, atol=1e-3)


def test_sums_of_runs_with_empty_ones_among_them() -> None:
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    sums = summed(vectors, np.array([1, 3, 0]), np.array([0, 2, 0, 1, 0]))
    np.testing.assert_array_equal(sums, [[0, 0], [8, 10], [0, 0], [0, 1], [0, 0]])
    assert not summed(vectors, np.array([], np.int64), np.array([0])).any()
