"""The configuration: one dial, plain values and back, nothing unknown."""

import json
import re

import pytest

from relfm.errors import UsageError
from relfm.model import ModelConfig


def test_default_is_two_layers_of_64() -> None:
    config = ModelConfig()
    assert (config.depth, config.width, config.heads, config.fanout) == (2, 64, 4, (16, 8))


@pytest.mark.parametrize(
    ("depth", "width", "fanout"), [(1, 32, (16,)), (3, 96, (16, 8, 4)), (5, 160, (16, 8, 4, 2, 2))]
)
def test_the_rest_follows_from_depth(depth: int, width: int, fanout: tuple[int, ...]) -> None:
    config = ModelConfig(depth=depth)
    assert (config.width, config.heads, config.fanout) == (width, width // 16, fanout)
    assert ModelConfig(depth=depth, width=48).width == 48


BENT = ModelConfig(depth=3, backbone="gin", width=40, heads=5, dropout=0.1)


@pytest.mark.parametrize("config", [ModelConfig(), BENT])
def test_round_trip(config: ModelConfig) -> None:
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"depht": 2}, "no 'depht'"),
        ({"depth": 0}, "depth is 0"),
        ({"backbone": "gcn"}, "unknown backbone 'gcn'"),
        ({"width": 64, "heads": 5}, "width 64 cannot be split over 5 heads"),
        ({"depth": 3, "fanout": [8, 8]}, "fanout (8, 8) at depth 3"),
        ({"fanout": [8, 0]}, "fanout (8, 0)"),
        ({"dropout": 1.0}, "dropout 1.0"),
        ({"text_dim": 0}, "text_dim is 0"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)) as error:
        ModelConfig.from_dict(values)
    assert error.value.hint
