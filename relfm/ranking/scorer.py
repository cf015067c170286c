"""Pairs scored by the same mixture of experts as yes-or-no questions, with the sampling of the context undone.

The experts see a sample of the pairs, so their log-odds are shifted back to what they would have been without it.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from relfm.calibration import Temperature
from relfm.experts.closed import ClosedForm, Conjunctions, Lines, Rows, Steps, Waves
from relfm.experts.design import Design
from relfm.experts.mixture import Expert, mix
from relfm.experts.outputs import Outputs
from relfm.experts.panel import BUDGETS, Effort
from relfm.experts.plain import History, Prior
from relfm.experts.solve import Line, logistic_lines
from relfm.features import FeatureMatrix
from relfm.task import TargetKind

WIDTH = 32
NUM_RANDOM = 400
STRENGTHS = (0.03, 0.3, 3.0)


@dataclass(frozen=True)
class Scorer:
    """A context of pairs, ready to score others.

    given    features of C pairs; ``targets`` float64[C] whether each was listed; ``shift`` undoes their sampling
    split    positions (early, late) in the context
    past     names of the features that sum up a pair's past
    """

    given: FeatureMatrix
    targets: np.ndarray
    shift: float
    split: tuple[np.ndarray, np.ndarray]
    past: tuple[str, ...]
    effort: Effort
    seed: int

    @cached_property
    def design(self) -> Design | None:
        """None where nothing can be told apart: one class, nothing to hold out, or no telling feature."""
        if len(np.unique(self.targets)) < 2 or min(len(part) for part in self.split) == 0:
            return None
        shown = self.targets[:, None].astype(np.float32)
        design = Design.fit(self.given.values, shown, BUDGETS[self.effort].width)
        return design if design.num_columns else None

    def score(self, asked: np.ndarray) -> "Scored":
        """Probabilities of pairs with features float32[P, F]; all the same where nothing can be told apart."""
        if self.design is None:
            rate = np.full(len(asked), (self.targets.sum() + 0.5) / (len(self.targets) + 1))
            return Scored(rate, rate, {"prior": 1.0})
        outputs = Outputs.of(TargetKind.BINARY, self.targets)
        left = Rows(self.given.values, self.design.transform(self.given.values))
        right = Rows(asked, self.design.transform(asked))
        whole = [np.arange(len(self.targets))]
        mixed = mix(self._experts, self.design, outputs, left, self.targets, right, self.split, whole)
        held, rate = self.targets[mixed.late], float(self.targets.mean())
        temperature = Temperature.fit(mixed.late_probabilities[:, 0], held, rate)
        plain = mixed.by_expert.get("history", mixed.by_expert["prior"])[:, 0]
        told = self._unsampled(temperature(mixed.probabilities[:, 0]))
        return Scored(told, self._unsampled(plain), dict(mixed.weights))

    @cached_property
    def _experts(self) -> list[Expert]:
        """The same for all parts of the queries, so that they keep what they fitted."""
        columns = tuple(self.given.names.index(n) for n in self.past if n in self.given.names)
        return panel_of_pairs(self.effort, columns, self.seed)

    def _unsampled(self, probabilities: np.ndarray) -> np.ndarray:
        p = np.clip(probabilities, 1e-9, 1 - 1e-9)
        return 1 / (1 + np.exp(-(np.log(p / (1 - p)) + self.shift)))


@dataclass(frozen=True)
class FittedOnce(ClosedForm):
    """A closed form of yes or no that fits one context once, however many parts its queries are scored in.

    fitted  the lines by how many rows of the context they were fitted on (its early part or all) and at which strengths
    """

    fitted: dict[tuple[int, tuple[float, ...]], list[Line]] = field(default_factory=dict, compare=False, repr=False)

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, queries: Rows
    ) -> list[np.ndarray]:
        """For each strength float64[Q, 1] probabilities."""
        left, right = self.basis.columns(design, context, queries)
        key = len(left), tuple(self.strengths)
        if key not in self.fitted:
            weights = np.ones(len(left), np.float32)
            self.fitted[key] = logistic_lines(left, shown[:, 0], weights, self.strengths)
        return [outputs.normalise((1 / (1 + np.exp(-line(right))))[:, None]) for line in self.fitted[key]]


def panel_of_pairs(effort: Effort, past: tuple[int, ...], seed: int) -> list[Expert]:
    """Few features and strong penalties: pairs share their items and moments, so they tell less than their number."""
    experts: list[Expert] = [Prior(), History(past)] if past else [Prior()]
    experts.append(FittedOnce("linear", Lines(BUDGETS[effort].width), STRENGTHS))
    experts.append(FittedOnce("steps", Steps(WIDTH), STRENGTHS))
    if effort != Effort.FAST:
        experts.append(FittedOnce("conjunctions", Conjunctions(WIDTH, NUM_RANDOM, seed), STRENGTHS))
        experts.append(FittedOnce("waves", Waves(WIDTH, NUM_RANDOM, seed=seed), STRENGTHS))
    return experts


@dataclass(frozen=True)
class Scored:
    """probabilities, plain (of pairs' past alone) float64[P]; the experts' weights."""

    probabilities: np.ndarray
    plain: np.ndarray
    weights: dict[str, float]
