"""Databases as a question sees them, with samplers of their own; the latest ones are kept."""

import weakref
from collections import OrderedDict

from relfm.objectives.objective import World
from relfm.sampler import Sampler
from relfm.tensors import DatabaseTensors

MOST_ROWS = 20_000_000
"""Rows of all that is kept; a row costs some 40 bytes, because links are copied."""


class Asked:
    """``asked(world, task)``: the database with that question's past answers as one more table, and its sampler."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self.most_rows = most_rows
        self._held: OrderedDict[tuple[int, int], tuple[weakref.ref[DatabaseTensors], DatabaseTensors, Sampler]]
        self._held = OrderedDict()

    def __call__(self, world: World, task: int) -> tuple[DatabaseTensors, Sampler]:
        key = id(world.database), task
        held = self._held.pop(key, None)
        if held is None or held[0]() is not world.database:
            database = world.database.with_task(world.database.tasks[task])
            held = weakref.ref(world.database), database, Sampler(database)
        self._held[key] = held
        while len(self._held) > 1 and sum(d.num_rows for _, d, _ in self._held.values()) > self.most_rows:
            self._held.popitem(last=False)
        return held[1], held[2]


asked = Asked()
"""For draws: one thread at a time."""
