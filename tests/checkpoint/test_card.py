import hashlib
from pathlib import Path

import pytest
import torch

from relfm.checkpoint import Card, available, card, cards_of, save_checkpoint, shipped_folder
from relfm.errors import UsageError

SAID = {"steps": 7, "data": "two databases", "seed": 3, "never_seen": "shop", "licence": "Apache-2.0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models of one network each, one of which says nothing about itself; a state of a run; a file in words."""
    tensors = {"weight": torch.ones(4, 3), "bias": torch.ones(3), "count": torch.tensor(1)}
    save_checkpoint(tmp_path / "small" / "states.safetensors", tensors, {"kind": "states", "card": SAID})
    save_checkpoint(tmp_path / "large" / "gate.safetensors", {"a": torch.ones(2)}, {"kind": "gate"})
    save_checkpoint(tmp_path / "large" / "00000001.safetensors", {"a": torch.ones(2)}, {"kind": "training"})
    (tmp_path / "small" / "card.md").write_text("In words.")
    return tmp_path


def test_a_card_says_what_the_file_is(folder: Path) -> None:
    path = folder / "small" / "states.safetensors"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert Card.of(path) == Card("small", "states", "states", 16, path.stat().st_size, sha256=digest, **SAID)


def test_what_is_not_said_is_none(folder: Path) -> None:
    (found,) = cards_of(folder / "large" / "gate.safetensors")
    assert (found.kind, found.parameters, found.steps, found.data, found.licence) == ("gate", 2, None, None, None)


def test_a_folder_has_the_networks_of_its_folders(folder: Path) -> None:
    assert [(c.model, c.name) for c in cards_of(folder)] == [("large", "gate"), ("small", "states")]
    with pytest.raises(UsageError, match="no checkpoint in"):
        cards_of(folder / "nowhere")


def test_shipped_models_come_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "SHIPPED", folder)
    assert [c.model for c in available([folder / "small"])] == ["large", "small", "small"]
    assert shipped_folder("small") == folder / "small"
    with pytest.raises(UsageError, match="no model 'smal'") as refused:
        shipped_folder("smal")
    assert refused.value.hint == "there are: small"


def test_nothing_shipped_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "SHIPPED", tmp_path)
    assert available() == []
    with pytest.raises(UsageError, match="no model 'small'"):
        shipped_folder("small")
