"""Closed forms: ridge and logistic regression over a path of strengths, each strength reusing the others' work.

The penalty is ``strength * sum(weights) * |coefficients|^2`` and never touches the intercept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NEWTON_STEPS = 10
LOSS_TOLERANCE = 2e-5
"""A step that lowers the loss by less than this per row is the last."""
STALE_CURVATURE = 0.3
CURVATURE_ROWS = 4096


def ridge_path(
    inputs: np.ndarray, outputs: np.ndarray, weights: np.ndarray, queries: np.ndarray, strengths: Sequence[float]
) -> list[np.ndarray]:
    """For each strength float64[Q, K]: predictions of ``outputs`` float32[N, K] from ``inputs`` float32[N, D]."""
    total = float(weights.sum())
    centre, mean = _mean(inputs, weights), _mean(outputs, weights)
    centred = inputs - centre
    weighted = centred * weights[:, None]
    gram = (weighted.T @ centred).astype(np.float64)
    moment = (weighted.T @ (outputs - mean)).astype(np.float64)
    shifted = (queries - centre).astype(np.float32)
    out = []
    for strength in strengths:
        coefficients = _solve(gram, moment, strength * total)
        out.append(shifted @ coefficients.astype(np.float32) + mean)
    return out


@dataclass(frozen=True)
class Line:
    """A fitted line: the log-odds of rows are ``(row - centre) @ coefficients + bias``."""

    centre: np.ndarray
    coefficients: np.ndarray
    bias: float

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """float64[Q]: the log-odds of ``rows`` float32[Q, D]."""
        shifted = (rows - self.centre).astype(np.float32)
        return (shifted @ self.coefficients.astype(np.float32)).astype(np.float64) + self.bias


def logistic_lines(
    inputs: np.ndarray, target: np.ndarray, weights: np.ndarray, strengths: Sequence[float]
) -> list[Line]:
    """For each strength the line to the log-odds of ``target`` (float32[N] of 0 and 1) from ``inputs`` float32[N, D].

    Newton's method from the strongest penalty to the weakest, each starting where the last stopped. The curvature is
    computed anew only when it has changed much, because it costs D times as much as a step; steps are halved until the
    loss falls, because Newton's method overshoots on rare targets.
    """
    problem = _Logistic(inputs, target, weights)
    found = {}
    for strength in sorted(strengths, reverse=True):
        problem.minimise(strength)
        found[strength] = Line(problem.centre, problem.coefficients, problem.bias)
    return [found[s] for s in strengths]


def logistic_path(
    inputs: np.ndarray, target: np.ndarray, weights: np.ndarray, queries: np.ndarray, strengths: Sequence[float]
) -> list[np.ndarray]:
    """For each strength float64[Q]: the log-odds of ``target`` for ``queries`` float32[Q, D]."""
    return [line(queries) for line in logistic_lines(inputs, target, weights, strengths)]


class _Logistic:
    """Penalised logistic loss over centred inputs, and the point reached so far."""

    def __init__(self, inputs: np.ndarray, target: np.ndarray, weights: np.ndarray) -> None:
        self.centre = _mean(inputs, weights)
        self.inputs = (inputs - self.centre).astype(np.float32)
        self.target, self.weights = target.astype(np.float32), weights.astype(np.float32)
        self.total = float(weights.sum())
        rate = float(np.clip((weights @ target) / self.total, 1e-4, 1 - 1e-4))
        self.coefficients, self.bias = np.zeros(inputs.shape[1]), float(np.log(rate / (1 - rate)))
        self._curvature: np.ndarray | None = None

    def minimise(self, strength: float) -> None:
        penalty = strength * self.total
        value, odds = self._loss(self.coefficients, self.bias, penalty)
        for _ in range(NEWTON_STEPS):
            p = 1 / (1 + np.exp(-odds))
            self._refresh(np.maximum(p * (1 - p), 1e-4) * self.weights)
            error = (p - self.target) * self.weights
            slope = (self.inputs.T @ error).astype(np.float64) - self._middle * float(error.sum())
            step = _solve(self._gram, slope + penalty * self.coefficients, penalty)
            shift = float(error.sum() / self._mass) - float(self._middle @ step)
            size = 1.0
            while True:
                coefficients, bias = self.coefficients - size * step, self.bias - size * shift
                after, odds_after = self._loss(coefficients, bias, penalty)
                if after < value or size < 0.05:
                    break
                size /= 2
            if after >= value:
                return
            self.coefficients, self.bias, odds = coefficients, bias, odds_after
            if value - after < LOSS_TOLERANCE * self.total:
                return
            value = after

    def _loss(self, coefficients: np.ndarray, bias: float, penalty: float) -> tuple[float, np.ndarray]:
        odds = self.inputs @ coefficients.astype(np.float32) + np.float32(bias)
        each = np.logaddexp(0, odds) - self.target * odds
        return float(self.weights @ each) + 0.5 * penalty * float(coefficients @ coefficients), odds

    def _refresh(self, curvature: np.ndarray) -> None:
        old = self._curvature
        if old is not None and np.abs(curvature - old).sum() < STALE_CURVATURE * old.sum():
            return
        self._curvature = curvature.astype(np.float32)
        self._mass = float(curvature.sum())
        middle = (self._curvature @ self.inputs) / self._mass
        # Slopes are exact, so the curvature may come from a sample of the rows: it costs D times as much as a slope.
        step = max(1, len(self.inputs) // CURVATURE_ROWS)
        spread = self.inputs[::step] - middle
        root = np.sqrt(self._curvature[::step] * (self._mass / float(self._curvature[::step].sum())))
        spread *= root[:, None]
        self._gram = (spread.T @ spread).astype(np.float64)
        self._middle = middle.astype(np.float64)


def _solve(gram: np.ndarray, moment: np.ndarray, penalty: float) -> np.ndarray:
    damped = gram.copy()
    damped[np.diag_indices_from(damped)] += penalty + 1e-6 * max(1.0, float(np.trace(gram)) / max(len(gram), 1))
    # Not SciPy's Cholesky: SciPy brings a second BLAS, and the two libraries' idle threads spin against each other.
    return np.linalg.solve(damped, moment)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (weights.astype(np.float32) @ values / np.float32(weights.sum())).astype(np.float32)
