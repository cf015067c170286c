"""Nothing after the cutoff reaches a prediction: whatever is changed there, every bit of it stays the same."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import pytest
from backends import BACKENDS, drop_database, why_absent, write_database, write_schema_file
from invariance import KINDS, differences, predicted
from mutations import mutated, past
from timed_shop import AT, SCHEMA, frames, to_arrow

from relfm.predictor import Prediction

SEEDS = 204
"""Mutations of DataFrames, dealt out over the kinds of question."""


@pytest.fixture(scope="module")
def shop() -> dict[str, pd.DataFrame]:
    return frames(30, 300)


@pytest.fixture(scope="module")
def unchanged(shop: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], Prediction]:
    """Predictions from the tables as they are, by kind and effort, made when first asked for."""

    class Made(dict):
        def __missing__(self, asked: tuple[str, str]) -> Prediction:
            return self.setdefault(asked, predicted(shop, *asked))

    return Made()


@pytest.mark.parametrize("seed", range(0, SEEDS, 17))
def test_mutation_leaves_the_past_alone(shop: Mapping[str, pd.DataFrame], seed: int) -> None:
    changed = mutated(shop, AT, seed)
    for name, rows in past(shop, AT).items():
        key = list(SCHEMA.tables[name].primary_key)
        kept = past(changed, AT)[name].sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(rows.sort_values(key, ignore_index=True), kept, check_dtype=False)
    assert any(not rows.equals(changed[name]) for name, rows in shop.items())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", range(2))
def test_nothing_after_the_cutoff_reaches_a_prediction(shop, unchanged, kind: str, part: int) -> None:
    step = len(KINDS) * 2
    for seed in range(KINDS.index(kind) * 2 + part, SEEDS, step):
        after = predicted(mutated(shop, AT, seed), kind)
        assert not differences(unchanged[kind, "fast"], after), f"seed {seed}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("effort", ["default", pytest.param("best", marks=pytest.mark.slow)])
def test_nothing_after_the_cutoff_reaches_a_prediction_of_more_effort(shop, unchanged, kind: str, effort: str) -> None:
    for seed in (1000, 1001):
        after = predicted(mutated(shop, AT, seed), kind, effort)
        assert not differences(unchanged[kind, effort], after), f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shop_seed", range(1, 5))
def test_nothing_after_the_cutoff_reaches_a_prediction_in_other_shops(kind: str, shop_seed: int) -> None:
    shop = frames(num_customers=25 * shop_seed, num_orders=300 * shop_seed, seed=shop_seed)
    before = predicted(shop, kind, "default")
    for seed in range(2000, 2020):
        assert not differences(before, predicted(mutated(shop, AT, seed), kind, "default")), f"seed {seed}"


@pytest.fixture(scope="module", params=[b for b in BACKENDS if b != "frames"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    reason = why_absent(request.param)
    if reason is not None:
        pytest.skip(reason)
    where = tmp_path_factory.mktemp(f"leak_{request.param}")
    yield request.param, where
    drop_database(request.param, where)


def test_nothing_after_the_cutoff_reaches_a_prediction_through_a_backend(shop, place: tuple[str, Path]) -> None:
    backend, where = place
    schema_file = write_schema_file(SCHEMA, where)
    source = write_database(backend, to_arrow(shop), SCHEMA, where)
    before = {kind: predicted(source, kind, schema_file=schema_file) for kind in KINDS}
    for number, kind in enumerate(KINDS):
        changed = mutated(shop, AT, 3000 + number)
        source = write_database(backend, to_arrow(changed), SCHEMA, where)
        after = predicted(source, kind, schema_file=schema_file)
        assert not differences(before[kind], after), f"{kind} through {backend}"
