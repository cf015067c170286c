"""Episodes for all tests of the heads."""

import pytest
from small_episodes import episode

from relfm.heads.episode import Episode


@pytest.fixture(scope="session")
def episodes() -> list[Episode]:
    return [episode(seed) for seed in range(12)]
