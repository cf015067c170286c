"""One step of learning from several losses: balance, surgery, the adversary by itself, clip, step."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from relfm.objectives.balancing import bounded, inverse_magnitude
from relfm.objectives.objective import Objective
from relfm.objectives.schedules import learning_rate
from relfm.objectives.surgery import Surgery, project_conflicts

Synchronise = Callable[[Iterable[Tensor]], None]


class Optimisation:
    """AdamW over the network and the objectives' heads.

    rate       peak learning rate of the network; an objective's heads learn at its ``rate`` times as much
    decay      weight decay; clip: largest norm of the network's gradient, and of the heads' (text 3: 0.5)
    balance    inverse-magnitude weights, else equal ones; surgery: PCGrad over the cooperative objectives
    """

    def __init__(
        self,
        model: nn.Module,
        objectives: Mapping[str, Objective],
        *,
        rate: float = 2e-3,
        decay: float = 1e-2,
        clip: float = 0.5,
        balance: bool = True,
        surgery: bool = True,
    ) -> None:
        self.model, self.objectives = model, dict(objectives)
        self.rate, self.clip, self.balance, self.surgery = rate, clip, balance, surgery
        groups = [{"params": [*model.parameters()], "name": "model", "scale": 1.0}]
        for name, objective in self.objectives.items():
            held = [*objective.parameters()]
            groups += [{"params": held, "name": name, "scale": objective.rate}] if held else []
        self.optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=decay, betas=(0.9, 0.98))

    def step(
        self, losses: Mapping[str, Tensor], progress: float, synchronise: Synchronise | None = None, *, seed: int = 0
    ) -> dict[str, float]:
        """One step on the scalar losses by objective; returns everything that text 3 logs of it.

        ``synchronise`` averages gradients over processes, in place. Losses that are not finite are left out. ``seed``
        is that of the order in which conflicts are projected: what steps before drew leaves no trace, because each
        process draws a different number of objectives and only the first one's state is kept.
        """
        values = dict(zip(losses, torch.stack([*losses.values()]).detach().double().tolist(), strict=True))
        finite = {n: loss for n, loss in losses.items() if math.isfinite(values[n])}
        mates = {n: loss for n, loss in finite.items() if self.objectives[n].cooperative}
        record = {f"train/loss/{n}": value for n, value in values.items()}
        record["train/skipped"] = float(len(losses) - len(finite))
        record |= self._schedule(progress)
        self.optimizer.zero_grad(set_to_none=True)
        weights = self._weights({n: values[n] for n in mates})
        weighted = {n: weights[n] * values[n] for n in mates}
        record |= {f"train/loss_balancer/weight/{n}": w for n, w in weights.items()}
        record |= {f"train/loss_balancer/weighted/{n}": w for n, w in weighted.items()}
        record |= self._cooperate({n: weights[n] * loss for n, loss in mates.items()}, seed)
        opposed = {n: loss for n, loss in finite.items() if n not in mates}
        total, told = self._oppose(opposed, values, sum(weighted.values()))
        record |= told | {"train/loss/total": total}
        record |= self._descend(synchronise)
        return record

    def state_dict(self) -> dict[str, Any]:
        """What the next step depends on, besides the weights."""
        return {"optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes up what ``state_dict`` gave; the next step is the one that would have followed."""
        self.optimizer.load_state_dict(state["optimizer"])

    def _schedule(self, progress: float) -> dict[str, float]:
        """Sets the learning rates; the record of all that is scheduled (an objective's are its scalar buffers)."""
        record = {"train/progress/share": progress}
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group["scale"] * learning_rate(progress)
            record[f"train/lr/{group['name']}"] = group["lr"]
        for name, objective in self.objectives.items():
            record |= {f"train/{name}/{b}": float(held) for b, held in objective.named_buffers() if not held.dim()}
        return record

    def _weights(self, losses: Mapping[str, float]) -> dict[str, float]:
        if self.balance and len(losses) > 1:
            return inverse_magnitude(losses)
        return {name: 1 / len(losses) for name in losses}

    def _cooperate(self, losses: Mapping[str, Tensor], seed: int) -> dict[str, float]:
        """Gradients of the cooperative objectives: heads as they are, the network's after surgery."""
        if not self.surgery or len(losses) < 2:
            if losses:
                torch.stack([*losses.values()]).sum().backward()
            return {}
        shared, rows = [*self.model.parameters()], []
        for name, loss in losses.items():
            found = self._gradients(loss, name)
            rows.append(torch.cat([g.reshape(-1) for g in found]))
        done = project_conflicts(torch.stack(rows), torch.Generator().manual_seed(seed))
        parts = done.gradient.split([p.numel() for p in shared])
        for parameter, part in zip(shared, parts, strict=True):
            parameter.grad = part.view_as(parameter).clone()
        return _told(done, [*losses])

    def _gradients(self, loss: Tensor, name: str) -> list[Tensor]:
        """Of the network's parameters; those of the objective's heads go where they belong at once."""
        shared = [*self.model.parameters()]
        own = [*self.objectives[name].parameters()]
        found = torch.autograd.grad(loss, [*shared, *own], allow_unused=True)
        for parameter, gradient in zip(own, found[len(shared) :], strict=True):
            parameter.grad = gradient
        return [torch.zeros_like(p) if g is None else g for p, g in zip(shared, found, strict=False)]

    def _oppose(
        self, losses: Mapping[str, Tensor], values: Mapping[str, float], total: float
    ) -> tuple[float, dict[str, float]]:
        """A backward pass of its own for each adversary, whose reversal is in its graph. The share that passes is
        bounded, so that the total, which is returned less what they take, cannot turn negative."""
        record = {}
        for name, loss in losses.items():
            weight = float(getattr(self.objectives[name], "weight", 0.0))
            allowed = bounded(weight, values[name], total)
            share = allowed / weight if weight > 0 else 1.0
            for parameter, gradient in zip(self.model.parameters(), self._gradients(loss, name), strict=True):
                parameter.grad = gradient * share + (0 if parameter.grad is None else parameter.grad)
            record[f"train/{name}/lambda"] = allowed
            total -= allowed * values[name]
        return total, record

    def _descend(self, synchronise: Synchronise | None) -> dict[str, float]:
        """Clips and steps, unless a gradient is not finite. Every process must bring a gradient for every parameter,
        also for objectives that drew nothing."""
        network, heads = [*self.model.parameters()], [p for o in self.objectives.values() for p in o.parameters()]
        for parameter in (*network, *heads):
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        if synchronise is not None:
            synchronise([p.grad for p in (*network, *heads)])
        norms = [float(nn.utils.clip_grad_norm_(part, self.clip)) for part in (network, heads)]
        if all(math.isfinite(norm) for norm in norms):
            self.optimizer.step()
        return {"train/gradients/model_grad_norm": norms[0], "train/gradients/heads_grad_norm": norms[1]}


def _told(done: Surgery, names: list[str]) -> dict[str, float]:
    """Text 3's figures, and what they come from: norms and cosines of the weighted losses' gradients."""
    record = {
        "gradient_surgery/total_conflicts": float(done.conflicts),
        "gradient_surgery/total_projections": float(done.projections),
        "gradient_surgery/conflict_ratio": done.conflict_ratio,
        "gradient_surgery/mean_cosine": float(done.between.mean()),
    }
    for i, name in enumerate(names):
        record[f"train/gradients/{name}"] = float(done.norms[i])
        for j in range(i):
            record[f"gradient_surgery/cosine/{names[j]}/{name}"] = float(done.cosines[i, j])
    return record
