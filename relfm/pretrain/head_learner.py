"""What learns where a head is pretrained: the head, AdamW, and the running average of its weights."""

import copy
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relfm.checkpoint import fill
from relfm.checkpoint.nested import flatten, nest
from relfm.heads.loss import HeadLoss, head_loss
from relfm.heads.network import InContextHead
from relfm.objectives.schedules import learning_rate
from relfm.pretrain.episodes import EpisodeBatch
from relfm.pretrain.head_config import HeadPretrainConfig
from relfm.pretrain.learner import below, follow, mean
from relfm.pretrain.machine import Machine
from relfm.pretrain.ranks import Ranks


class HeadLearner:
    """``step`` changes the weights; ``averaged`` is what is evaluated and exported."""

    def __init__(self, config: HeadPretrainConfig, machine: Machine, ranks: Ranks) -> None:
        """Weights are drawn from the seed alone, the same in every process."""
        self.settings, self.seed, self.average = config.optimisation, config.seed, config.loop.average
        self.machine, self.ranks = machine, ranks
        with torch.random.fork_rng([]):
            torch.manual_seed(config.seed)
            self.head = InContextHead(config.model_config()).to(machine.device)
        self.averaged = copy.deepcopy(self.head).requires_grad_(False) if self.average else self.head
        self.optimizer = torch.optim.AdamW(
            self.head.parameters(), lr=self.settings.rate, weight_decay=self.settings.decay, betas=(0.9, 0.98)
        )

    def step(self, drawn: EpisodeBatch, step: int, steps: int) -> dict[str, float]:
        """The step after ``step`` of ``steps`` in all. Same weights, draw and step: same numbers."""
        progress = step / steps
        rate = self.settings.rate * learning_rate(progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        drawn_seed = np.random.SeedSequence([self.seed, step, self.ranks.rank]).generate_state(1)[0]
        noise = torch.Generator().manual_seed(int(drawn_seed))
        loss = self._loss(self.head, drawn, noise)
        self.optimizer.zero_grad(set_to_none=True)
        loss.value.backward()
        self.ranks.average([p.grad for p in self.head.parameters()])
        norm = float(nn.utils.clip_grad_norm_(self.head.parameters(), self.settings.clip))
        if math.isfinite(norm):
            self.optimizer.step()
        if self.average:
            follow(self.averaged, self.head, step, self.average)
        dynamics = {"train/gradients/model_grad_norm": norm, "train/lr/model": rate, "train/progress/share": progress}
        return {"train/loss/total": float(loss.value.detach())} | _record("train", [(drawn, loss)]) | dynamics

    def evaluate(self, batches: Sequence[EpisodeBatch]) -> dict[str, float]:
        """Of the averaged head on held-out episodes: val/ratio/{database}, val/ratio/total: its loss over the
        mixture's (below 1 something was learned), both calibrated to the queries."""
        self.averaged.eval()
        with torch.no_grad():
            return _record("val", [(batch, self._loss(self.averaged, batch, None)) for batch in batches])

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that the next step depends on."""
        tensors, rest = flatten(self.optimizer.state_dict(), "optimizer")
        tensors |= {f"weights.{name}": tensor for name, tensor in self.head.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.averaged.state_dict().items()}
        return tensors, {"optimizer": rest}

    def restore(self, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
        """UsageError if they do not fit."""
        fill(self.head, below("weights.", tensors), "the state of the weights")
        fill(self.averaged, below("average.", tensors), "the state of the average")
        self.optimizer.load_state_dict(nest(tensors, rest["optimizer"]))

    def _loss(self, head: InContextHead, drawn: EpisodeBatch, noise: torch.Generator | None) -> HeadLoss:
        with self.machine.autocast():
            return head_loss(head, drawn.batch.to(self.machine.device), noise)


def _record(part: str, losses: Sequence[tuple[EpisodeBatch, HeadLoss]]) -> dict[str, float]:
    """Means by database and in total of the loss, and of the loss over the mixture's; how even the routing is."""
    lost, ratios = defaultdict(list), defaultdict(list)
    for drawn, loss in losses:
        for database, one, ratio in zip(drawn.databases, loss.lost.tolist(), loss.ratios.tolist(), strict=True):
            lost[database].append(one)
            ratios[database].append(ratio)
    record = {f"{part}/loss/{database}": mean(values) for database, values in lost.items()}
    record |= {f"{part}/ratio/{database}": mean(values) for database, values in ratios.items()}
    record[f"{part}/ratio/total"] = mean([r for values in ratios.values() for r in values])
    record[f"{part}/routing/expert_entropy"] = mean([loss.expert_entropy for _, loss in losses])
    record[f"{part}/routing/cluster_entropy"] = mean([loss.cluster_entropy for _, loss in losses])
    return record
