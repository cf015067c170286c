"""How many strings a second the text encoders turn into vectors, on one thread: python -m relfm.benchmarks.text.

Raw tokenisation of the same strings runs beside them: the least that an encoder of wordpieces costs. Seconds are the
processor's, so that other work on the machine does not count.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from relfm.errors import UsageError
from relfm.text import FullEncoder, TextEncoder
from relfm.text.tokens import token_ids, tokenizer
from relfm.text.vectors import load_vectors

SAMPLE = 1_000
"""Strings for the full encoder, which takes a hundred times as long."""


def strings(count: int, words: int, seed: int) -> list[str]:
    """``count`` strings of ``words`` words, the frequent ones more often (Zipf's law)."""
    known = [t for t in load_vectors().vocabulary if len(t) > 2 and t.isascii() and t.isalpha()]
    shares = 1 / np.arange(1, len(known) + 1)
    drawn = np.random.default_rng(seed).choice(len(known), (count, words), p=shares / shares.sum())
    return [" ".join(known[i] for i in row) + f" {n}" for n, row in enumerate(drawn)]


def rate(run: Callable[[], object], count: int) -> float:
    """Strings a second of processor time."""
    start = time.process_time()
    run()
    return count / (time.process_time() - start)


def lines(asked: Sequence[str]) -> Iterator[tuple[str, float]]:
    """(what, strings a second) of each way."""
    raw = tokenizer(load_vectors().vocabulary, max_tokens=128)
    yield "raw tokenisation", rate(lambda: token_ids(raw, asked), len(asked))
    encoder = TextEncoder(capacity=len(asked))
    yield "static vectors, nothing remembered", rate(lambda: encoder.encode(asked), len(asked))
    yield "static vectors, remembered", rate(lambda: encoder.encode(asked), len(asked))
    try:
        full = FullEncoder()
    except UsageError as error:
        print(f"full encoder: {error.message} ({error.hint})")
        return
    few = list(islice(asked, SAMPLE))
    yield "full encoder", rate(lambda: full.encode(few), len(few))


def main() -> None:
    parser = argparse.ArgumentParser(description="strings a second of the text encoders")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--words", type=int, default=3, help="words a string, besides a number")
    options = parser.parse_args()
    os.environ |= {"RAYON_NUM_THREADS": "1"}
    asked = strings(options.count, options.words, seed=0)
    yardstick = None
    for what, found in lines(asked):
        yardstick = yardstick or found
        print(f"{what}: {found:,.0f} strings a second, {found / yardstick:.3g} of raw tokenisation")


if __name__ == "__main__":
    main()
