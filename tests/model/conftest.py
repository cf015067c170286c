"""A small database of every kind of table, and a small network."""

import zlib
from collections.abc import Callable

import numpy as np
import pytest
import torch

from relfm.model import ModelConfig, RelationalModel, RowBank
from relfm.sampler import Neighbourhood, Sampler
from relfm.tensors import DatabaseTensors, LinkTensors, TableTensors
from relfm.times import DAY, MISSING_TIME, TIMELESS

TEXT_DIM = 16
NOW = 20_000 * DAY


class Strings:
    """Numbers strings as they come; equal strings have equal vectors and hashes."""

    def __init__(self, vectors_of: dict[str, str] | None = None) -> None:
        self.ids: dict[str, int] = {}
        self.vectors_of = vectors_of or {}

    def __call__(self, *strings: str | None) -> np.ndarray:
        return np.array([-1 if s is None else self.ids.setdefault(s, len(self.ids)) for s in strings], np.int32)

    def vectors(self) -> np.ndarray:
        meanings = [self.vectors_of.get(s, s) for s in self.ids]
        drawn = [np.random.default_rng(zlib.crc32(m.encode())).standard_normal(TEXT_DIM) for m in meanings]
        return np.array([v / np.linalg.norm(v) for v in drawn], np.float16)

    def hashes(self) -> np.ndarray:
        return np.array([zlib.crc32(s.encode()) for s in self.ids], np.uint32)


def a_table(
    text: Strings, name: str, times: np.ndarray, rng: np.random.Generator, numbers: str, strings: str, dates: str
) -> TableTensors:
    """Random cells in the columns named, one in six missing."""
    size = len(times)
    held = rng.standard_normal((size, len(numbers.split()))).astype(np.float32) * 50
    held[rng.random(held.shape) < 1 / 6] = np.nan
    words = [None, "red", "green", "blue", "dark blue", ""]
    chosen = [text(*rng.choice(np.array(words, object), size)) for _ in strings.split()]
    days = NOW - rng.integers(0, 900, (size, len(dates.split()))) * DAY + 3600_000_000 * 7
    days[rng.random(days.shape) < 1 / 6] = MISSING_TIME
    named = [text(*(f"{name}.{column}" for column in kind.split())) for kind in (numbers, strings, dates)]
    texts = np.array(chosen, np.int32).reshape(len(chosen), size).T
    return TableTensors(int(text(name)[0]), times, held, texts, days, *named)


def a_shop(*, renamed: dict[str, str] | None = None, meaning: dict[str, str] | None = None) -> DatabaseTensors:
    """Five tables: with and without times, with all kinds of cells and with none, with many rows and with none.

    ``renamed`` are other words for words in names; ``meaning`` says whose vector a string has instead of its own.
    """
    rng, text = np.random.default_rng(0), Strings(meaning)
    word = {w: w for w in ("customers", "orders", "products", "notes", "reviews")} | (renamed or {})
    sizes = {"customers": 12, "orders": 90, "products": 7, "notes": 15, "reviews": 0}
    times = {n: np.full(size, TIMELESS) for n, size in sizes.items()}
    for name in ("orders", "notes"):
        times[name] = NOW - rng.integers(0, 700, sizes[name]) * DAY
    columns = {
        "customers": ("height vip", "city", "birthday"),
        "orders": ("amount paid", "status note", "due"),
        "products": ("price", "title", ""),
        "notes": ("", "", ""),
        "reviews": ("stars", "words", "seen"),
    }
    tables = [a_table(text, word[n], times[n], rng, *columns[n]) for n in sizes]
    places = list(sizes)
    links = []
    for child, parent in (
        ("orders", "customers"),
        ("orders", "products"),
        ("notes", "customers"),
        ("reviews", "orders"),
    ):
        pointed = rng.integers(-1, sizes[parent], sizes[child])
        name = int(text(f"{word[child]}.{parent[:-1]} -> {word[parent]}")[0])
        links.append(
            LinkTensors.of(places.index(child), places.index(parent), name, pointed, times[child], sizes[parent])
        )
    return DatabaseTensors("shop", tuple(tables), tuple(links), text.vectors(), text.hashes())


@pytest.fixture(scope="session")
def build_shop() -> Callable[..., DatabaseTensors]:
    return a_shop


@pytest.fixture(scope="session")
def shop() -> DatabaseTensors:
    return a_shop()


@pytest.fixture(params=["conditioned", "gin"])
def model(request: pytest.FixtureRequest) -> RelationalModel:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return RelationalModel(ModelConfig(backbone=request.param, text_dim=TEXT_DIM, width=16, heads=2, fanout=(5, 4)))


@pytest.fixture(scope="session")
def question() -> torch.Tensor:
    return torch.randn(TEXT_DIM, generator=torch.Generator().manual_seed(3)) / TEXT_DIM**0.5


@pytest.fixture(scope="session")
def sample() -> Callable[[DatabaseTensors], Neighbourhood]:
    """What all customers (table 0 unless told) see at various moments of the last year before NOW."""

    def sampled(database: DatabaseTensors, table: int = 0, fanout: tuple[int, ...] = (5, 4)) -> Neighbourhood:
        rows = np.arange(len(database.tables[table]))
        return Sampler(database).sample(table, rows, NOW - DAY * (rows * 30 % 365), fanout)

    return sampled


@pytest.fixture(scope="session")
def states(sample: Callable[[DatabaseTensors], Neighbourhood], question: torch.Tensor) -> Callable[..., torch.Tensor]:
    """States of those customers under the question, of a new bank unless one is given."""

    def computed(
        model: RelationalModel, database: DatabaseTensors, bank: RowBank | None = None, table: int = 0
    ) -> torch.Tensor:
        return model.states(database, sample(database, table), bank or RowBank(model, database, NOW), question)

    return computed
