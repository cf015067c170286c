"""Experts in closed form: each maps (context inputs, context outputs, query inputs) to probabilities, with no training.

All share one solver; they differ in the basis on which it works: straight lines, steps, conjunctions, a kernel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from relfm.experts.design import Design
from relfm.experts.outputs import Outputs
from relfm.experts.solve import logistic_path, ridge_path
from relfm.task import TargetKind

MIN_SHARE = 0.01


@dataclass(frozen=True)
class Rows:
    """Rows of one side (context or queries): raw features float32[N, F], normal scores float32[N, M], and where a
    pretrained network looked at them, its states float32[N, D]."""

    values: np.ndarray
    scores: np.ndarray
    states: np.ndarray | None = None

    def take(self, index: np.ndarray) -> "Rows":
        return Rows(self.values[index], self.scores[index], None if self.states is None else self.states[index])


class Basis(Protocol):
    """Makes columns out of rows; what it fits, it fits on the context."""

    def columns(self, design: Design, context: Rows, queries: Rows) -> tuple[np.ndarray, np.ndarray]:
        """float32[N, D] and float32[Q, D]."""
        ...


@dataclass(frozen=True)
class Lines:
    """The ``width`` most telling normal scores themselves."""

    width: int

    def columns(self, design: Design, context: Rows, queries: Rows) -> tuple[np.ndarray, np.ndarray]:
        return context.scores[:, : self.width], queries.scores[:, : self.width]


@dataclass(frozen=True)
class Steps:
    """Steps at quantiles of the ``width`` most telling features, and whether each is missing: thresholds and bends."""

    width: int
    bins: int = 8

    def columns(self, design: Design, context: Rows, queries: Rows) -> tuple[np.ndarray, np.ndarray]:
        left, right = [context.scores[:, : self.width]], [queries.scores[:, : self.width]]
        for column in design.columns[: self.width]:
            cell, other = context.values[:, column], queries.values[:, column]
            missing = np.isnan(cell)
            ordered = np.sort(cell[~missing])
            if len(ordered) == 0:
                continue
            at = np.linspace(0, len(ordered) - 1, self.bins + 1).astype(np.int64)[1:-1]
            edges = np.unique(ordered[at])
            left.append(_sign(cell[:, None] > edges))
            right.append(_sign(other[:, None] > edges))
            if MIN_SHARE < missing.mean() < 1 - MIN_SHARE:
                left.append(missing[:, None].astype(np.float32))
                right.append(np.isnan(other)[:, None].astype(np.float32))
        return np.concatenate(left, axis=1), np.concatenate(right, axis=1)


@dataclass(frozen=True)
class Conjunctions:
    """Random conjunctions of two or three half-lines of telling features: interactions without growing a tree."""

    width: int
    number: int
    seed: int = 0

    def columns(self, design: Design, context: Rows, queries: Rows) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(self.seed)
        scores, other = context.scores[:, : self.width], queries.scores[:, : self.width]
        width = scores.shape[1]
        if width == 0:
            return scores, other
        chance = design.relevance[:width] ** 2 + 1e-9
        depth = generator.integers(2, 4, self.number)
        picks = generator.choice(width, (self.number, 3), p=chance / chance.sum())
        places = generator.integers(len(scores), size=(self.number, 3))
        upward = generator.random((self.number, 3)) < 0.5
        edges = scores[places, picks]
        met, other_met = (_all_met(rows, picks, edges, upward, depth) for rows in (scores, other))
        share = met.mean(axis=0)
        kept = (share > MIN_SHARE) & (share < 1 - MIN_SHARE)
        scale = 2 * np.sqrt(share * (1 - share))[kept]
        low, high = (((value - share[kept]) / scale).astype(np.float32) for value in (0, 1))
        left, right = (np.where(side[:, kept], high, low) for side in (met, other_met))
        return _beside(scores, left), _beside(other, right)


@dataclass(frozen=True)
class Waves:
    """Random Fourier features of a Gaussian kernel over the telling features, each as wide as it is telling."""

    width: int
    number: int
    bandwidth: float = 0.5
    seed: int = 0

    def columns(self, design: Design, context: Rows, queries: Rows) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(self.seed)
        width = min(self.width, design.num_columns)
        scale = design.relevance[:width] / max(design.relevance[:width].sum() / max(width, 1), 1e-9)
        directions = generator.standard_normal((width, self.number)) * self.bandwidth / np.sqrt(max(width, 1))
        directions = (directions * scale[:, None]).astype(np.float32)
        phase = (generator.random(self.number) * 2 * np.pi).astype(np.float32)
        scores, other = context.scores[:, :width], queries.scores[:, :width]
        return (
            _beside(scores, np.sqrt(2) * np.cos(scores @ directions + phase)),
            _beside(other, np.sqrt(2) * np.cos(other @ directions + phase)),
        )


@dataclass(frozen=True)
class StateLines:
    """The learned states themselves, each component at its spread over the context."""

    def columns(self, design: Design, context: Rows, queries: Rows) -> tuple[np.ndarray, np.ndarray]:
        centre = context.states.mean(axis=0)
        spread = context.states.std(axis=0) + 1e-4
        return tuple(((r.states - centre) / spread).clip(-5, 5).astype(np.float32) for r in (context, queries))


@dataclass(frozen=True)
class ClosedForm:
    """Regularised logistic regression (one output) or ridge on every output, over a basis."""

    name: str
    basis: Basis
    strengths: Sequence[float] = field(default=(0.03, 0.1, 0.3, 1.0))

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, queries: Rows
    ) -> list[np.ndarray]:
        """For each strength float64[Q, K] probabilities; ``shown`` float32[N, K] are the context's outputs."""
        left, right = self.basis.columns(design, context, queries)
        weights = np.ones(len(left), np.float32)
        if outputs.kind == TargetKind.BINARY:
            odds = logistic_path(left, shown[:, 0], weights, right, self.strengths)
            found = [(1 / (1 + np.exp(-o)))[:, None] for o in odds]
        else:
            found = ridge_path(left, shown, weights, right, self.strengths)
        return [outputs.normalise(p) for p in found]


def _all_met(
    rows: np.ndarray, picks: np.ndarray, edges: np.ndarray, upward: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """bool[N, C]: whether a row lies on the right side of the first ``depth`` of a conjunction's edges."""
    columns = np.ascontiguousarray(rows.T)  # whole columns are picked, so each lies in one piece
    met = np.ones((len(picks), len(rows)), bool)
    for k in range(picks.shape[1]):
        met &= ((columns[picks[:, k]] > edges[:, k, None]) == upward[:, k, None]) | (depth <= k)[:, None]
    return met.T


def _sign(met: np.ndarray) -> np.ndarray:
    return np.where(met, np.float32(0.5), np.float32(-0.5))


def _beside(scores: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.concatenate([scores, columns.astype(np.float32)], axis=1)
