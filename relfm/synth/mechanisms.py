"""Random functions of a few inputs: linear, neural, tree, product, wave; results have variance about 1."""

import numpy as np


def draw_score(rng: np.random.Generator, inputs: np.ndarray, noise: float) -> np.ndarray:
    """float32[n]: a random function of ``inputs`` float32[n, d], plus noise of ``noise`` times its deviation."""
    form = _FORMS[rng.choice(len(_FORMS), p=_SHARES)]
    value = form(rng, inputs).astype(np.float32)
    value = value - value.mean(dtype=np.float64).astype(np.float32)
    spread = np.float32(value.std(dtype=np.float64))
    value = value / spread if spread > 1e-6 else np.zeros_like(value)
    value = value + np.float32(noise) * rng.standard_normal(len(value), dtype=np.float32)
    return value / np.float32(np.sqrt(1 + noise**2))


def _linear(rng: np.random.Generator, inputs: np.ndarray) -> np.ndarray:
    return inputs @ rng.standard_normal(inputs.shape[1]).astype(np.float32)


def _neural(rng: np.random.Generator, inputs: np.ndarray) -> np.ndarray:
    hidden = int(rng.integers(3, 9))
    inner = rng.standard_normal((inputs.shape[1], hidden)).astype(np.float32)
    return np.tanh(inputs @ inner + rng.standard_normal(hidden).astype(np.float32)) @ rng.standard_normal(
        hidden
    ).astype(np.float32)


def _tree(rng: np.random.Generator, inputs: np.ndarray) -> np.ndarray:
    depth = int(rng.integers(1, 4))
    leaf = np.zeros(len(inputs), np.int64)
    for _ in range(depth):
        leaf = 2 * leaf + (inputs[:, rng.integers(inputs.shape[1])] > rng.normal(0, 0.6))
    return rng.standard_normal(2**depth)[leaf]


def _product(rng: np.random.Generator, inputs: np.ndarray) -> np.ndarray:
    first, second = rng.integers(inputs.shape[1], size=2)
    return (inputs[:, first] + np.float32(rng.normal())) * (inputs[:, second] + np.float32(rng.normal()))


def _wave(rng: np.random.Generator, inputs: np.ndarray) -> np.ndarray:
    turn = rng.standard_normal(inputs.shape[1]).astype(np.float32)
    return np.sin(np.float32(rng.uniform(0.6, 2.0)) * (inputs @ turn) + np.float32(rng.uniform(0, 6)))


_FORMS = (_linear, _neural, _tree, _product, _wave)
_SHARES = (0.4, 0.25, 0.15, 0.12, 0.08)
