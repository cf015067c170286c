"""A corpus of handmade databases, as relfm prepare would have written it, with two planted signals.

People have a size. The larger, the more often they visit; a visit's amount has the sign of its person's size.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors, TaskTensors, save_shard
from relfm.times import DAY, TIMELESS

TEXT_DIM = 8
NAMES = ("bakery", "library", "stadium")
WORDS = (
    "people",
    "people.size",
    "visits",
    "visits.amount",
    "visits.kind",
    "visits.people -> people",
    "red",
    "green",
    "visits soon",
)


def a_database(name: str, seed: int, *, people: int = 40, visits: int = 300) -> DatabaseTensors:
    generator = np.random.default_rng(seed)
    vectors = np.random.default_rng(len(WORDS)).standard_normal((len(WORDS), TEXT_DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    none = np.zeros(0, np.int32)
    sizes = generator.standard_normal(people).astype(np.float32)
    rates = np.exp(2 * sizes)
    owners = generator.choice(people, visits, p=rates / rates.sum())
    times = np.sort(generator.integers(18_000, 18_500, visits)) * DAY
    amounts = np.sign(sizes[owners]) * generator.random(visits)
    kinds = generator.integers(6, 8, (visits, 1)).astype(np.int32)
    tables = (
        TableTensors(
            0,
            np.full(people, TIMELESS),
            sizes[:, None],
            np.zeros((people, 0), np.int32),
            np.zeros((people, 0), np.int64),
            np.array([1], np.int32),
            none,
            none,
        ),
        TableTensors(
            2,
            times,
            amounts[:, None].astype(np.float32),
            kinds,
            np.zeros((visits, 0), np.int64),
            np.array([3], np.int32),
            np.array([4], np.int32),
            none,
        ),
    )
    link = LinkTensors.of(1, 0, 5, owners, times, people)
    return DatabaseTensors(
        name,
        tables,
        (link,),
        vectors.astype(np.float16),
        np.arange(len(WORDS), dtype=np.uint32),
        (visits_soon(owners, times, people),),
    )


def visits_soon(owners: np.ndarray, times: np.ndarray, people: int) -> TaskTensors:
    """Does a person visit in the 20 days after the cutoff? Asked of everyone every 20 days."""
    cutoffs = np.arange(18_020, 18_480, 20) * DAY
    soon = [np.isin(np.arange(people), owners[(times > c) & (times <= c + 20 * DAY)]) for c in cutoffs]
    asked = np.repeat(cutoffs, people)
    rows = np.tile(np.arange(people), len(cutoffs))
    targets = np.concatenate(soon).astype(np.float64)
    return TaskTensors(8, 0, "binary", 20 * DAY, rows, asked, targets, asked + 20 * DAY)


def write_corpus(folder: Path, names: Sequence[str] = NAMES, **facts: Any) -> Path:
    """Shards of ``names`` and corpus.json; ``facts`` override what it says of the first one."""
    shards = {}
    for seed, name in enumerate(names):
        file = f"{name}.safetensors"
        database = a_database(name, seed)
        save_shard(database, folder / file)
        shards[name] = {
            "file": file,
            "sha256": hashlib.sha256((folder / file).read_bytes()).hexdigest(),
            "rows": database.num_rows,
            "fingerprints": [seed, seed + 100],
            "source": "handmade",
            "licence": "CC0",
            "split": "pretrain",
        }
    if facts:
        shards[names[0]] |= facts
    (folder / "corpus.json").write_text(json.dumps({"format": 1, "text_dim": TEXT_DIM, "shards": shards}))
    return folder
