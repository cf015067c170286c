"""What a head is trained for: to order queries better than the mixture that it corrects."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from relfm.heads.batch import HeadBatch
from relfm.heads.network import InContextHead
from relfm.heads.routing import utilisation_entropy

LEVEL = 0.25
"""Share of the loss that counts level and scale of the odds; the rest is taken at those that suit the queries best."""

LEAST = 0.05
"""A mixture that hardly errs is no measure: a loss counts as a share of this much at least."""

NEWTON_STEPS = 8
RIDGE, SMALLEST_SCALE = 1e-2, 0.05


@dataclass(frozen=True)
class HeadLoss:
    """value: the loss of the batch; by episode (float[B]): its loss and the mixture's, both calibrated to the queries.

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
        return 1 + (self.lost - self.mixture) / self.mixture.clamp_min(LEAST)


def head_loss(head: InContextHead, batch: HeadBatch, noise: torch.Generator | None) -> HeadLoss:
    """Log loss of each episode's queries as a share of the mixture's: no question counts for being hard.

    Most of it is the loss once scale and level are calibrated, because drift of the base rate and overconfidence are
    noise to what orders the queries, and answers are calibrated afterwards anyway: with the plain loss a head learns
    how the mixture errs in level on its training databases, and nothing else.
    """
    odds, weights, clusters = head(batch, noise=noise)
    odds = odds.float()
    pooled = batch.base[:, None] + batch.odds[:, batch.shown.shape[1] :, -1]
    plain, plain_mixture = _log_loss(odds, batch), _log_loss(pooled, batch)
    lost, mixture = _log_loss(_calibrated(odds, batch), batch), _log_loss(_calibrated(pooled, batch), batch)
    gains = ((1 - LEVEL, lost, mixture), (LEVEL, plain, plain_mixture))
    value = 1 + sum(share * (own - other) / other.clamp_min(LEAST) for share, own, other in gains)
    entropies = (utilisation_entropy(shares.detach().float()) for shares in (weights, clusters))
    return HeadLoss(value.mean(), lost.detach(), mixture.detach(), *entropies)


def _calibrated(odds: Tensor, batch: HeadBatch) -> Tensor:
    """The odds of each episode, scaled and shifted to lose least (Platt), by damped Newton steps from where they are.
    Scale and shift need no gradient: they are the place of a minimum."""
    with torch.no_grad():
        asked = batch.asked.float()
        mean = (odds * asked).sum(dim=1, keepdim=True) / asked.sum(dim=1, keepdim=True).clamp_min(1)
        centred = odds - mean
        scale, shift = torch.ones_like(mean), mean.clone()
        lost = _log_loss(scale * centred + shift, batch)
        for _ in range(NEWTON_STEPS):
            told = torch.sigmoid(scale * centred + shift)
            error, weight = (told - batch.wanted) * asked, told * (1 - told) * asked
            slopes = torch.stack([(error * centred).sum(dim=1), error.sum(dim=1)], dim=1)
            sums = [(weight * centred**power).sum(dim=1) for power in (2, 1, 1, 0)]
            curves = torch.stack(sums, dim=1).view(-1, 2, 2) + RIDGE * torch.eye(2, device=odds.device)
            step = torch.linalg.solve(curves, slopes)
            for size in (1.0, 0.25):
                next_scale = (scale - size * step[:, :1]).clamp(SMALLEST_SCALE, 1 / SMALLEST_SCALE)
                next_shift = (shift - size * step[:, 1:]).clamp(-12, 12)
                after = _log_loss(next_scale * centred + next_shift, batch)
                better = (after < lost)[:, None]
                scale, shift = torch.where(better, next_scale, scale), torch.where(better, next_shift, shift)
                lost = torch.minimum(after, lost)
    return scale * (odds - mean) + shift


def _log_loss(odds: Tensor, batch: HeadBatch) -> Tensor:
    """float[B]: the mean over each episode's queries."""
    asked = batch.asked.float()
    values = functional.binary_cross_entropy_with_logits(odds, batch.wanted, reduction="none")
    return (values * asked).sum(dim=1) / asked.sum(dim=1).clamp_min(1)
