import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from relfm.checkpoint import fill, load_checkpoint, read_header, save_checkpoint
from relfm.checkpoint.nested import flatten, nest
from relfm.errors import ResourceExceeded, UsageError

HEADER = {"kind": "states", "config": {"depth": 2}, "card": {"steps": 7}}


def a_layer() -> torch.nn.Linear:
    return torch.nn.Linear(3, 2)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(2, 3).T, "b": torch.arange(4), "c": torch.randn(2).bfloat16()}
    save_checkpoint(tmp_path / "deep" / "one.safetensors", tensors, HEADER)
    loaded, header = load_checkpoint(tmp_path / "deep" / "one.safetensors", kind="states")
    assert {name: t.dtype for name, t in loaded.items()} == {name: t.dtype for name, t in tensors.items()}
    assert all(torch.equal(loaded[name], tensors[name]) for name in tensors)
    assert header == HEADER | {"format": 1}


def test_tensors_that_share_memory_are_saved_each(tmp_path: Path) -> None:
    shared = torch.randn(4)
    save_checkpoint(tmp_path / "one.safetensors", {"a": shared, "b": shared[:2]}, HEADER)
    assert torch.equal(load_checkpoint(tmp_path / "one.safetensors")[0]["b"], shared[:2])


def test_a_header_without_a_kind_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names its kind"):
        save_checkpoint(tmp_path / "one.safetensors", {}, {"config": {}})


def test_the_header_is_read_without_torch(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "one.safetensors", a_layer().state_dict(), HEADER)
    script = (
        "import sys, json\nfrom pathlib import Path\nfrom relfm.checkpoint import Card, read_header\n"
        "print(json.dumps([read_header(Path(sys.argv[1]))['card'], Card.of(Path(sys.argv[1])).parameters]))\n"
        "assert 'torch' not in sys.modules"
    )
    path = str(tmp_path / "one.safetensors")
    ran = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [{"steps": 7}, 8]


@pytest.mark.parametrize("left", [0, 4, 200, -1])
def test_a_torn_file_is_refused(tmp_path: Path, left: int) -> None:
    path = tmp_path / "one.safetensors"
    save_checkpoint(path, a_layer().state_dict(), HEADER)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(UsageError, match="'one.safetensors' is no checkpoint"):
        load_checkpoint(path)


def test_other_formats_and_kinds_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "one.safetensors"
    save_file({"a": torch.ones(1)}, path, metadata={"relfm": json.dumps({"format": 99, "kind": "states"})})
    with pytest.raises(UsageError, match="has checkpoint format 99, this relfm reads 1"):
        read_header(path)
    save_checkpoint(path, {"a": torch.ones(1)}, HEADER)
    with pytest.raises(UsageError, match="holds 'states', not 'gate'"):
        load_checkpoint(path, kind="gate")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.safetensors"
    save_checkpoint(path, {"a": torch.ones(1)}, HEADER)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ResourceExceeded, match="No space left on device"):
        save_checkpoint(path, {"a": torch.zeros(1)}, HEADER)
    assert load_checkpoint(path)[0]["a"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["one.safetensors"]


def test_a_module_takes_what_fits() -> None:
    layer, other = a_layer(), a_layer()
    fill(layer, other.state_dict())
    assert torch.equal(layer.weight, other.weight)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"weight": torch.ones(2, 3)}, "missing 'bias'"),
        ({"weight": torch.ones(2, 3), "bias": torch.ones(2), "more": torch.ones(1)}, "unknown 'more'"),
        ({"weight": torch.ones(3, 2), "bias": torch.ones(2)}, r"weight has shape \[3, 2\], not \[2, 3\]"),
    ],
)
def test_a_module_refuses_what_does_not_fit(tensors: dict[str, torch.Tensor], message: str) -> None:
    layer = a_layer()
    before = layer.weight.clone()
    with pytest.raises(UsageError, match=message):
        fill(layer, tensors, "it")
    assert torch.equal(layer.weight, before)


def test_the_state_of_an_optimizer_survives() -> None:
    layer = a_layer()
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-2)
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    tensors, rest = flatten(optimizer.state_dict(), "adamw")
    again = nest(tensors, json.loads(json.dumps(rest)))
    assert again["param_groups"] == optimizer.state_dict()["param_groups"]
    for index, held in optimizer.state_dict()["state"].items():
        assert all(torch.equal(again["state"][index][name], value) for name, value in held.items())


def test_a_state_of_other_things_is_refused() -> None:
    with pytest.raises(TypeError, match=r"state\.a is a set"):
        flatten({"a": {1}}, "state")
