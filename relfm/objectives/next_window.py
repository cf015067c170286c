"""Next-window forecast: how many rows will point at this one soon, and will any? The question behind most questions."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.text import text_vectors
from relfm.objectives.node_property import visible_children
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.sampler import Neighbourhood
from relfm.times import DAY, MISSING_TIME, TIMELESS

SEEDS, ATTEMPTS = 128, 6
SHARES = (0.005, 0.3)
"""The window's length as a share of the link's span in time, drawn evenly in logarithms."""


@dataclass(frozen=True)
class WindowDraw:
    """counts int64[S]: rows that came in (seen, seen + window] by the link; window in microseconds."""

    link: int
    window: int
    hood: Neighbourhood
    counts: np.ndarray


class NextWindow(Objective):
    """Log loss of whether any comes plus squared error of the standardised log count; one link and window a draw."""

    name = "next_window"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width + config.text_dim + 1, 2, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> WindowDraw | None:
        links, tables = world.database.links, world.database.tables
        dated = np.array([len(k.children) if len(k.children) and tables[k.child].times.max() > TIMELESS else 0
                          for k in links], float) ** 0.5  # fmt: skip
        if not dated.sum():
            return None
        tries = (
            self._drawn(world, int(generator.choice(len(links), p=dated / dated.sum())), generator)
            for _ in range(ATTEMPTS)
        )
        return next((found for found in tries if found is not None), None)

    def _drawn(self, world: World, index: int, generator: np.random.Generator) -> WindowDraw | None:
        links, tables = world.database.links, world.database.tables
        link = links[index]
        times = tables[link.child].times[link.children]
        times = times[(times > TIMELESS) & (times <= world.until)]
        if len(times) < 16:
            return None
        first, last = np.quantile(times, [0.05, 1.0])
        window = int((last - first) * np.exp(generator.uniform(*np.log(SHARES))))
        at = int(generator.choice(times))
        at = min(at, int(last) - window)
        own = tables[link.parent].times
        parents = np.unique(link.parents[link.children])
        parents = parents[(own[parents] != MISSING_TIME) & (own[parents] <= at)]
        if len(parents) < 8 or window <= 0 or at <= first:
            return None
        rows = np.sort(generator.choice(parents, min(SEEDS, len(parents)), replace=False))
        seen = np.full(len(rows), at)
        counted = [
            visible_children(world, link.child, link.start, link.children, rows, s) for s in (seen + window, seen)
        ]
        counts = counted[0] - counted[1]
        if np.ptp(counts) == 0:
            return None
        return WindowDraw(index, window, world.sampler.sample(link.parent, rows, seen, self.fanout), counts)

    def forward(self, model: RelationalModel, world: World, drawn: WindowDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        device = states.device
        name = text_vectors(world.database, np.array([world.database.links[drawn.link].name]), device)
        length = torch.full((len(states), 1), float(np.log1p(drawn.window / DAY)) / 4, device=device)
        told = self.head(torch.cat([states, name.expand(len(states), -1), length], dim=-1)).float()
        any_ = torch.from_numpy((drawn.counts > 0).astype(np.float32)).to(device)
        logs = np.log1p(drawn.counts)
        spread = max(float(logs.std()), 1e-3)
        wanted = torch.from_numpy(((logs - logs.mean()) / spread).clip(-3, 3).astype(np.float32)).to(device)
        lost = functional.binary_cross_entropy_with_logits(told[:, 0], any_) + functional.mse_loss(told[:, 1], wanted)
        rate = float(any_.mean())
        entropy = -sum(p * np.log(p) for p in (rate, 1 - rate) if p > 0)
        return Loss(lost, {"rate": rate}, entropy + float(wanted.var(unbiased=False)))
