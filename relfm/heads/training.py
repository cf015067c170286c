"""Training of a head: episodes in, a loss relative to the mixture's, AdamW, an average of the weights out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.heads.batch import HeadBatch, collate
from relfm.heads.config import HeadConfig
from relfm.heads.draw import EpisodeSampler, drawn_inputs
from relfm.heads.episode import Episode
from relfm.heads.network import InContextHead
from relfm.heads.routing import utilisation_entropy

WARM_UP = 200
CLIP = 1.0
AVERAGE = 0.005


@dataclass(frozen=True)
class HeadTraining:
    """batch episodes a step; context and query rows of each; peak learning rate; steps in all."""

    steps: int = 6000
    batch: int = 8
    context: int = 512
    queries: int = 256
    rate: float = 1e-3
    decay: float = 0.02
    seed: int = 0
    device: str = "cpu"


def train_head(
    episodes: Sequence[Episode],
    config: HeadConfig,
    settings: HeadTraining,
    *,
    every: int = 500,
    report: Callable[[int, dict[str, float], InContextHead], None] | None = None,
) -> InContextHead:
    """The head with averaged weights. ``report`` gets (step, means since the last report, the averaged head)."""
    sampler = EpisodeSampler(episodes)
    torch.manual_seed(settings.seed)
    head = InContextHead(config).to(settings.device)
    average = torch.optim.swa_utils.AveragedModel(
        head, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(1 - AVERAGE)
    )
    optimizer = torch.optim.AdamW(head.parameters(), lr=settings.rate, weight_decay=settings.decay, betas=(0.9, 0.98))
    seen: list[dict[str, float]] = []
    begin = time.perf_counter()
    for step in range(1, settings.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * min(1.0, step / WARM_UP) * max(0.02, 1 - step / settings.steps)
        generator = np.random.default_rng([settings.seed, step])
        parts = [
            drawn_inputs(
                sampler.draw(generator),
                generator,
                num_inputs=config.inputs,
                context=settings.context,
                queries=settings.queries,
            )
            for _ in range(settings.batch)
        ]
        noise = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
        loss, record = head_loss(head, collate(parts).to(settings.device), noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), CLIP)
        optimizer.step()
        average.update_parameters(head)
        seen.append(record)
        if report is not None and (step % every == 0 or step == settings.steps):
            means = {name: float(np.mean([r[name] for r in seen])) for name in record}
            report(step, means | {"seconds": time.perf_counter() - begin}, average.module)
            seen = []
    return average.module.eval()


def head_loss(
    head: InContextHead, batch: HeadBatch, noise: torch.Generator | None
) -> tuple[torch.Tensor, dict[str, float]]:
    """Log loss of each episode's queries as a share of the mixture's, averaged: no question counts for being hard."""
    odds, weights, clusters = head(batch, noise=noise)
    asked = batch.asked.float()
    context = batch.shown.shape[1]
    pooled = batch.base[:, None] + batch.odds[:, context:, -1]
    lost = _mean(functional.binary_cross_entropy_with_logits(odds, batch.wanted, reduction="none"), asked)
    reference = _mean(functional.binary_cross_entropy_with_logits(pooled, batch.wanted, reduction="none"), asked)
    loss = (lost / reference.clamp_min(0.05)).mean()
    return loss, {
        "loss": float(loss.detach()),
        "gain": float((reference - lost).mean().detach()),
        "expert_entropy": utilisation_entropy(weights.detach()),
        "cluster_entropy": utilisation_entropy(clusters.detach()),
    }


def _mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (values * mask).sum(dim=1) / mask.sum(dim=1).clamp_min(1)
