"""States of examples: what a pretrained network makes of each entity and what was visible around it."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from relfm.database import Database
from relfm.distinct import distinct
from relfm.sampler import Neighbourhood, Sampler
from relfm.states.encode import Encoded, encode_database, encode_task
from relfm.task import Examples, Task
from relfm.tensors import DatabaseTensors
from relfm.threads import few_torch_threads, side_by_side

if TYPE_CHECKING:
    from torch import Tensor

    from relfm.model import RelationalModel, RowBank

CHUNK = 512


def states_of(
    model: "RelationalModel",
    database: Database,
    task: Task,
    examples: Examples,
    labelled: Examples | None,
    *,
    until: int,
) -> np.ndarray:
    """float32[N, D] states of ``examples``, each as of what it has seen.

    ``labelled`` are examples whose targets may be read once they are known: they are a table of the graph. ``until``
    (microseconds) bounds every column statistic. Text is encoded only where a sampled row shows it.
    """
    import torch

    from relfm.text import default_encoder

    none = examples.take(np.zeros(0, np.int64)) if labelled is None else labelled
    visible = encode_database(database.hide(task.hidden), default_encoder(), until=until)
    encoded, asked = encode_task(visible, task, none)
    world = encoded.tensors.with_task(asked)
    # For as few seeds as one question has, loading what is compiled would take longer than it saves.
    sampler = Sampler(world, backend="numpy")
    parts = [slice(begin, begin + CHUNK) for begin in range(0, len(examples), CHUNK)]
    hoods = [sampler.sample(asked.entity, examples.rows[p], examples.seen[p], model.config.fanout) for p in parts]
    with few_torch_threads():
        bank = _filled_bank(model, encoded, world, hoods, until)
        question = torch.from_numpy(world.vectors[asked.name].astype(np.float32))
        states = side_by_side([partial(_states, model, world, hood, bank, question) for hood in hoods])
    return np.concatenate([np.zeros((0, model.config.width), np.float32), *states])


def _states(
    model: "RelationalModel", world: DatabaseTensors, hood: Neighbourhood, bank: "RowBank", question: "Tensor"
) -> np.ndarray:
    import torch

    with torch.inference_mode():
        return model.states(world, hood, bank, question).numpy()


def _filled_bank(
    model: "RelationalModel", encoded: Encoded, world: DatabaseTensors, hoods: Sequence[Neighbourhood], until: int
) -> "RowBank":
    """The vectors of all rows in ``hoods``, so that whoever looks them up afterwards writes nothing."""
    from relfm.model import RowBank

    bank = RowBank(model, world, until, frozen=True)
    for place, table in enumerate(world.tables):
        rows = distinct(np.concatenate([np.zeros(0, np.int64), *(h.rows[h.tables == place] for h in hoods)]))
        encoded.fill(distinct(table.strings[rows]).astype(np.int64))
        bank(place, rows)
    return bank
