"""What all tests share: modules beside this file, and a cache that is not the user's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # backends and the like are imported by name


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELFM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
