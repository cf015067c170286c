"""States of examples: what a pretrained network makes of each entity and what was visible around it."""

from typing import TYPE_CHECKING

import numpy as np

from relfm.database import Database
from relfm.sampler import Neighbourhood, Sampler
from relfm.states.encode import Encoded, encode_database, encode_task
from relfm.task import Examples, Task
from relfm.tensors import DatabaseTensors
from relfm.threads import few_torch_threads

if TYPE_CHECKING:
    from relfm.model import RelationalModel

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

    from relfm.model import RowBank
    from relfm.text import default_encoder

    none = examples.take(np.zeros(0, np.int64)) if labelled is None else labelled
    encoded, asked = encode_task(encode_database(database.hide(task.hidden), default_encoder()), task, none)
    world = encoded.tensors.with_task(asked)
    sampler = Sampler(world)
    bank = RowBank(model, world, until, frozen=True)
    question = torch.from_numpy(world.vectors[asked.name].astype(np.float32))
    parts = [np.zeros((0, model.config.width), np.float32)]
    with few_torch_threads(), torch.inference_mode():
        for begin in range(0, len(examples), CHUNK):
            part = slice(begin, begin + CHUNK)
            hood = sampler.sample(asked.entity, examples.rows[part], examples.seen[part], model.config.fanout)
            encoded.fill(strings_in(world, hood))
            parts.append(model.states(world, hood, bank, question).numpy())
    return np.concatenate(parts)


def strings_in(database: DatabaseTensors, hood: Neighbourhood) -> np.ndarray:
    """int64[k]: the ids of the strings in the cells of the rows that were sampled."""
    found = [np.zeros(0, np.int64)]
    for place, table in enumerate(database.tables):
        rows = np.unique(hood.rows[hood.tables == place])
        found.append(np.unique(table.strings[rows]).astype(np.int64))
    return np.concatenate(found)


__all__ = ["Encoded", "states_of"]
