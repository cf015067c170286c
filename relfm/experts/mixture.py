"""The mixture: experts weighted by what they lost out of fold on the latest part of the context.

1. the context is split in time; each expert is fitted on the earlier part and predicts the latest one;
2. each expert's strength is the one that lost least there; the weights are the convex combination that loses least;
3. the experts are fitted again on the whole context and predict the queries; log-odds (of numbers: distributions) are
   pooled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind
from relfm.threads import side_by_side

LATE_SHARE = 0.3
MIN_LATE = 20
CROSSED_SHARE, CROSSED_ROWS = 0.9, 3_000
"""What answers parts of a context from the others: the experts that have most of the weight, fitted on so many rows.
Levels are all that is read of it, and an answer waits for it."""

PULL_ROWS = 5.0
"""Equal shares are worth as much as so many rows of evidence."""


class Expert(Protocol):
    """Maps a context to the outputs of queries, for each of its strengths."""

    @property
    def name(self) -> str: ...

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, queries: Rows
    ) -> list[np.ndarray]: ...


@dataclass(frozen=True)
class Mixed:
    """probabilities float64[Q, K]; each expert's own; weights by expert; what was held out and predicted there.

    points  float64[L] and float64[Q]: an expert's direct answers to held-out rows and queries, where the target is a
            number and may follow from others more closely than the thresholds lie
    apart   float64[N, K]: each part of the context answered from the others, where that was asked for
    """

    probabilities: np.ndarray
    by_expert: dict[str, np.ndarray]
    weights: dict[str, float]
    late: np.ndarray
    late_probabilities: np.ndarray
    late_by_expert: dict[str, np.ndarray]
    points: tuple[np.ndarray, np.ndarray] | None = None
    apart: np.ndarray | None = None


Answers = tuple[str, np.ndarray, np.ndarray]


def split_late(
    cutoffs: np.ndarray, closes: np.ndarray, seen: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (early, late): the latest cutoffs, and the rows that had closed before any of them was seen.

    A context of too few cutoffs is split by entity instead: every third entity is held out. That of a single entity is
    split in time in any case.
    """
    moments, first = np.unique(np.sort(cutoffs), return_index=True)
    share = 1 - first / len(cutoffs)  # share of rows at or after each moment
    late = np.flatnonzero(cutoffs >= moments[share >= LATE_SHARE][-1])
    early = np.flatnonzero(closes <= seen[late].min())
    if len(early) >= len(cutoffs) * 0.3 and len(late) >= MIN_LATE:
        return early, late
    held = rows % 3 == 0
    if held.all() or not held.any():
        return _split_alone(cutoffs, closes, seen)
    return np.flatnonzero(~held), np.flatnonzero(held)


def _split_alone(cutoffs: np.ndarray, closes: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The latest third, and what had closed before it; the whole rest where nothing had. Neither is ever empty."""
    order = np.argsort(cutoffs, kind="stable")
    late = np.sort(order[-max(1, len(order) // 3) :])
    rest = np.setdiff1d(order, late) if len(order) > 1 else order
    early = rest[closes[rest] <= seen[late].min()]
    return early if len(early) else rest, late


def mix(
    experts: Sequence[Expert],
    design: Design,
    outputs: Outputs,
    context: Rows,
    targets: np.ndarray,
    queries: Rows,
    split: tuple[np.ndarray, np.ndarray],
    pools: Sequence[np.ndarray],
    parts: Sequence[np.ndarray] = (),
) -> Mixed:
    """Steps 1 to 3 above; ``split`` holds positions (early, late) of the context.

    ``pools`` are positions of the contexts that step 3 fits and averages: all of it, its latest half, ...: what drifts
    is learned from the latter, what is rare from the former. ``parts`` divide the context, if each of them is to be
    answered from the others as well.
    """
    shown = outputs.encode(targets)
    early, late = split
    past, held = context.take(early), context.take(late)

    def chosen(expert: Expert) -> tuple[Expert, np.ndarray]:
        path = expert.path(design, outputs, past, shown[early], held)
        best = int(np.argmin([loss(outputs, p, shown[late]) for p in path]))
        return at_strength(expert, best), path[best]

    def answered(expert: Expert) -> np.ndarray:
        answers = [expert.path(design, outputs, context.take(p), shown[p], queries)[0] for p in pools]
        return pool(outputs, answers, np.full(len(answers), 1 / len(answers)))

    def crossed(expert: Expert) -> np.ndarray:
        told = np.empty(shown.shape)
        for part in parts:
            rest = np.setdiff1d(np.arange(len(shown)), part)
            rest = rest[np.linspace(0, len(rest) - 1, min(len(rest), CROSSED_ROWS)).astype(np.int64)]
            fitted = context.take(rest), shown[rest]
            told[part] = expert.path(design, outputs, *fitted, context.take(part))[0]
        return told

    settled = side_by_side([partial(chosen, expert) for expert in experts])
    late_by_expert = {expert.name: told for expert, told in settled}
    shares = convex_weights(outputs, list(late_by_expert.values()), shown[late])
    answers = side_by_side([partial(answered, expert) for expert, _ in settled])
    by_expert = dict(zip(late_by_expert, answers, strict=True))
    apart = None
    if len(parts):
        heaviest = np.argsort(-shares, kind="stable")
        heaviest = heaviest[: np.searchsorted(np.cumsum(shares[heaviest]), CROSSED_SHARE) + 1]
        told = side_by_side([partial(crossed, settled[i][0]) for i in heaviest])
        apart = pool(outputs, told, shares[heaviest] / shares[heaviest].sum())
    return Mixed(
        pool(outputs, list(by_expert.values()), shares),
        by_expert,
        dict(zip(late_by_expert, shares.tolist(), strict=True)),
        late,
        pool(outputs, list(late_by_expert.values()), shares),
        late_by_expert,
        apart=apart,
    )


def joined(outputs: Outputs, mixed: Mixed, found: Sequence[Answers], trust: float) -> Mixed:
    """The mixture with more experts: (name, float64[L, K] of the held-out rows, float64[Q, K] of the queries) each.
    ``trust`` of the weight goes to them in equal shares, whatever this context says."""
    if not found:
        return mixed
    late = mixed.late_by_expert | {name: known for name, known, _ in found}
    asked = mixed.by_expert | {name: answer for name, _, answer in found}
    weights = {name: (1 - trust) * share for name, share in mixed.weights.items()}
    weights |= {name: trust / len(found) for name, _, _ in found}
    shares = [weights[name] for name in late]
    return replace(
        mixed,
        probabilities=pool(outputs, list(asked.values()), shares),
        by_expert=asked,
        weights=weights,
        late_probabilities=pool(outputs, list(late.values()), shares),
        late_by_expert=late,
    )


def at_strength(expert: Expert, index: int) -> Expert:
    """The same expert with a path of one."""
    for name in ("strengths", "bandwidths", "columns"):
        path = getattr(expert, name, None)
        if path is not None:
            return replace(expert, **{name: (path[index],)})
    return expert


def pool(outputs: Outputs, parts: Sequence[np.ndarray], shares: np.ndarray) -> np.ndarray:
    """float64[Q, K]: log-odds averaged for classes, distributions for numbers."""
    if outputs.kind in (TargetKind.BINARY, TargetKind.MULTICLASS):
        odds = sum(s * np.log(p / (1 - p)) for s, p in zip(shares, parts, strict=True) if s > 0)
        return outputs.normalise(1 / (1 + np.exp(-odds)))
    return outputs.normalise(sum(s * p for s, p in zip(shares, parts, strict=True) if s > 0))


def loss(outputs: Outputs, probabilities: np.ndarray, shown: np.ndarray) -> float:
    """Log loss for classes; the continuous ranked probability score (in units of the target's range) for numbers."""
    if outputs.kind in (TargetKind.BINARY, TargetKind.MULTICLASS):
        odds = centred_odds(probabilities, shown)
        return float((np.logaddexp(0, odds) - shown * odds).mean())
    return float((((probabilities - shown) ** 2) @ outputs.weights).mean())


def centred_odds(probabilities: np.ndarray, shown: np.ndarray, steps: int = 8) -> np.ndarray:
    """float64[N, K] log-odds, each output shifted so that its mean probability is its base rate in ``shown``.

    The base rate of the held-out rows drifts away from that of the earlier ones; an expert that happens to err in the
    direction of the drift is not the better expert, and the fit on the whole context sees the drift anyway.
    """
    odds = np.log(probabilities / (1 - probabilities)).astype(np.float64)
    rate = np.clip(shown.mean(axis=0), 0.5 / len(shown), 1 - 0.5 / len(shown))
    shift = np.zeros(odds.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(odds + shift)))
        shift = shift - (p.mean(axis=0) - rate) / np.maximum((p * (1 - p)).mean(axis=0), 1e-4)
        shift = np.clip(shift, -4, 4)
    return odds + shift


def convex_weights(outputs: Outputs, parts: Sequence[np.ndarray], shown: np.ndarray, steps: int = 100) -> np.ndarray:
    """float64[E] on the simplex: the pooled loss plus a small pull towards equal shares, by exponentiated gradient
    whose step is halved whenever the loss would rise."""
    objective = _PooledLoss(outputs, parts, shown)
    shares = np.full(len(parts), 1 / len(parts))
    value, slope = objective(shares)
    rate = 1.0 / max(float(np.ptp(slope)), 1e-9)
    for _ in range(steps):
        moved = shares * np.exp(-np.clip(rate * (slope - shares @ slope), -2, 2))
        moved = moved / moved.sum()
        after, slope_after = objective(moved)
        if after > value:
            rate /= 2
            continue
        is_settled = value - after < 1e-7 * max(value, 1e-9)
        shares, value, slope, rate = moved, after, slope_after, rate * 1.3
        if is_settled:
            break
    return shares


class _PooledLoss:
    """The loss of pooled predictions as a function of the shares, and its slope."""

    def __init__(self, outputs: Outputs, parts: Sequence[np.ndarray], shown: np.ndarray) -> None:
        self.pull = PULL_ROWS / (len(shown) + PULL_ROWS)
        self.is_class = outputs.kind in (TargetKind.BINARY, TargetKind.MULTICLASS)
        if self.is_class:
            self.odds = np.stack([centred_odds(p, shown).ravel() for p in parts])
            self.shown = shown.ravel().astype(np.float64)
        else:
            errors = (np.stack(parts) - shown) * np.sqrt(outputs.weights)
            self.gram = np.einsum("enk,fnk->ef", errors, errors) / len(shown)
        self.scale = self._loss(np.full(len(parts), 1 / len(parts)))[0]

    def __call__(self, shares: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = self._loss(shares)
        logs = np.log(np.maximum(shares * len(shares), 1e-12))
        pull = self.pull * self.scale
        return value + pull * float(shares @ logs), slope + pull * (logs + 1)

    def _loss(self, shares: np.ndarray) -> tuple[float, np.ndarray]:
        if not self.is_class:
            half = self.gram @ shares
            return float(shares @ half), 2 * half
        odds = shares @ self.odds
        p = 1 / (1 + np.exp(-odds))
        value = float((np.logaddexp(0, odds) - self.shown * odds).mean())
        return value, self.odds @ (p - self.shown) / len(self.shown)
