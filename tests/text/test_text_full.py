"""The full encoder: a clear refusal without its extra, and, where that is installed, the published similarities."""

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from relfm.errors import Refused, UsageError
from relfm.text import FullEncoder, TextEncoder, full
from relfm.text.distil import distil
from relfm.text.vectors import load_vectors

needs_weights = pytest.mark.skipif(
    importlib.util.find_spec(full.PACKAGE) is None, reason="the extra relfm[text] is not installed"
)


@pytest.fixture(scope="module")
def encoder() -> FullEncoder:
    return FullEncoder()


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full, "PACKAGE", "no_package_of_this_name")
    with pytest.raises(UsageError, match="not installed") as caught:
        FullEncoder()
    assert "relfm[text]" in str(caught.value.hint)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"something else")
    spec = ModuleSpec(full.PACKAGE, None, is_package=True)
    spec.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(Refused, match="not that of all-MiniLM-L6-v2"):
        FullEncoder()


@needs_weights
def test_similarities_are_those_of_the_model_card(encoder: FullEncoder) -> None:
    asked = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    vectors = encoder.encode(asked).astype(np.float64)
    np.testing.assert_allclose(vectors[1:] @ vectors[0], [0.6946, 0.9429, 0.2569], atol=1e-3)


@needs_weights
def test_interface_is_that_of_the_static_encoder(encoder: FullEncoder) -> None:
    strings = ["unitPrice", None, "unit price", "", "😀", "long " * 1_000, "unitPrice"]
    vectors = encoder.encode(strings)
    assert vectors.shape == (7, encoder.dim) and vectors.dtype == np.float16
    assert not vectors[[1, 3]].any() and np.isfinite(vectors).all()
    np.testing.assert_array_equal(vectors[0], vectors[6])
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-3)


@needs_weights
def test_batches_and_bfloat16_hardly_move_a_vector(encoder: FullEncoder) -> None:
    strings = [f"order {i} " + "of a customer " * (i % 5) for i in range(40)]
    expected = encoder.encode(strings).astype(np.float32)
    np.testing.assert_allclose(FullEncoder(batch=3).encode(strings).astype(np.float32), expected, atol=1e-3)
    halved = FullEncoder(bfloat16=True).encode(strings).astype(np.float32)
    assert (halved * expected).sum(1).min() > 0.995


@needs_weights
def test_static_vectors_agree_in_what_is_near(encoder: FullEncoder) -> None:
    names = ["customer", "client", "invoice", "bill", "driver", "race", "hospital", "doctor", "price", "cost"]
    upper = np.triu_indices(len(names), 1)
    both = [e.encode(names).astype(np.float64) for e in (TextEncoder(), encoder)]
    static, whole = ((vectors @ vectors.T)[upper] for vectors in both)
    assert np.corrcoef(static, whole)[0, 1] > 0.6


@needs_weights
@pytest.mark.slow
def test_distilling_again_gives_the_shipped_vectors(encoder: FullEncoder) -> None:
    again, shipped = distil(encoder), load_vectors()
    assert again.vocabulary == shipped.vocabulary
    assert np.abs(again.codes.astype(int) - shipped.codes).max() <= 1
    np.testing.assert_allclose(again.scales, shipped.scales, rtol=1e-3)
