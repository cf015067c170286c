"""What a head is trained for: to lose less than the mixture that it corrects, wherever the base rate has drifted to."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from relfm.heads.batch import HeadBatch
from relfm.heads.network import InContextHead
from relfm.heads.routing import utilisation_entropy

LEVEL = 0.25
"""Share of the loss that counts the level of the odds; the rest is taken at the level that suits the queries best."""

LEAST = 0.05
"""A mixture that hardly errs is no measure: a loss counts as a share of this much at least."""

NEWTON_STEPS = 6


@dataclass(frozen=True)
class HeadLoss:
    """value: the loss of the batch; by episode (float[B]): its loss and the mixture's, both at their best level.

    expert_entropy, cluster_entropy: how evenly the experts and clusters are used, of 1.
    """

    value: Tensor
    lost: Tensor
    mixture: Tensor
    expert_entropy: float
    cluster_entropy: float

    @property
    def ratios(self) -> Tensor:
        """float[B]: below 1 the head is better than the mixture."""
        return self.lost / self.mixture.clamp_min(LEAST)


def head_loss(head: InContextHead, batch: HeadBatch, noise: torch.Generator | None) -> HeadLoss:
    """Log loss of each episode's queries as a share of the mixture's: no question counts for being hard.

    Most of it is the loss at the best level, because drift of the base rate is noise to what orders the queries: with
    the plain loss a head spends itself on guessing the drift of its training databases.
    """
    odds, weights, clusters = head(batch, noise=noise)
    odds = odds.float()
    pooled = batch.base[:, None] + batch.odds[:, batch.shown.shape[1] :, -1]
    plain, plain_mixture = _log_loss(odds, batch), _log_loss(pooled, batch)
    lost, mixture = _log_loss(_levelled(odds, batch), batch), _log_loss(_levelled(pooled, batch), batch)
    value = (1 - LEVEL) * lost / mixture.clamp_min(LEAST) + LEVEL * plain / plain_mixture.clamp_min(LEAST)
    entropies = (utilisation_entropy(shares.detach().float()) for shares in (weights, clusters))
    return HeadLoss(value.mean(), lost.detach(), mixture.detach(), *entropies)


def _levelled(odds: Tensor, batch: HeadBatch) -> Tensor:
    """The odds of each episode shifted to lose least; the shift needs no gradient, because it is a minimum's place."""
    with torch.no_grad():
        shift, asked = torch.zeros_like(odds[:, :1]), batch.asked.float()
        count = asked.sum(dim=1, keepdim=True).clamp_min(1)
        rate = ((batch.wanted * asked).sum(dim=1, keepdim=True) / count).clamp(0.5 / count, 1 - 0.5 / count)
        for _ in range(NEWTON_STEPS):
            told = torch.sigmoid(odds + shift)
            slope = ((told * (1 - told)) * asked).sum(dim=1, keepdim=True) / count
            shift = (shift - ((told * asked).sum(dim=1, keepdim=True) / count - rate) / slope.clamp_min(1e-3)).clamp(
                -6, 6
            )
    return odds + shift


def _log_loss(odds: Tensor, batch: HeadBatch) -> Tensor:
    """float[B]: the mean over each episode's queries."""
    asked = batch.asked.float()
    values = functional.binary_cross_entropy_with_logits(odds, batch.wanted, reduction="none")
    return (values * asked).sum(dim=1) / asked.sum(dim=1).clamp_min(1)
