"""Next-window forecast: how many rows will point at this one soon, and will any? The question behind most questions."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.model.text import text_vectors
from relfm.objectives.auroc import auroc
from relfm.objectives.children import visible_children
from relfm.objectives.known import by_root, known, visible
from relfm.objectives.objective import Loss, Objective, World, mlp
from relfm.objectives.seeds import Seeds
from relfm.sampler import Neighbourhood
from relfm.tensors import LinkTensors
from relfm.times import DAY, TIMELESS

SEEDS, LEAST = 128, 8
MOST_LINKS = 4
LEAST_EVENTS = 16
LEAST_SPREAD = 0.3
ATTEMPTS = 4
SHARES = (0.005, 0.3)
"""The window's length as a share of the link's span in time, drawn evenly in logarithms."""


@dataclass(frozen=True)
class WindowDraw:
    """counts int64[S, L]: rows that came in (seen, seen + window] by each of ``links`` int64[L]; window in
    microseconds."""

    seeds: Seeds
    links: np.ndarray
    window: int
    hood: Neighbourhood
    counts: np.ndarray


class NextWindow(Objective):
    """Log loss of whether any comes, plus squared error of the log count as a difference from the draw's mean, in units
    of its spread there (how much is usual, the log loss asks). Links of one parent table, one window; half of the seeds
    have just had a child by the first link, half are any rows."""

    name = "next_window"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.head = mlp(config.width + config.text_dim + 1, 2, config.width)

    def draw(self, world: World, generator: np.random.Generator) -> WindowDraw | None:
        events = _events(world)
        for _ in range(ATTEMPTS):
            first = by_root(events, generator)
            if first is None:
                return None
            drawn = _moments(world, first, generator)
            if drawn is None:
                continue
            seeds, window = drawn
            others = [i for i, k in enumerate(world.database.links) if k.parent == seeds.table and events[i]]
            others = generator.permutation([i for i in others if i != first])
            links = np.array([first, *others[: MOST_LINKS - 1]], np.int64)
            counts = np.stack([_coming(world, world.database.links[i], seeds, window) for i in links], axis=1)
            told = np.ptp(counts, axis=0) > 0
            if not told.any():
                continue
            hood = world.sampler.sample(seeds.table, seeds.rows, seeds.seen, self.fanout)
            return WindowDraw(seeds, links[told], window, hood, counts[:, told])
        return None

    def forward(self, model: RelationalModel, world: World, drawn: WindowDraw) -> Loss:
        states = model.states(world.database, drawn.hood, RowBank(model, world.database, world.until))
        device, (size, links) = states.device, drawn.counts.shape
        named = np.array([world.database.links[i].name for i in drawn.links])
        names = text_vectors(world.database, named, device).expand(size, -1, -1)
        length = torch.full((size, links, 1), float(np.log1p(drawn.window / DAY)) / 4, device=device)
        told = self.head(torch.cat([states[:, None].expand(-1, links, -1), names, length], dim=-1)).float()
        some = drawn.counts > 0
        logs = np.log1p(drawn.counts)
        spread = np.maximum(logs.std(axis=0), LEAST_SPREAD)
        wanted = (logs - logs.mean(axis=0)) / spread
        any_, apart, scale = (torch.from_numpy(a.astype(np.float32)).to(device) for a in (some, wanted, spread))
        count = (told[..., 1] - told[..., 1].mean(dim=0)) / scale
        lost = functional.binary_cross_entropy_with_logits(told[..., 0], any_) + functional.mse_loss(count, apart)
        rate = some.mean(axis=0).clip(1e-9, 1 - 1e-9)
        entropy = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
        metrics = {"rate": float(some.mean()), **auroc(told[:, 0, 0], some[:, 0])}
        return Loss(lost, metrics, float((entropy + wanted.var(axis=0)).mean()))


def _events(world: World) -> list[int]:
    """How many events came by each link; 0 for too few, and for timeless rows."""
    tables, events = world.database.tables, []
    for link, children in zip(world.database.links, known(world).children, strict=True):
        dated = len(children) >= LEAST_EVENTS and tables[link.child].times[children[0]] > TIMELESS
        events.append(len(children) if dated else 0)
    return events


def _coming(world: World, link: LinkTensors, seeds: Seeds, window: int) -> np.ndarray:
    ends = [visible_children(world, link, seeds.rows, seen) for seen in (seeds.seen, seeds.seen + window)]
    return ends[1] - ends[0]


def _moments(world: World, index: int, generator: np.random.Generator) -> tuple[Seeds, int] | None:
    """Parent rows, each as of a moment whose window of the drawn length (microseconds) ends within the data."""
    link, children = world.database.links[index], known(world).children[index]
    times = world.database.tables[link.child].times
    thinned = times[children[:: max(1, len(children) // 4096)]]
    first, last = int(np.quantile(thinned, 0.05)), int(times[children].max())
    window = int((last - first) * np.exp(generator.uniform(*np.log(SHARES))))
    moments = thinned[(thinned >= first) & (thinned > TIMELESS) & (thinned <= last - window)]
    if not window or not len(moments):
        return None
    count = world.sized(SEEDS, 2 * LEAST)
    event = children[generator.integers(len(children), size=count // 2)]
    event = event[(times[event] >= first) & (times[event] <= last - window)]
    soon = times[event] + (window * generator.random(len(event))).astype(np.int64)
    rows = generator.choice(known(world).rows[link.parent], count - len(event))
    seen = np.concatenate([np.minimum(soon, last - window), generator.choice(moments, len(rows))])
    rows = np.concatenate([link.parents[event], rows])
    there = visible(world, link.parent, rows, seen)
    return (Seeds(link.parent, rows[there], seen[there]), window) if there.sum() >= LEAST else None
