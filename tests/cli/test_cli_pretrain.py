import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_corpus import write_corpus

Relfm = Callable[..., Any]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of a few steps on a small corpus, both in ``tmp_path``."""
    from sign_objective import Sign

    from relfm.objectives import OBJECTIVES

    monkeypatch.setitem(OBJECTIVES, Sign.name, Sign)
    write_corpus(tmp_path / "shards")
    values = {
        "objectives": [Sign.name],
        "model": {"depth": 1, "width": 16, "heads": 2},
        "loop": {"steps": 2, "save": 1},
        "machine": {"device": "cpu", "threads": 1, "tensorboard": False},
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    return path


def test_a_network_is_pretrained_and_gone_on_with(relfm: Relfm, settings: Path, tmp_path: Path) -> None:
    outcome = relfm("pretrain", "--config", settings, "-o", tmp_path / "run")
    assert (outcome.code, outcome.out) == (0, "")
    assert "2 steps:" in outcome.err
    again = relfm("pretrain", "--config", settings, "-o", tmp_path / "run")
    assert (again.code, again.out) == (2, "")
    assert "--resume" in again.err
    resumed = relfm("pretrain", "--config", settings, "-o", tmp_path / "run", "--resume", "--steps", 3, "-q")
    assert (resumed.code, resumed.err) == (0, "")
    assert json.loads(relfm("models", "--json", "--path", tmp_path / "run").out)[-1]["steps"] == 3


def test_a_corpus_with_a_benchmark_is_refused(relfm: Relfm, settings: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "shards", source="relbench/rel-f1")
    outcome = relfm("pretrain", "--config", settings)
    assert outcome.code == 6
    assert outcome.err.startswith("error: 'bakery' is the benchmark database rel-f1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: missing option '--config'"),
        (["--config", "nowhere.toml"], "error: cannot read 'nowhere.toml'"),
        (["--config", "config.json", "--device", "tpu"], "error: machine.device is 'tpu'"),
        (["--config", "config.json", "--steps", "0"], "error: invalid value for '--steps'"),
    ],
)
def test_a_mistake_is_named(relfm: Relfm, settings: Path, arguments: list[str], message: str) -> None:
    outcome = relfm("pretrain", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.lower().startswith(message)
