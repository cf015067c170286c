"""What a pretraining step costs, and what it waits for: python -m relfm.benchmarks.training SHARDS [--device cuda].

Encoding a database, sampling, and steps of the whole training system on prepared shards (``relfm prepare``); the share
of time spent waiting for data is the training's own record.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from relfm.connectors import connect
from relfm.errors import RelfmError
from relfm.pretrain import PretrainConfig, pretrain
from relfm.sample import write_sqlite
from relfm.sampler import Sampler
from relfm.states import encode_database
from relfm.tensors import load_shard
from relfm.text import default_encoder

SEEDS = 512
WARM = 10
"""Steps that are not counted: caches fill, code compiles."""


def encoding(customers: int = 2000) -> tuple[int, float]:
    """Rows of the sample database, and seconds to encode them with all their text."""
    with tempfile.TemporaryDirectory() as folder:
        write_sqlite(Path(folder) / "shop.db", customers=customers)
        database = connect(Path(folder) / "shop.db", cache=False)
        begin = time.perf_counter()
        made = encode_database(database, default_encoder()).fill_all()
        return made.tensors.num_rows, time.perf_counter() - begin


def sampling(shard: Path, seconds: float = 2.0) -> tuple[float, float]:
    """Seeds and nodes a second from the largest table of a shard, fan-out 8, 4."""
    database = load_shard(shard)
    table = int(np.argmax([len(t) for t in database.tables]))
    times, sampler, generator = database.tables[table].times, Sampler(database), np.random.default_rng(0)
    done, nodes, begin = 0, 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        rows = generator.integers(0, len(times), SEEDS)
        nodes += sampler.sample(table, rows, times[rows], (8, 4)).num_nodes
        done += SEEDS
    spent = time.perf_counter() - begin
    return done / spent, nodes / spent


def steps(shards: Path, device: str, count: int) -> tuple[float, float]:
    """Seconds a step, and the share of them spent waiting for data."""
    held = PretrainConfig(scheme="relfm", model={"depth": 2, "fanout": (8, 4)})
    config = replace(
        held,
        corpus=replace(held.corpus, folder=str(shards), share=0.0),
        loop=replace(held.loop, steps=count + WARM, evaluate=10**6, save=10**6),
        machine=replace(held.machine, device=device, tensorboard=False),
    )
    with tempfile.TemporaryDirectory() as folder:
        pretrain(config, Path(folder), quiet=True)
        lines = [json.loads(line) for line in (Path(folder) / "journal.jsonl").read_text().splitlines()]
    told = [line for line in lines if "train/system/seconds" in line][WARM:]
    seconds = np.array([line["train/system/seconds"] for line in told])
    waiting = np.array([line["train/system/waiting"] for line in told])
    return float(seconds.mean()), float((seconds * waiting).sum() / seconds.sum())


def main(arguments: Sequence[str] | None = None) -> int:
    """Print three lines; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.training", description=__doc__)
    parser.add_argument("shards", type=Path, help="a folder that relfm prepare wrote")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args(arguments)
    try:
        rows, seconds = encoding()
        print(f"encode: {rows / seconds:,.0f} rows/s ({rows:,} rows of the sample shop, text and all)")
        shard = max(given.shards.glob("*.safetensors"), key=lambda p: p.stat().st_size)
        seeds, nodes = sampling(shard)
        print(f"sample: {seeds:,.0f} seeds/s, {nodes:,.0f} nodes/s ({shard.stem}, fan-out 8, 4)")
        step, waiting = steps(given.shards, given.device, given.steps)
        print(f"step: {step:.2f} s, two databases, three objectives, {given.device}; waiting for data {waiting:.1%}")
    except (RelfmError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
