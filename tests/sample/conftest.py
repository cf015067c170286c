"""The sample shop, generated once."""

import pandas as pd
import pytest

from relfm.sample.shop import generate


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    return generate(seed=0)
