from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from relfm.errors import UsageError
from relfm.pretrain.state import checkpoints, load_state, save_state

FACTS = {"ranks": 1, "settings": {"seed": 0, "loop": {"databases": 2}}, "corpus": {"shop": "abc"}}


class Counter:
    """A learner that counts."""

    def __init__(self, count: int = 0) -> None:
        self.count = count

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return {"count": torch.tensor(self.count)}, {"half": self.count / 2}

    def restore(self, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
        self.count = int(tensors["count"])
        assert rest == {"half": self.count / 2}


def test_the_last_state_is_taken_up(tmp_path: Path) -> None:
    for step in (3, 6, 9):
        save_state(tmp_path, step, FACTS, Counter(step), keep=2)
    learner = Counter()
    assert load_state(tmp_path, FACTS, learner) == (9, [])
    assert learner.count == 9
    assert len(checkpoints(tmp_path)) == 2


def test_torn_states_are_passed_over(tmp_path: Path) -> None:
    for step in (3, 6, 9):
        save_state(tmp_path, step, FACTS, Counter(step), keep=3)
    for path in checkpoints(tmp_path)[1:]:
        path.write_bytes(path.read_bytes()[:-1])
    learner = Counter()
    assert load_state(tmp_path, FACTS, learner) == (3, ["00000009.safetensors", "00000006.safetensors"])
    assert learner.count == 3


def test_without_a_state_there_are_no_steps(tmp_path: Path) -> None:
    assert load_state(tmp_path, FACTS, Counter()) == (0, [])


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (FACTS | {"ranks": 2}, "ranks was 1, now it is 2"),
        (FACTS | {"settings": {"seed": 0, "loop": {"databases": 3}}}, "settings.loop.databases was 2, now it is 3"),
        (FACTS | {"corpus": {"shop": "def"}}, "corpus.shop was 'abc', now it is 'def'"),
        (FACTS | {"corpus": {"shop": "abc", "mart": "def"}}, "corpus.mart was None, now it is 'def'"),
    ],
)
def test_another_run_is_refused(tmp_path: Path, facts: dict[str, Any], message: str) -> None:
    save_state(tmp_path, 3, FACTS, Counter(3), keep=1)
    with pytest.raises(UsageError, match=message):
        load_state(tmp_path, facts, Counter())


def test_a_setting_newer_than_the_run_had_its_default(tmp_path: Path) -> None:
    def completed(facts: Mapping[str, Any]) -> dict[str, Any]:
        return {**facts, "settings": {"new": 1, **facts["settings"]}}

    save_state(tmp_path, 3, FACTS, Counter(3), keep=1)
    now = [FACTS | {"settings": FACTS["settings"] | {"new": value}} for value in (1, 2)]
    assert load_state(tmp_path, now[0], Counter(), completed)[0] == 3
    with pytest.raises(UsageError, match="settings.new was 1, now it is 2"):
        load_state(tmp_path, now[1], Counter(), completed)
    with pytest.raises(UsageError, match="settings.new was None, now it is 1"):
        load_state(tmp_path, now[0], Counter())
