"""Answers in parts are put together as if they had come at once."""

import numpy as np
import pytest

from relfm.answer import Predictions


def part(size: int, weights: dict[str, float], seconds: float) -> Predictions:
    values = np.arange(size, dtype=np.float64)
    return Predictions(values, -values, weights=weights, context_rows=9, seconds={"experts": seconds})


def test_weights_of_parts_count_by_their_queries() -> None:
    whole = Predictions.concatenate(
        [part(3, {"prior": 0.4, "linear": 0.6}, 1.0), part(1, {"prior": 0.8, "trees": 0.2}, 2.0)]
    )
    assert whole.weights == pytest.approx({"prior": 0.5, "linear": 0.45, "trees": 0.05})
    assert sum(whole.weights.values()) == pytest.approx(1)
    assert whole.values.tolist() == [0, 1, 2, 0]
    assert whole.seconds == {"experts": 3.0}


def test_one_part_is_the_whole() -> None:
    one = part(2, {"prior": 1.0}, 1.0)
    assert Predictions.concatenate([one]) is one
