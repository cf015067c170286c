"""What the panel of closed forms makes of a block: of its context's targets, and of the queries.

Numbers are read a second time in units of what is usual for each entity (see ``relfm.experts.numbers``).
"""

from dataclasses import dataclass, replace

import numpy as np

from relfm.context import is_far_ahead, known_at, recency_pools
from relfm.errors import Refused
from relfm.experts.closed import Rows
from relfm.experts.cycles import parts_apart, recurring, shifted
from relfm.experts.design import Design
from relfm.experts.episodes import Panelled
from relfm.experts.mixture import MIN_LATE, Mixed, mix, split_late
from relfm.experts.numbers import usual_level
from relfm.experts.outputs import Outputs
from relfm.experts.panel import BUDGETS, CLASSES, Effort, panel
from relfm.features import FeatureMatrix
from relfm.features.own import SEASON, YEAR
from relfm.task import Examples, TargetKind, Task
from relfm.times import DAY, format_time

HISTORY_FEATURES = (
    "mean of target over all its past targets",
    "share of target in all its past targets",
    "mean of target over the last 3 of its past targets",
    "share of target in the last 3 of its past targets",
    "last target of its past targets",
)

FEWEST_YEARS = 2
"""A context of fewer years has seen no season twice and would take its trend for one."""


@dataclass(frozen=True)
class Side:
    """Features of the context or of the queries, and their learned states if there are any (float32[N, D])."""

    features: FeatureMatrix
    states: np.ndarray | None = None

    def rows(self, design: Design) -> Rows:
        return Rows(self.features.values, design.transform(self.features.values), self.states)


def panel_answers(
    task: Task,
    outputs: Outputs,
    context: Examples,
    given: Side,
    asked: Side,
    effort: Effort,
    seed: int = 0,
    unseen_from: int | None = None,
) -> tuple[Mixed, Panelled]:
    """The experts in closed form, fitted on ``given`` and mixed, and what heads need to read their answers.
    ``unseen_from`` is that of ``held_out``."""
    design = design_of(task, outputs, context, given, effort)
    left, right = given.rows(design), asked.rows(design)
    names = given.features.names
    history = tuple(names.index(n) for n in HISTORY_FEATURES if n in names)
    experts = panel(effort, history, seed=seed, states=given.states is not None)
    split = held_out(task, context, unseen_from)
    is_old_news = is_far_ahead(task, context) and task.kind in CLASSES
    pools = recency_pools(context.cutoffs, BUDGETS[effort].recent if is_old_news else ())
    parts = parts_of_cycles(task, outputs, context)
    mixed = mix(experts, design, outputs, left, context.targets, right, split, pools, parts)
    return mixed, Panelled(outputs, design, left, right, context.targets)


def design_of(task: Task, outputs: Outputs, context: Examples, given: Side, effort: Effort) -> Design:
    """The most telling features of the context, as the closed forms read them."""
    kept = seasons(task, context, given.features)
    return Design.fit(given.features.values, outputs.encode(context.targets), BUDGETS[effort].width, kept)


def parts_of_cycles(task: Task, outputs: Outputs, context: Examples) -> list[np.ndarray]:
    """What ``mix`` divides the context of a forecast into, if levels come round in it. Data that are stale by a horizon
    do without: that costs several fits for each of their many blocks, and their errors are larger than any season."""
    if task.horizon is None or is_far_ahead(task, context):
        return []
    return parts_apart(context.cutoffs, outputs.encode(context.targets), task.horizon.approximate())


def in_step(task: Task, outputs: Outputs, context: Examples, mixed: Mixed, asked: np.ndarray) -> Mixed:
    """The mixture with the levels that come round, for held-out rows and for queries at cutoffs ``asked``."""
    if mixed.apart is None:
        return mixed
    wanted, shown = np.concatenate([context.cutoffs[mixed.late], asked]), outputs.encode(context.targets)
    by = recurring(mixed.apart, shown, context.cutoffs, wanted, task.horizon.approximate())
    late, told = np.split(by, [len(mixed.late)])
    return replace(
        mixed,
        probabilities=shifted(outputs, mixed.probabilities, told),
        late_probabilities=shifted(outputs, mixed.late_probabilities, late),
    )


def in_usual_units(
    task: Task, context: Examples, given: FeatureMatrix, asked: FeatureMatrix
) -> tuple[Examples, np.ndarray, np.ndarray] | None:
    """The context of a forecast of numbers with its targets as multiples of what is usual for their entity, and that
    level of its rows and of the queries; None where it is not known."""
    if task.kind is not TargetKind.REGRESSION or task.horizon is None:
        return None
    units, asked_units = (usual_level(features, context.targets) for features in (given, asked))
    if units is None or asked_units is None:
        return None
    return replace(context, targets=context.targets / units), units, asked_units


def seasons(task: Task, context: Examples, features: FeatureMatrix) -> tuple[int, ...]:
    """Where the features stand that say when in the year a cutoff lies: a number moves with the season as a whole,
    which tells rows of one moment apart from none, and so little alone that no screening would keep it."""
    years = np.ptp(context.cutoffs) / DAY / YEAR
    if task.kind is not TargetKind.REGRESSION or task.horizon is None or years < FEWEST_YEARS:
        return ()
    return tuple(i for i, name in enumerate(features.names) if name.startswith(SEASON))


def held_out(task: Task, context: Examples, unseen_from: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Positions (early, late) of the context: what experts are fitted on to be weighed, and on what. Where a network
    has learned the labels before ``unseen_from`` (microseconds), none of those is among the latter; Refused if too few
    are left."""
    early, late = split_late(context.cutoffs, known_at(task, context.cutoffs), context.seen, context.rows)
    if unseen_from is None:
        return early, late
    unseen = late[context.cutoffs[late] >= unseen_from]
    if len(unseen) < min(MIN_LATE, len(late)):
        raise Refused(
            f"the network was adapted to labels up to {format_time(unseen_from)}, and only {len(unseen)} of those that "
            "it would be weighed on are later",
            hint="adapt again with an earlier --at or more --folds, or predict with another --model",
        )
    return early, unseen
