"""What tests of experts share."""

import pytest

from relfm.errors import UsageError
from relfm.experts import boosting


@pytest.fixture
def no_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which LightGBM cannot be loaded."""

    def refuse() -> None:
        raise UsageError("boosted trees need LightGBM, which cannot be loaded: libgomp.so.1")

    monkeypatch.setattr(boosting, "import_lightgbm", refuse)
