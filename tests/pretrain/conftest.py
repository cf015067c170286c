"""A small corpus, and an objective that a few steps learn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sign_objective import Sign
from small_corpus import write_corpus

from relfm.objectives import OBJECTIVES
from relfm.pretrain import PretrainConfig, tree_of


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("shards"))


@pytest.fixture
def config(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PretrainConfig]:
    """A small network on that corpus; arguments are tables of settings that override these."""
    monkeypatch.setitem(OBJECTIVES, Sign.name, Sign)

    def made(**given: Any) -> PretrainConfig:
        values: dict[str, Any] = {
            "objectives": [Sign.name],
            "model": {"depth": 1, "width": 16, "heads": 2},
            "corpus": {"folder": str(corpus), "held_out": ["stadium"]},
            "loop": {"steps": 12, "databases": 2, "evaluate": 6, "save": 3, "draws": 2},
            "machine": {"device": "cpu", "threads": 1, "tensorboard": False},
        }
        for name, value in given.items():
            values[name] = values.get(name, {}) | value if isinstance(value, dict) else value
        return tree_of(PretrainConfig, values)

    return made
