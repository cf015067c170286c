"""Episodes for the heads: questions with known answers, asked at moments of the past and answered by the closed forms.

What a head learns from is what it will meet: the same features, experts and split, on other databases.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from relfm import features
from relfm.context import as_stale_as, known_at, latest
from relfm.database import Database
from relfm.experts.outputs import Outputs
from relfm.experts.panel import Effort
from relfm.heads.episode import Episode
from relfm.panels import Side, panel_answers
from relfm.states import states_of
from relfm.task import Examples, TargetKind, Task
from relfm.threads import few_threads

if TYPE_CHECKING:
    from relfm.model import RelationalModel

MOMENTS = (0.35, 0.5, 0.65, 0.8, 0.93)
"""Shares of the known cutoffs that lie before the moments asked about."""

CONTEXT_ROWS = (1_500, 3_000, 6_000)
MOST_QUERIES = 1_200
FEW_QUERIES = 150
"""With fewer rows at one cutoff, the next cutoffs are asked about too."""

LATER_CUTOFFS = 4
STALE_SHARE = 0.3
"""Share of the moments at which the later cutoffs see nothing of what came after the first."""

MIN_LABELS, MIN_QUERIES = 100, 30


def episodes_of(
    database: Database,
    task: Task,
    examples: Examples,
    generator: np.random.Generator,
    *,
    name: str,
    moments: int,
    model: "RelationalModel | None" = None,
) -> Iterator[Episode]:
    """Up to ``moments`` episodes of one question; ``examples`` are its answers over the whole history, ``name`` the
    database's. Moments with too few labels before or rows after are passed over. With a ``model`` the rows' inputs are
    its learned states in place of features."""
    known = known_at(task, examples.cutoffs)
    cutoffs = np.unique(examples.cutoffs)
    places = np.unique((np.array(MOMENTS) * len(cutoffs)).astype(np.int64))
    for place in generator.permutation(places[places >= 2])[:moments]:
        at = cutoffs[place]
        later = LATER_CUTOFFS if (examples.cutoffs == at).sum() <= FEW_QUERIES else 0
        until = cutoffs[min(place + later, len(cutoffs) - 1)]
        asked = np.flatnonzero((examples.cutoffs >= at) & (examples.cutoffs <= until))
        usable = np.flatnonzero(known <= at)
        if len(asked) < MIN_QUERIES or len(usable) < MIN_LABELS:
            continue
        if len(asked) > MOST_QUERIES:
            asked = np.sort(generator.choice(asked, MOST_QUERIES, replace=False))
        rows = int(generator.choice(CONTEXT_ROWS))
        is_stale = task.horizon is not None and generator.random() < STALE_SHARE
        context = examples.take(latest(examples, usable, rows))
        queries = examples.take(asked)
        if is_stale:
            queries = Examples.of(queries.rows, queries.cutoffs, queries.targets, seen=np.full(len(queries), at))
        if task.kind is not TargetKind.REGRESSION and len(np.unique(context.targets)) < 2:
            continue
        made = _episode(database, task, examples.take(usable), context, queries, rows, model)
        yield replace(made, database=name, question=task.name)


def _episode(
    database: Database,
    task: Task,
    labelled: Examples,
    context: Examples,
    queries: Examples,
    rows: int,
    model: "RelationalModel | None",
) -> Episode:
    shown = as_stale_as(context, queries, rows)
    both = Examples.concatenate([shown.unlabelled(), queries.unlabelled()])
    until, places = int(queries.seen.min()), np.split(np.arange(len(both)), [len(shown)])
    states = None if model is None else states_of(model, database, task, both, labelled, until=until)
    with few_threads():
        matrix = features.compute(database, task, both, labelled, until=until)
        given, asked = (Side(matrix.take(p), None if states is None else states[p]) for p in places)
        outputs = Outputs.of(task.kind, shown.targets, len(task.classes))
        mixed, block = panel_answers(task, outputs, shown, given, asked, Effort.DEFAULT)
    block = block if model is None else block.over_states()
    return block.episode(mixed, queries.targets)
