"""Boosted trees as one more expert of the mixture, only where the user asks for it (``--adapt trees``).

LightGBM is an extra; without it the error names what to install.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from relfm.errors import UsageError
from relfm.experts.closed import Rows
from relfm.experts.design import Design
from relfm.experts.outputs import Outputs
from relfm.task import TargetKind

SETTINGS = {"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 31, "n_jobs": 1, "verbosity": -1}
NUM_PROFILES = 8


@dataclass(frozen=True)
class Trees:
    """Gradient boosting on the raw features. Numbers: the L1 model's prediction, spread by its held-out errors."""

    seed: int = 0
    name: str = "trees"

    def path(
        self, design: Design, outputs: Outputs, context: Rows, shown: np.ndarray, weights: np.ndarray, queries: Rows
    ) -> list[np.ndarray]:
        boosting = import_lightgbm()
        settings: dict[str, Any] = {**SETTINGS, "random_state": self.seed, "deterministic": True}
        if outputs.kind in (TargetKind.BINARY, TargetKind.MULTICLASS):
            parts = []
            for k in range(shown.shape[1]):
                if len(np.unique(shown[:, k])) < 2:
                    parts.append(np.full(len(queries.values), float(shown[0, k])))
                    continue
                model = boosting.LGBMClassifier(**settings)
                model.fit(context.values, shown[:, k], sample_weight=weights)
                parts.append(model.predict_proba(queries.values)[:, 1])
            return [outputs.normalise(np.stack(parts, axis=1))]
        return [outputs.normalise(self._numbers(boosting, settings, outputs, context, shown, weights, queries))]

    def _numbers(
        self,
        boosting: Any,
        settings: dict[str, Any],
        outputs: Outputs,
        context: Rows,
        shown: np.ndarray,
        weights: np.ndarray,
        queries: Rows,
    ) -> np.ndarray:
        """Where a held-out row's target lay relative to its prediction, by level of prediction, is where a query's
        may lie: errors are pooled within eighths of the predictions."""
        targets = outputs.values[shown.sum(axis=1).astype(np.int64)]
        held = np.arange(len(targets)) % 5 == 0
        trial = boosting.LGBMRegressor(**settings, objective="l1")
        trial.fit(context.values[~held], targets[~held], sample_weight=weights[~held])
        guess = trial.predict(context.values[held])
        errors = targets[held] - guess
        model = boosting.LGBMRegressor(**settings, objective="l1")
        model.fit(context.values, targets, sample_weight=weights)
        answer = model.predict(queries.values)
        edges = np.quantile(guess, np.linspace(0, 1, NUM_PROFILES + 1)[1:-1])
        profile, wanted = np.searchsorted(edges, guess), np.searchsorted(edges, answer)
        out = np.empty((len(answer), len(outputs.thresholds)))
        for k in range(NUM_PROFILES):
            near = np.sort(errors[profile == k]) if (profile == k).any() else np.sort(errors)
            needed = outputs.thresholds - answer[wanted == k, None]
            out[wanted == k] = 1 - np.searchsorted(near, needed, side="right") / len(near)
        return out


def import_lightgbm() -> Any:
    """The module; UsageError naming the extra if it is not installed."""
    try:
        import lightgbm
    except ImportError:
        raise UsageError("--adapt trees needs LightGBM", hint="pip install 'relfm[trees]'") from None
    return lightgbm
