"""What the panel in closed form made of a question, as the episode that a pretrained head reads."""

from dataclasses import dataclass

import numpy as np

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.mixture import Mixed
from relfm.experts.outputs import Outputs
from relfm.heads.episode import EXPERTS, LIKELIEST, Episode, log_odds
from relfm.task import TargetKind

MOST_INPUTS = 48
"""Features that an episode keeps of each row, most telling first."""


@dataclass(frozen=True)
class Panelled:
    """What the panel worked on: outputs and design fitted on the context, rows of both sides, float64[N] targets."""

    outputs: Outputs
    design: Design
    context: Rows
    queries: Rows
    targets: np.ndarray

    def over_states(self) -> "Panelled":
        """The same with learned states in place of features; what is telling among them is found anew."""
        shown = self.outputs.encode(self.targets)
        design = Design.fit(self.context.states, shown, MOST_INPUTS)
        sides = [Rows(r.states, design.transform(r.states)) for r in (self.context, self.queries)]
        return Panelled(self.outputs, design, *sides, self.targets)

    def episode(self, mixed: Mixed, query_targets: np.ndarray | None = None) -> Episode:
        """The held-out context rows with what each expert said of them, and the queries; ``query_targets`` float64[Q]
        only where the future is known (pretraining)."""
        outputs = self.outputs
        return Episode(
            context_odds=_odds(mixed.late_by_expert, outputs),
            query_odds=_odds(mixed.by_expert, outputs),
            context_inputs=self.context.scores[mixed.late][:, :MOST_INPUTS],
            query_inputs=self.queries.scores[:, :MOST_INPUTS],
            relevance=self.design.relevance[:MOST_INPUTS].astype(np.float32),
            context_shown=outputs.encode(self.targets[mixed.late]) > 0.5,
            present=np.array([name in mixed.by_expert for name in EXPERTS]),
            shares=_shares(mixed),
            costs=outputs.weights.astype(np.float32),
            is_number=outputs.kind not in (TargetKind.BINARY, TargetKind.MULTICLASS),
            num_labels=len(self.targets),
            num_features=self.context.values.shape[1],
            query_shown=None if query_targets is None else outputs.encode(query_targets) > 0.5,
        )


def _shares(mixed: Mixed) -> np.ndarray:
    """float32[E]: the mixture's weights of the experts that heads know, summing to 1."""
    shares = np.array([mixed.weights.get(name, 0.0) for name in EXPERTS], np.float32)
    total = float(shares.sum())
    return shares / total if total > 0 else np.full(len(EXPERTS), 1 / len(EXPERTS), np.float32)


def _odds(by_expert: dict[str, np.ndarray], outputs: Outputs) -> np.ndarray:
    """float32[N, E, K], 0 for absent experts."""
    rows = len(next(iter(by_expert.values())))
    out = np.zeros((rows, len(EXPERTS), outputs.num_outputs), np.float32)
    for slot, name in enumerate(EXPERTS):
        if name in by_expert:
            out[:, slot] = log_odds(by_expert[name]).clip(-LIKELIEST, LIKELIEST)
    return out
