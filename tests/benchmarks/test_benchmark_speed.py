"""The scripts that measure time: what they measure is the real path, and their numbers add up. No timing assertions."""

from pathlib import Path

import pytest

from relfm.benchmarks import features
from relfm.benchmarks.cold import REST, Breakdown, Stopwatch
from relfm.benchmarks.sqlite_copy import write_sqlite
from relfm.benchmarks.tasks import BenchmarkDataset
from relfm.connectors import connect


def test_the_sqlite_copy_holds_the_same_rows_under_the_same_keys(dataset: BenchmarkDataset, tmp_path: Path) -> None:
    found = connect(str(write_sqlite(dataset.database, tmp_path / "shops.db")), cache=False)
    for name, table in dataset.database.schema.tables.items():
        copied = found.schema.tables[name]
        assert copied.columns == table.columns
        assert (copied.primary_key, copied.time_column) == (table.primary_key, table.time_column)
        assert set(copied.foreign_keys) == set(table.foreign_keys)
        assert found.tables[name].equals(dataset.database.tables[name])


def test_every_example_is_described_and_the_yardstick_scales_with_features(dataset: BenchmarkDataset) -> None:
    found = features.measure(dataset.task("shop-sells"), rows=5_000)
    assert found.examples == 5_000 and found.num_features > 0
    assert found.per_second_at_yardstick == pytest.approx(found.per_second * found.num_features / features.YARDSTICK)


def test_throughput_is_printed_for_each_named_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    features.main([str(folder), "shop-sells", "sale-price", "--rows", "100"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["shop-sells", "sale-price"]


def test_stages_follow_each_other_and_repeats_add_up() -> None:
    watch = Stopwatch()
    for stage in ("read", "score", "read"):
        watch.lap(stage)
    assert list(watch.stages) == ["read", "score"]
    assert all(seconds >= 0 for seconds in watch.stages.values())


def test_what_no_stage_accounts_for_is_shown() -> None:
    text = str(Breakdown("one prediction", 4.0, {"import": 1.0, "features": 2.0}))
    assert "one prediction: 4.00 s" in text
    assert next(line for line in text.splitlines() if REST in line).endswith("1.00 s   25%")
