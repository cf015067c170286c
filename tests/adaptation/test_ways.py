import pytest
import torch
from random_networks import networks

from relfm.adaptation.ways import WAYS, movable
from relfm.model import RelationalModel


def fresh() -> RelationalModel:
    held = networks().model
    model = RelationalModel(held.config)
    model.load_state_dict(held.state_dict())
    return model


def moved(how: str) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Weights before and after one step up every gradient that ``how`` lets through."""
    model = fresh()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with movable(model, how) as groups, torch.no_grad():
        for parameters, _ in groups:
            for parameter in parameters:
                parameter.add_(0.1)
    return before, model.state_dict()


@pytest.mark.parametrize("how", WAYS)
def test_afterwards_it_is_an_ordinary_network(how: str) -> None:
    before, after = moved(how)
    assert before.keys() == after.keys()
    assert all(before[name].shape == after[name].shape for name in before)


def test_a_probe_moves_the_readout_alone() -> None:
    before, after = moved("probe")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith("readout.") for name in changed)


def test_low_rank_moves_linear_maps_by_little_rank_and_nothing_else() -> None:
    before, after = moved("lowrank")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    linear = {f"{name}.weight" for name, m in fresh().named_modules() if isinstance(m, torch.nn.Linear)}
    assert changed == linear
    ranks = {int(torch.linalg.matrix_rank(after[name] - before[name], rtol=1e-4)) for name in changed}
    assert max(ranks) <= 4


def test_low_rank_begins_where_the_network_was() -> None:
    model = fresh()
    weight = model.relation.weight.clone()
    with movable(model, "lowrank"):
        assert torch.equal(model.relation.weight, weight)


def test_full_moves_everything() -> None:
    before, after = moved("full")
    parameters = {name for name, _ in fresh().named_parameters()}
    assert {name for name in before if not torch.equal(before[name], after[name])} == parameters


@pytest.mark.parametrize("how", WAYS)
def test_afterwards_nothing_moves(how: str) -> None:
    model = fresh()
    with movable(model, how):
        pass
    assert not any(parameter.requires_grad for parameter in model.parameters())
