"""Pretrained networks by name: the shipped ones, parts of them, a folder of one's own."""

from pathlib import Path

import pytest
import torch
from random_networks import networks

from relfm import Predictor
from relfm.checkpoint import available, save_checkpoint
from relfm.errors import UsageError
from relfm.heads.random import randomise
from relfm.learned import DEFAULT_MODEL, EXPERTS, learned
from relfm.model import RelationalModel


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


def save(path: Path, kind: str = "states", **header: object) -> None:
    """One of the random networks, under a header of its own."""
    one = networks().model if kind == "states" else networks().features_head
    save_checkpoint(path, one.state_dict(), {"kind": kind, "config": one.config.to_dict()} | header)


def test_a_network_under_a_name_of_its_own_is_found_by_its_kind(tmp_path: Path) -> None:
    save(tmp_path / "mynet.safetensors")
    (tmp_path / "other.safetensors").write_bytes(b"no checkpoint")
    assert learned(tmp_path).experts == ("linear-states",)
    save(tmp_path / "again.safetensors")
    with pytest.raises(UsageError, match="several networks of kind 'states': again.safetensors, mynet.safetensors"):
        learned(tmp_path)
    save(tmp_path / "states.safetensors")
    assert learned(tmp_path).experts == ("linear-states",)


def test_a_file_is_a_model(tmp_path: Path) -> None:
    save(tmp_path / "mynet.safetensors")
    found = learned(tmp_path / "mynet.safetensors")
    assert (found.name, found.experts) == ("mynet", ("linear-states",))
    save(tmp_path / "head.safetensors", "features-head")
    assert learned(f"{tmp_path / 'head.safetensors'}:pfn-features+alone").is_alone


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "00000003.safetensors", kind="training")
    with pytest.raises(UsageError, match="holds 'training', not a network") as refused:
        learned(tmp_path / "00000003.safetensors")
    assert "features-head, states, states-head" in refused.value.hint
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(UsageError, match="is no checkpoint"):
        learned(tmp_path / "torn.safetensors")


def test_a_folder_is_read_again_when_a_file_has_changed(tmp_path: Path) -> None:
    save(tmp_path / "states.safetensors")
    before = learned(tmp_path)
    assert learned(tmp_path) is before
    other = randomise(RelationalModel(networks().model.config), 5)
    save_checkpoint(
        tmp_path / "states.safetensors", other.state_dict(), {"kind": "states", "config": other.config.to_dict()}
    )
    assert torch.equal(learned(tmp_path).model.relation.weight, other.relation.weight)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"config": None}, "'states.safetensors' does not say its config: None"),
        ({"config": {"depth": "2"}}, "the model's depth is '2'"),
        ({"config": {"text_dim": 8}}, "'states.safetensors' reads text vectors of 8 numbers, this relfm's have 128"),
    ],
)
def test_a_header_that_will_not_do_is_named(tmp_path: Path, header: dict[str, object], message: str) -> None:
    save(tmp_path / "states.safetensors", **header)
    with pytest.raises(UsageError, match=message):
        learned(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    head = networks().features_head
    weights = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    weights["row_in.weight"][3, 1] = float("nan")
    save_checkpoint(
        tmp_path / "features-head.safetensors", weights, {"kind": "features-head", "config": head.config.to_dict()}
    )
    with pytest.raises(UsageError, match="'row_in.weight' holds numbers that are not finite"):
        learned(tmp_path)
