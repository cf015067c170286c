"""``relfm`` as a function: a command line in, exit code, stdout and stderr out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from relfm.cli.main import main
from relfm.sample import write_sqlite


@dataclass(frozen=True)
class Outcome:
    """What a command line left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of snapshots for all tests, so that the shop is read once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def relfm(
    capfd: pytest.CaptureFixture[str], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """Runs one command line in an empty folder, with no database in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.delenv("RELFM_DATABASE_URL", raising=False)

    def run(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = main([str(a) for a in arguments])
        return Outcome(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample shop with few customers, as an SQLite file."""
    return write_sqlite(tmp_path_factory.mktemp("shop") / "shop.db", seed=0, customers=150)


@pytest.fixture(scope="session")
def churn() -> str:
    """A question about the shop with a yes or a no."""
    return "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id"
