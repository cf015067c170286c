"""Which experts in closed form sit on the panel, by effort: over features, and over learned states if any.

Boosted trees (``relfm.experts.trees``, ``relfm.experts.gentle``) and heads that read these experts' answers
(``relfm.experts.pretrained``) join afterwards."""

from dataclasses import dataclass, replace
from enum import StrEnum

from relfm.experts.closed import ClosedForm, Conjunctions, Lines, StateLines, Steps, Waves
from relfm.experts.mixture import Expert
from relfm.experts.neighbours import Neighbours
from relfm.experts.plain import History, Prior
from relfm.task import TargetKind


class Effort(StrEnum):
    """How much work a prediction is worth."""

    FAST = "fast"
    DEFAULT = "default"
    BEST = "best"


@dataclass(frozen=True)
class Budget:
    """context rows at most; blocks of queries that get a context of their own, and of stale queries by their delay;
    features that a line may use; latest shares of the context that are fitted beside the whole where queries are
    stale."""

    rows: int
    blocks: int
    stale_blocks: int
    width: int
    recent: tuple[float, ...] = (0.5, 0.25)


BUDGETS = {
    Effort.FAST: Budget(rows=4_000, blocks=1, stale_blocks=1, width=128, recent=()),
    Effort.DEFAULT: Budget(rows=16_000, blocks=1, stale_blocks=6, width=256),
    Effort.BEST: Budget(rows=40_000, blocks=4, stale_blocks=6, width=256),
}

NUM_RANDOM = 800
"""Random columns of an expert that works on such."""

CLASSES = (TargetKind.BINARY, TargetKind.MULTICLASS)


def budget_of(effort: Effort, kind: TargetKind) -> Budget:
    """What an effort allows a question of that kind. Classes never get more than the default's context: they lose by
    older rows, and by blocks whose answers are not on one scale, where numbers and rankings gain (docs/log.md)."""
    budget, usual = BUDGETS[effort], BUDGETS[Effort.DEFAULT]
    return replace(budget, rows=min(budget.rows, usual.rows), blocks=usual.blocks) if kind in CLASSES else budget


def panel(effort: Effort, history_columns: tuple[int, ...], *, seed: int = 0, states: bool = False) -> list[Expert]:
    """The experts; ``history_columns`` are the features that sum up an entity's own past targets; ``states``: the rows
    have learned states."""
    experts: list[Expert] = [Prior()]
    if history_columns:
        experts.append(History(history_columns))
    experts.append(ClosedForm("linear", Lines(BUDGETS[effort].width), (0.001, 0.01, 0.1, 1.0)))
    experts.append(ClosedForm("steps", Steps(64 if effort != Effort.FAST else 32)))
    if effort != Effort.FAST:
        experts.append(ClosedForm("conjunctions", Conjunctions(64, NUM_RANDOM, seed)))
        experts.append(ClosedForm("waves", Waves(64, NUM_RANDOM, seed=seed), (0.003, 0.01, 0.03, 0.1)))
        experts.append(Neighbours())
    if states:
        experts.append(ClosedForm("linear-states", StateLines(), (0.003, 0.03, 0.3, 3.0)))
    return experts
