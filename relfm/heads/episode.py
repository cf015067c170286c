"""Episodes: what a head reads. Context rows whose targets are known and which no expert was fitted on, and queries."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from relfm.errors import DataCannotAnswer
from relfm.files import whole

EXPERTS = ("prior", "history", "linear", "steps", "conjunctions", "waves", "neighbours")
"""The experts in closed form that a head has slots for."""

FOLDERS = {"features-head": "episodes", "states-head": "state-episodes"}
"""Where episodes stand below a corpus, by the kind of head that they are for."""

LIKELIEST = 13.0
"""Log-odds are clipped to this size."""


@dataclass(frozen=True)
class Episode:
    """One question at one moment, answered by the closed forms: C context rows (out of fold), Q queries, K outputs.

    context_odds    float32[C, E, K]  each expert's log-odds, E = len(EXPERTS), 0 where an expert was absent
    query_odds      float32[Q, E, K]
    context_inputs  float32[C, M]     normal scores of the most telling features (or of states), most telling first
    query_inputs    float32[Q, M]
    relevance       float32[M]        their correlation with the target
    context_shown   bool[C, K]        the outputs that came true
    query_shown     bool[Q, K] or None
    present         bool[E]
    shares          float32[E]        the weights that the mixture fitted on the context rows
    costs           float32[K]        how much an error of each output costs; sums to 1
    is_number       outputs are P(target > threshold) rather than classes
    """

    context_odds: np.ndarray
    query_odds: np.ndarray
    context_inputs: np.ndarray
    query_inputs: np.ndarray
    relevance: np.ndarray
    context_shown: np.ndarray
    present: np.ndarray
    shares: np.ndarray
    costs: np.ndarray
    is_number: bool
    num_labels: int
    num_features: int
    query_shown: np.ndarray | None = None
    database: str = ""
    question: str = ""

    @property
    def num_context(self) -> int:
        return len(self.context_odds)

    @property
    def num_outputs(self) -> int:
        return self.context_odds.shape[2]

    @cached_property
    def pooled(self) -> tuple[np.ndarray, np.ndarray]:
        """The mixture's log-odds of context rows and queries: float32[C, K], float32[Q, K]."""
        return self._pooled(self.context_odds), self._pooled(self.query_odds)

    def _pooled(self, odds: np.ndarray) -> np.ndarray:
        if not self.is_number:
            return np.einsum("e,nek->nk", self.shares, odds)
        p = np.einsum("e,nek->nk", self.shares, 1 / (1 + np.exp(-odds)))
        return log_odds(p / max(float(self.shares.sum()), 1e-6)).astype(np.float32)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Clipped to +-LIKELIEST at most."""
    p = np.clip(probabilities, 1e-5, 1 - 1e-5)
    return np.log(p / (1 - p))


def save_episodes(episodes: Iterable[Episode], path: Path) -> int:
    """Writes all into one safetensors file, halves for floats; returns how many there were."""
    arrays, scalars = {}, []
    for i, one in enumerate(episodes):
        held = {f.name: getattr(one, f.name) for f in fields(one)}
        for name, value in held.items():
            if isinstance(value, np.ndarray):
                half = value.dtype == np.float32 and value.ndim > 1
                arrays[f"{i}.{name}"] = np.ascontiguousarray(value.astype(np.float16) if half else value)
        scalars.append({n: v for n, v in held.items() if v is not None and not isinstance(v, np.ndarray)})
    with whole(path) as unfinished:
        save_file(arrays, unfinished, metadata={"episodes": json.dumps(scalars)})
    return len(scalars)


def load_episodes(path: Path) -> Iterator[Episode]:
    """The episodes of one file; DataCannotAnswer if it holds none, or is torn."""
    hint = f"delete '{path}' and make it anew: relfm prepare --episodes 3"
    try:
        with safe_open(path, framework="numpy") as file:
            metadata, names = file.metadata() or {}, set(file.keys())
            if "episodes" not in metadata:
                raise DataCannotAnswer(f"'{path.name}' holds no episodes", hint=hint)
            for i, scalars in enumerate(json.loads(metadata["episodes"])):
                held = {f.name: file.get_tensor(f"{i}.{f.name}") for f in fields(Episode) if f"{i}.{f.name}" in names}
                wide = {n: v.astype(np.float32) if v.dtype == np.float16 else v for n, v in held.items()}
                yield Episode(**wide, **scalars)
    except (SafetensorError, OSError, ValueError) as error:
        raise DataCannotAnswer(f"'{path.name}' holds no whole episodes: {error}", hint=hint) from None
