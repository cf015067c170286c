"""A trained head at work: log-odds for the queries of an episode, and for its context rows out of fold."""

import numpy as np
import torch

from relfm.heads.batch import collate
from relfm.heads.episode import LIKELIEST, Episode
from relfm.heads.inputs import HeadInputs, head_inputs
from relfm.heads.network import InContextHead

MOST_CONTEXT = 1024
MOST_OUTPUTS = 5
"""Numbers have up to 31 thresholds; the correction is computed at so many of them and interpolated between."""

QUERY_CHUNK = 2048


def answer_queries(head: InContextHead, episode: Episode) -> np.ndarray:
    """float32[Q, K] log-odds."""
    context = _spread(np.arange(episode.num_context), MOST_CONTEXT)
    queries = np.arange(len(episode.query_odds))
    return episode.pooled[1] + _corrections(head, episode, context, queries, own=False)


def answer_context(head: InContextHead, episode: Episode) -> np.ndarray:
    """float32[C, K] log-odds of the context rows, each half answered from the other half's targets."""
    pooled = episode.pooled[0].copy()
    rows = np.arange(episode.num_context)
    for half in (0, 1):
        asked, shown = rows[rows % 2 == half], _spread(rows[rows % 2 != half], MOST_CONTEXT)
        pooled[asked] += _corrections(head, episode, shown, asked, own=True)
    return pooled


def _corrections(
    head: InContextHead, episode: Episode, context: np.ndarray, queries: np.ndarray, *, own: bool
) -> np.ndarray:
    """float32[len(queries), K]: how far the head moves the mixture's log-odds."""
    total = episode.num_outputs
    computed = np.arange(total)
    if episode.is_number and total > MOST_OUTPUTS:
        computed = np.unique(np.linspace(0, total - 1, MOST_OUTPUTS).round().astype(np.int64))
    pooled = episode.pooled[0 if own else 1]
    moved = np.zeros((len(queries), len(computed)), np.float32)
    for begin in range(0, len(queries), QUERY_CHUNK):
        part = queries[begin : begin + QUERY_CHUNK]
        for i, output in enumerate(computed):
            inputs = head_inputs(episode, int(output), head.config.inputs, context=context, queries=part, own=own)
            moved[begin : begin + QUERY_CHUNK, i] = _odds(head, inputs) - pooled[part, output]
    if len(computed) == total:
        return moved
    place = np.interp(np.arange(total), computed, np.arange(len(computed)))
    low = np.minimum(place.astype(np.int64), len(computed) - 2)
    share = (place - low).astype(np.float32)
    return moved[:, low] * (1 - share) + moved[:, low + 1] * share


def _odds(head: InContextHead, inputs: HeadInputs) -> np.ndarray:
    """Averaged over both names of the answer: what is called yes must not matter."""
    with torch.inference_mode():
        odds, _, _ = head(collate([inputs, inputs.flipped()]))
    return ((odds[0] - odds[1]) / 2).numpy().clip(-LIKELIEST, LIKELIEST)


def _spread(positions: np.ndarray, most: int) -> np.ndarray:
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).astype(np.int64)]
