"""The shipped vectors are the known ones, small enough to ship, and refused when they are not."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from relfm.errors import Refused
from relfm.text import TextEncoder, vectors
from relfm.text.tokens import UNKNOWN
from relfm.text.vectors import TokenVectors, load_vectors


def test_the_shipped_file_is_the_known_one() -> None:
    content = vectors.VECTORS.read_bytes()
    assert hashlib.sha256(content).hexdigest() == vectors.VECTORS_SHA256 == TextEncoder.fingerprint
    assert len(content) <= 8_000_000


def test_vocabulary_and_vectors_fit() -> None:
    held = load_vectors()
    assert len(set(held.vocabulary)) == len(held.vocabulary) == len(held.codes) == len(held.scales)
    assert held.codes.dtype == np.int8 and held.dense().shape == (len(held.vocabulary), vectors.DIM)
    assert {UNKNOWN, "the", "##s", "customer"} <= set(held.vocabulary)
    assert not {"[PAD]", "[CLS]", "[unused7]"} & set(held.vocabulary)


def test_frequent_words_weigh_little() -> None:
    held = load_vectors()
    weights = dict(zip(held.vocabulary, np.linalg.norm(held.dense(), axis=1), strict=True))
    assert 20 * max(weights["the"], weights["."], weights["of"]) < min(weights["customer"], weights["physician"])
    assert weights["7"] > 20 * weights["."]


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(vectors.VECTORS.read_bytes())
    content[-1] ^= 1
    changed = tmp_path / "vectors.safetensors"
    changed.write_bytes(content)
    with pytest.raises(Refused, match="does not hold the token vectors"):
        load_vectors(changed)


def test_eight_bits_keep_the_vectors(tmp_path: Path) -> None:
    dense = np.random.default_rng(0).normal(size=(3, 16)) * [[1], [1e-3], [0]]
    made = TokenVectors.of(["a", "é", "##b"], dense)
    path = tmp_path / "made.safetensors"
    path.write_bytes(made.to_bytes())
    back = load_vectors(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert back.vocabulary == ("a", "é", "##b")
    assert np.all(np.abs(back.dense() - dense) <= 0.51 * np.abs(dense).max(1, keepdims=True) / 127)
