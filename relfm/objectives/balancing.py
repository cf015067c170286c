"""Inverse-magnitude balancing of losses, and the bound that keeps the adversary from outweighing them (text 3)."""

from collections.abc import Mapping

SMALLEST = 1e-4
BOUND = 0.5
"""The adversary may take at most this share of what the cooperative objectives cost together."""


def inverse_magnitude(losses: Mapping[str, float]) -> dict[str, float]:
    """w_i = (1 / |L_i|) / sum_j (1 / |L_j|): every objective contributes alike, weights sum to 1."""
    inverse = {name: 1 / max(abs(value), SMALLEST) for name, value in losses.items()}
    total = sum(inverse.values())
    return {name: value / total for name, value in inverse.items()}


def bounded(weight: float, adversary: float, total: float) -> float:
    """The largest share of ``weight`` for which total - weight * adversary stays at least (1 - BOUND) * total."""
    if adversary <= 0 or weight * adversary <= BOUND * total:
        return weight
    return BOUND * max(total, 0.0) / adversary
