"""One step of learning from several losses: balance, surgery, the adversary by itself, clip, step."""

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
    decay      weight decay; clip: largest norm of the network's gradient (text 3: 0.5)
    balance    inverse-magnitude weights, else equal ones; surgery: PCGrad over the cooperative objectives
    seed       of the order in which conflicts are projected
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
        seed: int = 0,
    ) -> None:
        self.model, self.objectives = model, dict(objectives)
        self.rate, self.clip, self.balance, self.surgery = rate, clip, balance, surgery
        groups = [{"params": [*model.parameters()], "name": "model", "scale": 1.0}]
        for name, objective in self.objectives.items():
            held = [*objective.parameters()]
            groups += [{"params": held, "name": name, "scale": objective.rate}] if held else []
        self.optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=decay, betas=(0.9, 0.98))
        self.generator = torch.Generator().manual_seed(seed)

    def step(
        self, losses: Mapping[str, Tensor], progress: float, synchronise: Synchronise | None = None
    ) -> dict[str, float]:
        """One step on the scalar losses by objective; returns everything that text 3 logs of it.

        ``synchronise`` averages gradients over processes, in place. Losses that are not finite are left out.
        """
        finite = {name: loss for name, loss in losses.items() if bool(torch.isfinite(loss))}
        mates = {n: loss for n, loss in finite.items() if self.objectives[n].cooperative}
        record = {f"train/loss/{n}": float(loss.detach()) for n, loss in losses.items()}
        record["train/skipped"] = float(len(losses) - len(finite))
        self._schedule(progress, record)
        self.optimizer.zero_grad(set_to_none=True)
        weights = self._weights({n: float(loss.detach()) for n, loss in mates.items()})
        record |= {f"train/loss_balancer/weight/{n}": w for n, w in weights.items()}
        total = sum(weights[n] * float(loss.detach()) for n, loss in mates.items())
        if mates:
            self._cooperate({n: weights[n] * loss for n, loss in mates.items()}, record)
        total -= self._oppose({n: loss for n, loss in finite.items() if n not in mates}, total, record)
        record["train/loss/total"] = total
        self._fill_absent()
        parameters = [p for g in self.optimizer.param_groups for p in g["params"]]
        if synchronise is not None:
            synchronise([p.grad for p in parameters])
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups[1:] for p in g["params"]], self.clip)
        record["train/gradients/model_grad_norm"] = float(norm)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
        for objective in self.objectives.values():
            objective.advance(progress)
        return record

    def state_dict(self) -> dict[str, Any]:
        """What the next step depends on, besides the weights."""
        return {"optimizer": self.optimizer.state_dict(), "generator": self.generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].to(torch.uint8).cpu())

    def _schedule(self, progress: float, record: dict[str, float]) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * group["scale"] * learning_rate(progress)
            record[f"train/lr/{group['name']}"] = group["lr"]
        record["train/progress/share"] = progress

    def _weights(self, losses: Mapping[str, float]) -> dict[str, float]:
        if self.balance and len(losses) > 1:
            return inverse_magnitude(losses)
        return {name: 1 / len(losses) for name in losses}

    def _cooperate(self, losses: Mapping[str, Tensor], record: dict[str, float]) -> None:
        """Gradients of the cooperative objectives: heads as they are, the network's after surgery."""
        if not self.surgery or len(losses) == 1:
            torch.stack([*losses.values()]).sum().backward()
            return
        shared = [*self.model.parameters()]
        rows = []
        for name, loss in losses.items():
            own = [p for p in self.objectives[name].parameters() if p.requires_grad]
            found = torch.autograd.grad(loss, [*shared, *own], allow_unused=True)
            rows.append(torch.cat([_filled(g, p).reshape(-1) for g, p in zip(found, shared, strict=False)]))
            for parameter, gradient in zip(own, found[len(shared) :], strict=True):
                parameter.grad = gradient
        done = project_conflicts(torch.stack(rows), self.generator)
        _spread(done.gradient, shared)
        record |= _told(done)

    def _oppose(self, losses: Mapping[str, Tensor], total: float, record: dict[str, float]) -> float:
        """A backward pass of their own for adversaries, whose reversal is in their graphs; what it takes from the
        total. The share that passes is bounded, so that the total cannot turn negative."""
        taken = 0.0
        for name, loss in losses.items():
            weight, value = float(getattr(self.objectives[name], "weight", 0.0)), float(loss.detach())
            allowed = bounded(weight, value, total)
            share = allowed / weight if weight > 0 else 1.0
            before = [p.grad for p in self.model.parameters()]
            for parameter in self.model.parameters():
                parameter.grad = None
            loss.backward()
            for parameter, kept in zip(self.model.parameters(), before, strict=True):
                own = parameter.grad
                parameter.grad = kept if own is None else own * share + (0 if kept is None else kept)
            record[f"train/{name}/lambda"] = allowed
            taken += allowed * value
        return taken

    def _fill_absent(self) -> None:
        """Every process must bring a gradient for every parameter, also for objectives that drew nothing."""
        for group in self.optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)


def _told(done: Surgery) -> dict[str, float]:
    return {
        "gradient_surgery/total_conflicts": float(done.conflicts),
        "gradient_surgery/total_projections": float(done.projections),
        "gradient_surgery/conflict_ratio": done.conflict_ratio,
        "gradient_surgery/mean_cosine": done.cosine,
    }


def _filled(gradient: Tensor | None, parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if gradient is None else gradient


def _spread(flat: Tensor, parameters: Iterable[nn.Parameter]) -> None:
    begin = 0
    for parameter in parameters:
        parameter.grad = flat[begin : begin + parameter.numel()].view_as(parameter).clone()
        begin += parameter.numel()
