import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from journals import losses
from sign_objective import Sign

from relfm.checkpoint import Card, load_checkpoint, save_checkpoint
from relfm.errors import ResourceExceeded, UsageError
from relfm.model import ModelConfig, RelationalModel
from relfm.objectives import OBJECTIVES
from relfm.pretrain import PretrainConfig, pretrain
from relfm.pretrain.journal import read_journal
from relfm.pretrain.learner import Learner
from relfm.pretrain.state import checkpoints
from relfm.threads import num_cores

Config = Callable[..., PretrainConfig]


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int, deed: Callable[[], None]) -> None:
    """Does ``deed`` when that step begins."""
    before = Learner.step

    def interrupted(self: Learner, parts: Any, at: int, steps: int) -> dict[str, float]:
        if at == step:
            deed()
        return before(self, parts, at, steps)

    monkeypatch.setattr(Learner, "step", interrupted)


def fail() -> None:
    raise RuntimeError("killed")


def test_a_resumed_run_has_the_losses_of_an_unbroken_one(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pretrain(config(), tmp_path / "whole", quiet=True)
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="killed"):
        interrupt_at(patched, 7, fail)
        pretrain(config(), tmp_path / "broken", quiet=True)
    assert losses(tmp_path / "broken")[-1]["step"] == 7
    broken = pretrain(config(), tmp_path / "broken", resume=True, quiet=True)
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    assert broken.read_bytes() == whole.read_bytes()


def test_a_run_killed_before_its_network_was_written_writes_it(config: Config, tmp_path: Path) -> None:
    before = pretrain(config(loop={"steps": 3}), tmp_path, quiet=True).read_bytes()
    (tmp_path / "states.safetensors").unlink()
    assert pretrain(config(loop={"steps": 3}), tmp_path, resume=True, quiet=True).read_bytes() == before


def test_a_run_is_not_shortened(config: Config, tmp_path: Path) -> None:
    pretrain(config(loop={"steps": 3}), tmp_path, quiet=True)
    with pytest.raises(UsageError, match="the run has already done 3 steps, loop.steps is 2") as refused:
        pretrain(config(loop={"steps": 2}), tmp_path, resume=True, quiet=True)
    assert "3 or more" in refused.value.hint


def test_two_runs_in_one_folder_are_kept_apart(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fcntl")
    refused: list[str] = []

    def again() -> None:
        for resume in (True, False):
            with pytest.raises(UsageError) as error:
                pretrain(config(), tmp_path, resume=resume, quiet=True)
            refused.append(error.value.message)

    with monkeypatch.context() as patched:
        interrupt_at(patched, 0, again)
        pretrain(config(loop={"steps": 1}), tmp_path, quiet=True)
    assert refused == [f"another run is at work in '{tmp_path}'", f"'{tmp_path}' holds a run"]
    pretrain(config(loop={"steps": 2}), tmp_path, resume=True, quiet=True)


def test_without_locks_a_run_is_not_hindered(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relfm.pretrain.lock.fcntl", None)
    assert pretrain(config(loop={"steps": 1}), tmp_path, quiet=True).is_file()


def test_a_folder_that_cannot_be_written_in_is_named(config: Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceExceeded, match="cannot write in") as refused:
        pretrain(config(), tmp_path / "file", quiet=True)
    assert "--out" in refused.value.hint


def test_a_torn_checkpoint_is_passed_over(config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrain(config(), tmp_path / "whole", quiet=True)
    pretrain(config(), tmp_path / "torn", quiet=True)
    for path in checkpoints(tmp_path / "torn")[1:]:
        path.write_bytes(path.read_bytes()[:1000])
    pretrain(config(), tmp_path / "torn", resume=True)
    assert "passed over 00000012.safetensors, which is torn" in capsys.readouterr().err
    assert losses(tmp_path / "torn") == losses(tmp_path / "whole")


def test_a_signal_saves_and_stops(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretrain(config(), tmp_path / "whole", quiet=True)
    with monkeypatch.context() as patched:
        interrupt_at(patched, 4, lambda: signal.raise_signal(signal.SIGTERM))
        pretrain(config(), tmp_path / "stopped", quiet=True)
    assert checkpoints(tmp_path / "stopped")[-1].stem == "00000005"
    pretrain(config(), tmp_path / "stopped", resume=True, quiet=True)
    assert losses(tmp_path / "stopped") == losses(tmp_path / "whole")


def test_the_end_of_its_minutes_saves_and_stops(config: Config, tmp_path: Path) -> None:
    pretrain(config(machine={"minutes": 1e-9}), tmp_path, quiet=True)
    assert checkpoints(tmp_path) == []
    pretrain(config(), tmp_path, resume=True, quiet=True)
    assert len(checkpoints(tmp_path)) == 3


def test_the_last_checkpoints_stay(config: Config, tmp_path: Path) -> None:
    pretrain(config(loop={"keep": 2}), tmp_path, quiet=True)
    assert [path.stem for path in checkpoints(tmp_path)] == ["00000009", "00000012"]


def test_the_network_is_written_with_its_card(config: Config, tmp_path: Path) -> None:
    path = pretrain(config(name="mine", seed=4), tmp_path, quiet=True)
    tensors, header = load_checkpoint(path, kind="states")
    RelationalModel(ModelConfig.from_dict(header["config"])).load_state_dict(tensors)
    assert set(header["corpus"]) == {"bakery", "library"}
    assert header["pretraining"]["seed"] == 4
    card = Card.of(path)
    assert (card.name, card.steps, card.seed) == ("mine", 12, 4)
    assert card.data == "2 real and 0 synthetic databases, 680 rows"
    assert card.never_seen == "stadium, every RelBench benchmark database"


def test_the_average_is_not_the_last_weights(config: Config, tmp_path: Path) -> None:
    averaged = load_checkpoint(pretrain(config(), tmp_path / "averaged", quiet=True))[0]
    last = load_checkpoint(pretrain(config(loop={"average": 0.0}), tmp_path / "last", quiet=True))[0]
    state, _ = load_checkpoint(checkpoints(tmp_path / "averaged")[-1])
    for name, tensor in averaged.items():
        assert torch.equal(tensor, state[f"average.model.{name}"])
        assert torch.equal(last[name], state[f"weights.model.{name}"])
    assert any(not torch.equal(averaged[name], last[name]) for name in last)


def test_a_folder_that_holds_a_run_is_refused(config: Config, tmp_path: Path) -> None:
    pretrain(config(loop={"steps": 1}), tmp_path, quiet=True)
    with pytest.raises(UsageError, match="holds a run") as refused:
        pretrain(config(), tmp_path, quiet=True)
    assert "--resume" in refused.value.hint


def test_another_run_is_not_gone_on_with(config: Config, tmp_path: Path) -> None:
    pretrain(config(loop={"steps": 3}), tmp_path, quiet=True)
    with pytest.raises(UsageError, match="is another one: settings.seed was 0, now it is 1"):
        pretrain(config(seed=1), tmp_path, resume=True, quiet=True)
    pretrain(config(loop={"steps": 4, "save": 1}), tmp_path, resume=True, quiet=True)
    assert checkpoints(tmp_path)[-1].stem == "00000004"


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ({"optimisation": {"rate": 0.1}}, "settings.optimisation.rate was 0.002, now it is 0.1"),
        ({"model": {"dropout": 0.3}}, "settings.model.dropout was 0.0, now it is 0.3"),
    ],
)
def test_settings_are_not_added_to_a_run(config: Config, tmp_path: Path, added: dict[str, Any], said: str) -> None:
    pretrain(config(loop={"steps": 1}), tmp_path, quiet=True)
    with pytest.raises(UsageError, match=said):
        pretrain(config(**added), tmp_path, resume=True, quiet=True)
    defaults = {"optimisation": {"rate": 2e-3}, "model": {"dropout": 0, "fanout": [16]}}
    pretrain(config(loop={"steps": 2}, **defaults), tmp_path, resume=True, quiet=True)


def test_a_run_whose_state_names_only_what_was_given_goes_on(config: Config, tmp_path: Path) -> None:
    """As states did that an older relfm wrote."""
    pretrain(config(loop={"steps": 1}), tmp_path, quiet=True)
    (path,) = checkpoints(tmp_path)
    tensors, header = load_checkpoint(path)
    header["facts"]["settings"] |= {"optimisation": {}, "model": {"depth": 1, "width": 16, "heads": 2}}
    save_checkpoint(path, tensors, header)
    with pytest.raises(UsageError, match="settings.optimisation.clip was 0.5, now it is 0.1"):
        pretrain(config(optimisation={"clip": 0.1}), tmp_path, resume=True, quiet=True)
    pretrain(config(loop={"steps": 2}), tmp_path, resume=True, quiet=True)


def test_the_journal_says_what_was_measured(config: Config, tmp_path: Path) -> None:
    pretrain(config(), tmp_path, quiet=True)
    begun, *rest = read_journal(tmp_path)
    assert begun["pretraining"]["loop"]["steps"] == 12
    steps = [line for line in rest if "train/loss/total" in line]
    assert [line["step"] for line in steps] == [*range(1, 13)]
    assert all(0 <= line["train/system/waiting"] <= 1 for line in steps)
    evaluated = [line for line in rest if "val/loss/total" in line]
    assert [line["step"] for line in evaluated] == [0, 6, 12]
    last = evaluated[-1]
    assert last["val/ratio/stadium/sign"] == pytest.approx(last["val/loss/stadium/sign"] / last["val/constant/sign"])
    assert {"val/loss/sign", "val/loss/stadium", "val/ratio/total", "val/sign/accuracy"} <= set(last)
    assert "val/system/seconds" in last
    trained = [name.split("/") for name in steps[-1] if name.startswith("train/loss/") and name.count("/") == 3]
    assert trained
    assert {f"train/loss/{database}" for _, _, database, _ in trained} <= set(steps[-1])
    assert [line["train/progress/epoch"] for line in steps] == pytest.approx([k / 6 for k in range(1, 13)])


def test_what_is_left_out_for_its_size_is_journalled_and_said_once(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from relfm.pretrain import feed

    monkeypatch.setattr(feed, "num_nodes", lambda drawn: 7 if isinstance(drawn, tuple) else 0)
    monkeypatch.setitem(OBJECTIVES, "large", type("Large", (Sign,), {"draw": lambda *_: (1,)}))
    pretrain(config(objectives=["sign", "large"], loop={"nodes": 6}), tmp_path)
    lines = read_journal(tmp_path)
    told = {name: value for line in lines for name, value in line.items() if "/over_limit/" in name}
    assert {name.removesuffix("/large") for name in told} == {
        "train/over_limit/bakery",
        "train/over_limit/library",
        "val/over_limit/stadium",
    }
    assert set(told.values()) == {7}
    said = capsys.readouterr().err
    assert all(said.count(f"a draw of large in {name} is left out") == 1 for name in ("bakery", "library", "stadium"))


def test_the_held_out_loss_falls_below_a_constants(config: Config, tmp_path: Path) -> None:
    path = pretrain(config(loop={"steps": 60, "evaluate": 60, "average": 0.9}), tmp_path, quiet=True)
    assert path.is_file()
    first, last = (line for line in losses(tmp_path) if "val/ratio/sign" in line)
    assert last["val/ratio/sign"] < min(0.8, first["val/ratio/sign"])


def test_tensorboard_gets_the_journal(config: Config, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    pretrain(config(loop={"steps": 2}, machine={"tensorboard": True}), tmp_path, quiet=True)
    (events,) = (tmp_path / "tensorboard").iterdir()
    assert b"train/loss/total" in events.read_bytes()


def test_lines_are_said_where_there_is_no_terminal(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretrain(config(loop={"steps": 2}), tmp_path)
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 databases, 1 held out; cpu" in said.err
    assert "step 2: held-out loss against a constant's: sign" in said.err
    assert json.loads((tmp_path / "journal.jsonl").read_text().splitlines()[0])["parameters"] > 0


def test_no_more_threads_are_asked_for_than_there_are_cores(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand of them end the process."""
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    pretrain(config(loop={"steps": 1}, machine={"threads": 100_000}), tmp_path, quiet=True)
    assert max(asked[0], 1) <= num_cores()
