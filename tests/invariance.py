"""Predictions of the timed shop, and what is not the same between two of them to the last bit."""

from pathlib import Path
from typing import Any

import pandas as pd
from timed_shop import AT, QUESTIONS

from relfm import Predictor
from relfm.connectors import connect
from relfm.predictor import Prediction

KINDS = tuple(QUESTIONS)


def predicted(
    source: Any, kind: str, effort: str = "fast", *, schema_file: Path | None = None, at: int = AT
) -> Prediction:
    """The answer to the question of ``kind`` from ``source``, read anew."""
    database = connect(source, schema_file=schema_file, cache=False)
    return Predictor(effort=effort).predict(database, QUESTIONS[kind], at=at)


def differences(before: Prediction, after: Prediction) -> list[str]:
    """Whatever differs in the answers, the warnings or what they rest on; nothing if all is the same."""
    found = [f"warnings: {after.warnings}"] if before.warnings != after.warnings else []
    if (before.context_rows, before.base_rate) != (after.context_rows, after.base_rate):
        found.append(f"context: {after.context_rows} rows, base rate {after.base_rate}")
    try:
        pd.testing.assert_frame_equal(before.frame, after.frame, check_exact=True)
    except AssertionError as error:
        return [*found, str(error)]
    numbers = [c for c in before.frame if before.frame[c].dtype.kind == "f"]
    return found + [f"bits of {c}" for c in numbers if _bits(before, c) != _bits(after, c)]


def _bits(prediction: Prediction, column: str) -> bytes:
    return prediction.frame[column].to_numpy().tobytes()
