"""How many rounds gentle trees grow: as many as held-out rows gained by, in the first fit and in the last."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from relfm.experts import gentle
from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.episodes import Panelled
from relfm.experts.gentle import ROUNDS, gentle_trees_answer
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind

NUMBER, EARLY = 400, 280


def block(noise: float) -> Panelled:
    """Rows in time, each at a cutoff of its own, whose class two features tell but for ``noise``."""
    generator = np.random.default_rng(0)
    values, asked = (generator.normal(size=(n, 20)).astype(np.float32) for n in (NUMBER, 30))
    targets = (values[:, 2] + 0.5 * values[:, 5] + noise * generator.normal(size=NUMBER) > 0).astype(np.float64)
    outputs = Outputs.of(TargetKind.BINARY, targets)
    design = Design.fit(values, outputs.encode(targets), 16)
    sides = [Rows(v, design.transform(v)) for v in (values, asked)]
    return Panelled(outputs, design, *sides, targets)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[tuple, Any]]]:
    """What ``stopped`` and ``train`` were given and what they made, as they go on working."""
    seen: dict[str, list[tuple[tuple, Any]]] = {"stopped": [], "train": []}

    def spied(name: str, wrapped: Callable) -> Callable:
        def call(*given: Any) -> Any:
            made = wrapped(*given)
            seen[name].append((given, made))
            return made

        return call

    for name in seen:
        monkeypatch.setattr(gentle, name, spied(name, getattr(gentle, name)))
    return seen


@pytest.mark.parametrize("noise", [1.0, 2.0])
def test_all_rows_grow_as_many_trees_as_held_out_ones_gained_by(calls: dict[str, list], noise: float) -> None:
    asked, late = block(noise), np.arange(EARLY, NUMBER)
    ((_, known, told),) = gentle_trees_answer(late, asked, np.arange(EARLY), np.arange(NUMBER), seed=0)
    ((_, first),) = calls["stopped"]
    (((*_, rounds), last),) = calls["train"]
    assert 1 < first.rounds < ROUNDS
    assert rounds == first.rounds == last.current_iteration()
    columns = asked.design.columns
    held = first.model.predict(asked.context.values[late][:, columns], num_iteration=first.rounds)
    np.testing.assert_allclose(known[:, 0], held, atol=1e-5)
    np.testing.assert_allclose(told[:, 0], last.predict(asked.queries.values[:, columns]), atol=1e-5)
