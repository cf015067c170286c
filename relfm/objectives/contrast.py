"""Contrastive losses in closed form; all in float32, because a temperature of 0.05 magnifies rounding."""

import torch
from torch import Tensor
from torch.nn import functional

from relfm.objectives.precision import exact


def cosines(first: Tensor, second: Tensor) -> Tensor:
    """float32[N, M] of [N, D] and [M, D]."""
    with exact(first):
        return functional.normalize(first.float(), dim=-1) @ functional.normalize(second.float(), dim=-1).t()


def info_nce(
    queries: Tensor, keys: Tensor, own: Tensor, temperature: Tensor | float, prior: Tensor | None = None
) -> Tensor:
    """Mean of -log softmax(cosine / temperature) at each query's own key (van den Oord 2018): queries [N, D], keys
    [M, D], own int64[N]; ``prior`` [M] are log-odds of the keys that the cosines correct."""
    scores = cosines(queries, keys) / temperature
    return functional.cross_entropy(scores if prior is None else scores + prior, own)


def nt_xent(first: Tensor, second: Tensor, temperature: Tensor | float) -> Tensor:
    """SimCLR's loss over both views of N examples: each of 2N looks for its other view among 2N - 1 (Chen 2020)."""
    both = torch.cat([first, second])
    scores = cosines(both, both) / temperature
    scores = scores.masked_fill(torch.eye(len(both), dtype=torch.bool, device=both.device), float("-inf"))
    other = torch.arange(len(both), device=both.device).roll(len(first))
    return functional.cross_entropy(scores, other)


def mutual_information(scores: Tensor, own: Tensor) -> Tensor:
    """The Jensen-Shannon bound of InfoGraph (Sun 2020): scores [N, S], ``own`` bool[N, S] true pairs; each half is a
    mean, so that chance costs 2 ln 2."""
    positive, negative = functional.softplus(-scores[own]), functional.softplus(scores[~own])
    return positive.mean() + negative.mean()
