"""Contrastive losses in closed form."""

import torch
from torch import Tensor
from torch.nn import functional


def info_nce(queries: Tensor, keys: Tensor, temperature: Tensor | float) -> Tensor:
    """Mean of -log softmax(q k / temperature) at each query's own key: queries, keys [N, D] (van den Oord 2018)."""
    scores = functional.normalize(queries, dim=-1) @ functional.normalize(keys, dim=-1).t() / temperature
    return functional.cross_entropy(scores.float(), torch.arange(len(queries), device=queries.device))


def nt_xent(first: Tensor, second: Tensor, temperature: Tensor | float) -> Tensor:
    """SimCLR's loss over both views of N examples: each of 2N looks for its other view among 2N - 1 (Chen 2020)."""
    both = functional.normalize(torch.cat([first, second]), dim=-1)
    scores = (both @ both.t() / temperature).float()
    scores = scores.masked_fill(torch.eye(len(both), dtype=torch.bool, device=both.device), float("-inf"))
    count = len(first)
    other = torch.cat([torch.arange(count, 2 * count), torch.arange(count)]).to(both.device)
    return functional.cross_entropy(scores, other)


def mutual_information(scores: Tensor, own: Tensor) -> Tensor:
    """The Jensen-Shannon bound of InfoGraph (Sun 2020): scores [N, S], ``own`` bool[N, S] true pairs; each half is a
    mean, so that chance costs 2 ln 2."""
    positive, negative = functional.softplus(-scores[own]), functional.softplus(scores[~own])
    return positive.mean() + negative.mean()
