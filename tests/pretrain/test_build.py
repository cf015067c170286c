from collections.abc import Callable

import pytest

from relfm.errors import UsageError
from relfm.objectives import SCHEMES
from relfm.pretrain import PretrainConfig
from relfm.pretrain.build import build_learner, objective_names
from relfm.pretrain.machine import Machine
from relfm.pretrain.memory import keep_freed_memory
from relfm.pretrain.ranks import Ranks
from relfm.pretrain.worlds import open_worlds

Config = Callable[..., PretrainConfig]


def test_a_scheme_stands_for_its_objectives(config: Config) -> None:
    assert objective_names(config(objectives=[], scheme="s1")) == SCHEMES["s1"]
    assert objective_names(config(objectives=["in_context"], scheme="s1")) == ("in_context",)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"objectives": [], "scheme": "relf"}, "unknown scheme 'relf'", "did you mean relfm?"),
        ({"objectives": ["in_contxt"]}, "unknown objective 'in_contxt'", "did you mean in_context?"),
        ({"machine": {"device": "cuda:7"}}, "device is 'cuda:7', but this machine has no GPU", "use --device cpu"),
    ],
)
def test_a_mistake_is_named(
    config: Config, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], message: str, hint: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    settings = config(**given)
    with pytest.raises(UsageError, match=message) as refused:
        build_learner(settings, open_worlds(settings.corpus), Machine.of(settings.machine, Ranks()), Ranks())
    assert hint in refused.value.hint


def test_a_gpu_that_is_not_there_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(UsageError, match="device is 'cuda:7', but this machine has no such GPU") as refused:
        Machine.of(config(machine={"device": "cuda:7"}).machine, Ranks())
    assert "it has 2" in refused.value.hint


def test_all_objectives_are_built_and_their_state_is_kept(config: Config) -> None:
    settings = config(objectives=[], scheme="all")
    machine = Machine.of(settings.machine, Ranks())
    learner = build_learner(settings, open_worlds(settings.corpus), machine, Ranks())
    assert set(learner.weights.objectives) == set(SCHEMES["all"])
    again = build_learner(config(objectives=[], scheme="all", seed=1), open_worlds(settings.corpus), machine, Ranks())
    again.restore(*learner.state())
    (first, _), (second, _) = learner.state(), again.state()
    assert all((first[name] == second[name]).all() for name in first)


def test_memory_is_kept_where_the_library_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert keep_freed_memory() is False
