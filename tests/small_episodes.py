"""Episodes whose truth is known: one expert is right, the others are noise."""

import numpy as np

from relfm.heads.episode import EXPERTS, Episode


def episode(
    seed: int = 0, *, context: int = 200, queries: int = 150, outputs: int = 1, number: bool = False
) -> Episode:
    """``linear`` knows the odds up to noise, the mixture trusts all experts alike; input 0 tells what linear misses."""
    generator = np.random.default_rng(seed)
    total = context + queries
    told, missed = generator.normal(size=(2, total, outputs)) * 1.5
    shown = generator.random((total, outputs)) < 1 / (1 + np.exp(-(told + missed)))
    odds = generator.normal(size=(total, len(EXPERTS), outputs)).astype(np.float32)
    odds[:, EXPERTS.index("linear")] = told
    inputs = generator.normal(size=(total, 6)).astype(np.float32)
    inputs[:, 0] = missed[:, 0]
    return Episode(
        context_odds=odds[:context],
        query_odds=odds[context:],
        context_inputs=inputs[:context],
        query_inputs=inputs[context:],
        relevance=np.array([0.5, 0.1, 0.1, 0.1, 0.05, 0.05], np.float32),
        context_shown=shown[:context],
        query_shown=shown[context:],
        present=np.ones(len(EXPERTS), bool),
        shares=np.full(len(EXPERTS), 1 / len(EXPERTS), np.float32),
        costs=np.full(outputs, 1 / outputs, np.float32),
        is_number=number,
        num_labels=3 * context,
        num_features=100,
        database=f"database {seed % 3}",
        question=f"question {seed}",
    )
