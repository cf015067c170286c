"""What a network is adapted to: one question's labels, those to learn from before those to stop by."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from relfm.context import known_at, taught_by
from relfm.database import Database
from relfm.errors import DataCannotAnswer
from relfm.objectives import World
from relfm.objectives.asked import asked
from relfm.objectives.in_context import QuestionDraw, targets
from relfm.panels import held_out
from relfm.sampler import Sampler
from relfm.states import encode_database, encode_task
from relfm.task import Examples, Task
from relfm.text import default_encoder

MOST_FITTED = 50_000
"""Labels that are learned from at most, the latest ones."""

DRAWS, SHOWN, SCORED = 3, 600, 600
"""How many draws of the held-out labels are scored, and the labels that each shows and asks about at most."""


@dataclass(frozen=True)
class Lessons:
    """One question of one database, as training reads it.

    world     whose only task has the labels that were known by ``until``, and after them the held-out ones; training
              draws from the former alone
    until     microseconds: no label that was known later is learned from, and nothing held out was asked earlier
    held_out  draws whose context is of the former and whose queries are of the latter
    learned, stopped  how many labels are learned from, and how many tell when to stop
    """

    world: World
    until: int
    held_out: tuple[QuestionDraw, ...]
    learned: int
    stopped: int


def lessons_of(
    database: Database, task: Task, labelled: Examples, usable: np.ndarray, most_rows: int, fanout: tuple[int, ...]
) -> Lessons:
    """Of the labels at the positions ``usable`` (int64[n]). Held out are those by which a prediction that learns from
    ``most_rows`` of them weighs its experts: so it weighs the network on labels that the network has never seen.

    DataCannotAnswer if the history is too short to hold any out in time, or has too few labels.
    """
    context = labelled.take(taught_by(task, labelled, usable, most_rows)[0])
    early, late = held_out(task, context)
    until = int(context.cutoffs[late].min()) if len(late) else 0
    known = known_at(task, labelled.cutoffs[usable])
    if len(early) == 0 or int(known_at(task, context.cutoffs[early]).max()) > until:
        raise DataCannotAnswer(
            "the history is too short to adapt to: the latest labels, which tell when to stop, overlap the ones before",
            hint="ask for a shorter horizon, or predict zero-shot",
        )
    chosen, _ = taught_by(task, labelled, usable[known <= until], MOST_FITTED)
    fitted, stopping = labelled.take(chosen), context.take(late)
    encoded = encode_database(database.hide(task.hidden), default_encoder(), until=until).fill_all()
    encoded, question = encode_task(encoded, task, Examples.concatenate([fitted, stopping]))
    tensors = replace(encoded.tensors, tasks=(question,))
    world = World(tensors, Sampler(tensors), until)
    draws = tuple(_held_out(world, len(fitted), fanout))
    if not draws:
        raise DataCannotAnswer(
            f"the {len(fitted):,} labels to learn from and the {len(stopping):,} later ones are too few, or of one "
            "class, to adapt to",
            hint="predict zero-shot",
        )
    return Lessons(world, until, draws, len(fitted), len(stopping))


def _held_out(world: World, num_fitted: int, fanout: tuple[int, ...]) -> Iterator[QuestionDraw]:
    task = world.database.tasks[0]
    database, sampler = asked(world, 0)
    latest = np.argsort(task.cutoffs[:num_fitted], kind="stable")[-DRAWS * SHOWN :]
    later = np.arange(num_fitted, len(task))
    for number in range(DRAWS):
        generator = np.random.default_rng(number)
        context, queries = (
            np.sort(generator.choice(rows, min(most, len(rows)), replace=False))
            for rows, most in ((latest, SHOWN), (later, SCORED))
        )
        made = targets(task, context, queries)
        if made is None:
            continue
        shown, wanted, answered = made
        rows = np.concatenate([context, queries[answered]])
        hood = sampler.sample(task.entity, task.rows[rows], task.cutoffs[rows], fanout)
        yield QuestionDraw(database, world.until, task.name, task.kind, hood, shown, wanted)
