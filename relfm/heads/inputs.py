"""One output of an episode as arrays for the network: centred log-odds, inputs that point the same way, descriptors."""

from dataclasses import dataclass, replace

import numpy as np

from relfm.heads.episode import EXPERTS, Episode

NUM_EXPERTS = len(EXPERTS) + 1
"""The closed forms' slots, and the mixture in the last one."""

NUM_DESCRIPTORS = 8 + 3 * NUM_EXPERTS
CLIP = 6.0


@dataclass(frozen=True)
class HeadInputs:
    """C context rows first, then Q queries; N = C + Q.

    odds         float32[N, NUM_EXPERTS]  log-odds less the base rate's
    inputs       float32[N, M]            each pointing the way of the target
    relevance    float32[M]
    present      float32[NUM_EXPERTS]
    shown        float32[C]               0 or 1
    base         the base rate's log-odds
    descriptors  float32[NUM_DESCRIPTORS]
    wanted       float32[Q] or None
    """

    odds: np.ndarray
    inputs: np.ndarray
    relevance: np.ndarray
    present: np.ndarray
    shown: np.ndarray
    base: float
    descriptors: np.ndarray
    wanted: np.ndarray | None = None

    def flipped(self) -> "HeadInputs":
        """The same with yes and no exchanged."""
        descriptors = self.descriptors.copy()
        descriptors[2] *= -1
        return replace(
            self,
            odds=-self.odds,
            inputs=-self.inputs,
            shown=1 - self.shown,
            base=-self.base,
            descriptors=descriptors,
            wanted=None if self.wanted is None else 1 - self.wanted,
        )


def head_inputs(
    episode: Episode,
    output: int,
    num_inputs: int,
    *,
    context: np.ndarray | None = None,
    queries: np.ndarray | None = None,
    absent: np.ndarray | None = None,
    own: bool = False,
) -> HeadInputs:
    """Output ``output`` with the context rows and queries at those positions (all if None).

    ``absent`` (int[]) are experts left out. ``own``: the queries are context rows too, so that a head can be asked
    about rows with known targets that it is not shown.
    """
    context = np.arange(episode.num_context) if context is None else context
    source_odds, source_inputs = (
        (episode.context_odds, episode.context_inputs) if own else (episode.query_odds, episode.query_inputs)
    )
    queries = np.arange(len(source_odds)) if queries is None else queries
    pooled_context, pooled_queries = episode.pooled
    pooled_source = pooled_context if own else pooled_queries
    shown = episode.context_shown[context, output].astype(np.float32)
    known = _beside(episode.context_odds[context, :, output], pooled_context[context, output])
    asked = _beside(source_odds[queries, :, output], pooled_source[queries, output])
    present = np.append(episode.present, True).astype(np.float32)
    if absent is not None:
        present[absent] = 0
    rate = float((shown.sum() + 1) / (len(shown) + 2))
    base = float(np.log(rate / (1 - rate)))
    descriptors = _descriptors(episode, known, shown, base, present)
    near, far = _aligned(episode.context_inputs[context], source_inputs[queries], shown)
    shown_source = episode.context_shown if own else episode.query_shown
    return HeadInputs(
        odds=((np.concatenate([known, asked]) - np.float32(base)) * present).clip(-CLIP, CLIP).astype(np.float32),
        inputs=_padded(np.concatenate([near, far]), num_inputs),
        relevance=_padded(episode.relevance[None], num_inputs)[0],
        present=present,
        shown=shown,
        base=base,
        descriptors=descriptors,
        wanted=None if shown_source is None else shown_source[queries, output].astype(np.float32),
    )


def centred_loss(odds: np.ndarray, shown: np.ndarray) -> float:
    """Log loss once the odds are shifted so that their mean probability is the base rate of ``shown``."""
    shift, rate = 0.0, float(np.clip(shown.mean(), 1e-3, 1 - 1e-3))
    for _ in range(8):
        p = 1 / (1 + np.exp(-(odds + shift).clip(-30, 30)))
        shift -= float((p.mean() - rate) / max(float((p * (1 - p)).mean()), 1e-4))
    moved = odds + shift
    return float((np.logaddexp(0, moved) - shown * moved).mean())


def _descriptors(
    episode: Episode, known: np.ndarray, shown: np.ndarray, base: float, present: np.ndarray
) -> np.ndarray:
    """What sort of question it is, and how each expert fared out of fold, against the base rate alone. Nothing about
    the queries as a whole: an answer would depend on who else is asked."""
    rate = float(shown.mean()) if len(shown) else 0.5
    alone = max(centred_loss(np.full(len(shown), base), shown), 1e-3)
    fared = [centred_loss(known[:, e], shown) / alone - 1 if present[e] else 0.0 for e in range(NUM_EXPERTS)]
    spread = np.where(present > 0, known.std(axis=0), 0)
    told = [
        np.log(max(len(shown), 1)) / 4 - 1,
        np.log(max(episode.num_labels, 1)) / 4 - 1.5,
        base / 2,
        min(rate, 1 - rate),
        np.log(max(episode.num_features, 1)) / 4 - 1,
        float(episode.is_number),
        0.0,  # these two told of the queries once, and the networks that are shipped have a place for them
        0.0,
    ]
    shares = np.append(episode.shares * present[:-1], 0)
    return np.concatenate([told, 4 * np.array(fared), spread / 2, shares]).clip(-8, 8).astype(np.float32)


def _aligned(near: np.ndarray, far: np.ndarray, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs turned so that each rises with the target over the context rows: their sign means nothing by itself."""
    towards = (near * (shown - shown.mean())[:, None]).mean(axis=0)
    sign = np.where(towards >= 0, 1, -1).astype(np.float32)
    return near * sign, far * sign


def _padded(values: np.ndarray, width: int) -> np.ndarray:
    out = np.zeros((len(values), width), np.float32)
    kept = min(width, values.shape[1])
    out[:, :kept] = values[:, :kept]
    return out


def _beside(odds: np.ndarray, pooled: np.ndarray) -> np.ndarray:
    return np.concatenate([odds, pooled[:, None]], axis=1).astype(np.float32)
