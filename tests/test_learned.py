"""Pretrained networks by name: the shipped ones, parts of them, a folder of one's own."""

from pathlib import Path

import pytest
import torch
from random_networks import networks

from relfm import Predictor
from relfm.checkpoint import available, save_checkpoint
from relfm.errors import UsageError
from relfm.learned import DEFAULT_MODEL, EXPERTS, learned


def test_the_default_model_is_shipped_and_small() -> None:
    found = learned(DEFAULT_MODEL)
    assert "pfn-features" in found.experts
    cards = [card for card in available() if card.model == DEFAULT_MODEL]
    assert sum(card.bytes for card in cards) <= 25e6
    assert all(card.never_seen and "rel-f1" in card.never_seen for card in cards)


def test_none_is_no_network() -> None:
    assert learned(None) is None
    assert learned("none") is None


def test_parts_are_named_after_a_colon() -> None:
    assert learned(f"{DEFAULT_MODEL}:pfn-features").experts == ("pfn-features",)
    assert learned(f"{DEFAULT_MODEL}:pfn-features+alone").trust == 1.0


def test_random_weights_differ_by_seed_and_from_the_trained_ones() -> None:
    heads = [learned(f"{DEFAULT_MODEL}{part}").features_head for part in ("", ":random-1", ":random-2", ":random-1")]
    weights = [head.row_in.weight for head in heads]
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])
    assert torch.equal(weights[1], weights[3])


@pytest.mark.parametrize("name", ["relfm-smal", "relfm-small:pfn-feature", "no/such/folder"])
def test_an_unknown_model_or_expert_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        learned(name)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    held = networks()
    head, model = held.features_head, held.model
    save_checkpoint(
        tmp_path / "features-head.safetensors",
        head.state_dict(),
        {"kind": "features-head", "config": head.config.to_dict()},
    )
    save_checkpoint(
        tmp_path / "states.safetensors", model.state_dict(), {"kind": "states", "config": model.config.to_dict()}
    )
    found = learned(tmp_path)
    assert found.experts == ("pfn-features", "linear-states")
    assert torch.equal(found.model.relation.weight, model.relation.weight)
    assert found.only(["linear-states"]).features_head is None


def test_a_folder_without_networks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no checkpoint"):
        learned(tmp_path)


def test_a_checkpoint_of_another_kind_is_refused(tmp_path: Path) -> None:
    head = networks().features_head
    save_checkpoint(tmp_path / "features-head.safetensors", head.state_dict(), {"kind": "states", "config": {}})
    with pytest.raises(UsageError, match="'states'"):
        learned(tmp_path)


def test_every_expert_has_a_name() -> None:
    assert networks().experts == EXPERTS


def test_the_predictor_names_its_model() -> None:
    assert "model='random'" in repr(Predictor(model=networks()))
