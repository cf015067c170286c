"""The static encoder: what a string's vector depends on, what it is for odd strings, and that meaning is in it."""

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relfm.text import TextEncoder, default_encoder, encoder

SYNONYMS = {
    "customer_id": "client identifier",
    "unit_price": "cost per item",
    "surname": "last name",
    "phone": "telephone number",
    "zip_code": "postal code",
    "country": "nation",
    "employee": "staff member",
    "salary": "wage",
    "supplier": "vendor",
    "currency": "money unit",
    "gender": "sex",
    "doctor": "physician",
    "medication": "drug",
    "driver": "pilot",
    "player": "athlete",
    "student": "pupil",
    "author": "writer",
    "artist": "musician",
    "vehicle": "car",
    "manufacturer": "maker",
}
MIXED = [
    "orders.total",
    "Übergröße",
    "東京",
    "😀 ok",
    "",
    "a\nb",
    "x" * 3_000,
    "lone \ud800",
    "nul\0byte",
    "12.5",
    "-",
    "\t",
]


def cosines(left: Sequence[str], right: Sequence[str]) -> np.ndarray:
    vectors = default_encoder().encode([*left, *right]).astype(np.float64)
    return vectors[: len(left)] @ vectors[len(left) :].T


def cosine(left: str, right: str) -> float:
    return float(cosines([left], [right])[0, 0])


def test_shape_type_and_unit_length() -> None:
    vectors = TextEncoder().encode(["orders.total", "a review of three words more"])
    assert vectors.shape == (2, TextEncoder.dim) and vectors.dtype == np.float16
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, atol=2e-3)


def test_no_strings() -> None:
    assert TextEncoder().encode([]).shape == (0, TextEncoder.dim)


@pytest.mark.parametrize("empty", [None, "", "   ", "\n\t", "\0", "__"])
def test_nothing_to_read_is_zero(empty: str | None) -> None:
    vectors = TextEncoder().encode(["customers", empty])
    assert not vectors[1].any() and vectors[0].any()


def test_a_vector_depends_on_the_string_alone() -> None:
    together = TextEncoder().encode(MIXED)
    np.testing.assert_array_equal(TextEncoder().encode(MIXED[::-1])[::-1], together)
    alone = np.concatenate([TextEncoder().encode([string]) for string in MIXED])
    np.testing.assert_array_equal(alone, together)


def test_more_strings_than_a_chunk() -> None:
    strings = [f"order {i} of customer {i % 7}" for i in range(encoder.CHUNK + 100)]
    together = TextEncoder().encode(strings)
    np.testing.assert_array_equal(TextEncoder().encode(strings[-3:]), together[-3:])
    assert len(np.unique(together, axis=0)) > 0.9 * len(strings)


def test_repeated_strings_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen = TextEncoder(), []
    means = made._means
    monkeypatch.setattr(made, "_means", lambda strings: seen.extend(strings) or means(strings))
    first = made.encode(["red", "green", "red", None, ""])
    again = made.encode(["green", "blue", "red"])
    assert seen == ["red", "green", "", "blue"]
    np.testing.assert_array_equal(again[[2, 0]], first[[0, 1]])


def test_memory_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    strings = [f"word{i} and {i}" for i in range(40)]
    expected = TextEncoder().encode(strings)
    monkeypatch.setattr(encoder, "WORDS", 5)
    small = TextEncoder(capacity=7)
    for start in range(0, 40, 5):
        np.testing.assert_array_equal(small.encode(strings[start : start + 5]), expected[start : start + 5])
        assert len(small._places) <= 7
        assert len(small._words) <= 5 + 3 * 5
    np.testing.assert_array_equal(small.encode(strings), expected)


def test_long_strings_are_not_remembered() -> None:
    made = TextEncoder()
    made.encode(["short", "long " * 100])
    assert list(made._places) == ["short"]


def test_what_stands_far_behind_is_not_read() -> None:
    start = "customer " * 200
    np.testing.assert_array_equal(*TextEncoder().encode([start + "invoice", start + "driver"]))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters()), max_size=5))
def test_any_text_has_a_finite_vector(strings: list[str]) -> None:
    vectors = default_encoder().encode(strings).astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    assert np.all((norms == 0) | (np.abs(norms - 1) < 5e-3))


@pytest.mark.parametrize("written", ["unitPrice", "UNIT_PRICE", "UnitPrice", "unit price", "Unit Price", "unit__price"])
def test_identifiers_are_split_into_words(written: str) -> None:
    assert cosine(written, "unit_price") == pytest.approx(1, abs=2e-3)


def test_a_column_is_near_its_words_and_its_table() -> None:
    assert cosine("orders.unitPrice", "unit_price") > 0.7
    assert cosine("orders.unitPrice", "orders") > cosine("orders.unitPrice", "patients")


def test_numbers_in_strings_differ() -> None:
    strings = [f"order {i}" for i in range(100)] + ["2021-03-04", "2021-03-05", "12.5", "12.6"]
    assert len(np.unique(TextEncoder().encode(strings), axis=0)) == len(strings)
    assert cosine("order 7", "order 8") < 0.99


def test_synonyms_are_nearer_than_other_names() -> None:
    among = cosines(list(SYNONYMS), list(SYNONYMS.values()))
    right = np.diag(among)
    wrong = among[~np.eye(len(among), dtype=bool)]
    assert np.mean(right > np.quantile(wrong, 0.95)) >= 0.9
    assert np.mean((among > right[:, None]).sum(1) < 3) >= 0.9
    assert np.mean((among > right).sum(0) < 3) >= 0.9


def test_one_encoder_a_process() -> None:
    assert default_encoder() is default_encoder()


def test_importing_and_encoding_needs_no_torch() -> None:
    check = (
        "import sys, relfm.text as t; t.default_encoder().encode(['a']); print({'torch', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
