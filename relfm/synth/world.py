"""What the tables made so far share."""

from dataclasses import dataclass, field

import numpy as np

from relfm.synth.population import SIZE, Population, draw_paths
from relfm.synth.schema import SchemaPlan
from relfm.synth.timeline import Timeline


@dataclass
class World:
    """Schema, time, communities (float32[C, SIZE] centres), everyone's path (float32[bins, 2]), the populations so far.

    histories  table -> float32[N, bins, 2]  how many events its rows drove in each bin, and the sum of what the events
               showed (the first of their signs)
    """

    schema: SchemaPlan
    timeline: Timeline
    centres: np.ndarray
    common: np.ndarray
    populations: list[Population] = field(default_factory=list)
    histories: dict[int, np.ndarray] = field(default_factory=dict)

    @classmethod
    def draw(cls, rng: np.random.Generator, schema: SchemaPlan, rows: int) -> "World":
        """A world without rows, for about ``rows`` of them."""
        timeline = Timeline.draw(rng, rows)
        centres = rng.standard_normal((int(rng.integers(2, 9)), SIZE), dtype=np.float32)
        one = draw_paths(rng, timeline, 1, [], np.zeros((timeline.bins, 2), np.float32))
        return cls(schema, timeline, centres, one[0])

    def remember(self, table: int, drivers: np.ndarray, times: np.ndarray, shown: np.ndarray) -> None:
        """Add events of rows ``drivers`` of ``table`` at ``times`` (seconds) that showed ``shown`` float32[n]."""
        count, bins = len(self.populations[table]), self.timeline.bins
        places = drivers * bins + self.timeline.bin_of(times)
        seen = [np.bincount(places, weights, count * bins).reshape(count, bins) for weights in (None, shown)]
        added = np.stack(seen, axis=2).astype(np.float32)
        self.histories[table] = self.histories[table] + added if table in self.histories else added
