import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Relfm = Callable[..., Any]


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A folder with one network in it."""
    import torch

    from relfm.checkpoint import save_checkpoint

    card = {"steps": 12_345, "data": "two databases", "seed": 3, "never_seen": "the shop", "licence": "Apache-2.0"}
    folder = tmp_path / "mine"
    header = {"kind": "states", "card": card}
    save_checkpoint(folder / "states.safetensors", {"weight": torch.ones(50, 40)}, header)
    return folder


def test_networks_are_shown_as_a_table(relfm: Relfm, network: Path) -> None:
    outcome = relfm("models", "--path", network)
    assert (outcome.code, outcome.err) == (0, "")
    (line,) = (line for line in outcome.out.splitlines() if line.startswith("mine "))
    assert line.split()[:7] == ["mine", "states", "states", "2,000", "0.0", "12,345", "3"]
    assert "mine/states: trained on two databases; has never seen the shop" in outcome.out


def test_networks_are_shown_as_json(relfm: Relfm, network: Path) -> None:
    outcome = relfm("models", "--json", "--path", network / "states.safetensors")
    card = json.loads(outcome.out)[-1]
    assert (card["model"], card["kind"], card["parameters"], card["steps"]) == ("mine", "states", 2000, 12_345)
    assert (card["never_seen"], card["licence"], len(card["sha256"])) == ("the shop", "Apache-2.0", 64)
    assert card["bytes"] == (network / "states.safetensors").stat().st_size


def test_a_folder_without_networks_is_a_mistake(relfm: Relfm, tmp_path: Path) -> None:
    outcome = relfm("models", "--path", tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: no checkpoint in")


def test_nothing_shipped_is_a_note(relfm: Relfm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relfm.checkpoint.card.SHIPPED", tmp_path)
    outcome = relfm("models")
    assert (outcome.code, outcome.out) == (0, "")
    assert "no network is shipped" in outcome.err
    assert relfm("models", "--json").out == "[]\n"
