"""A run from folder to results file: refused without a protocol, resumable, and in the documented form."""

import json
from pathlib import Path

import pytest

from relfm.benchmarks import results
from relfm.benchmarks.run import run
from relfm.benchmarks.tasks import BenchmarkDataset
from relfm.errors import UsageError

DOCUMENTED = {"dataset", "task", "protocol", "split", "method", "metric", "value", "rows", "seconds", "seed"}
EXTRA = {"effort", "low", "high", "mae", "version", "machine"}
CHEAP = ("base_rate", "entity_history")


def test_no_protocol_no_number(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a benchmark needs a protocol"):
        run(folder, protocol=None, methods=CHEAP, out=tmp_path / "results.jsonl")
    assert not (tmp_path / "results.jsonl").exists()


def test_all_tasks_are_scored_by_default_and_each_line_has_the_documented_keys(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "results.jsonl"
    found = run(folder, protocol="rolling", methods=CHEAP, out=out)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(line["task"], line["method"]) for line in lines] == [(r.task, r.method) for r in found]
    assert {line["task"] for line in lines} == {"shop-items", "shop-revenue", "shop-sells", "sale-price"}
    for line in lines:
        assert DOCUMENTED <= set(line) <= DOCUMENTED | EXTRA
        assert line["low"] <= line["value"] <= line["high"]
        assert ("mae" in line) == (line["metric"] == "nmae")


def test_what_the_file_holds_is_not_scored_again(folder: Path, tmp_path: Path) -> None:
    out, said = tmp_path / "results.jsonl", []
    first = run(folder, ["shop-sells"], protocol="frozen", methods=CHEAP[:1], out=out)
    again = run(folder, ["shop-sells"], protocol="frozen", methods=CHEAP, out=out, progress=said.append)
    assert again[0] == first[0]
    assert len(said) == 1 and "entity_history" in said[0]
    assert len(out.read_text().splitlines()) == 2


@pytest.mark.parametrize("change", [{"seed": 1}, {"split": "val"}, {"protocol": "rolling"}, {"force": True}])
def test_another_seed_split_or_protocol_or_force_scores_again(folder: Path, tmp_path: Path, change: dict) -> None:
    out = tmp_path / "results.jsonl"
    settings = {"protocol": "frozen", "methods": CHEAP[:1], "out": out}
    run(folder, ["shop-sells"], **settings)
    run(folder, ["shop-sells"], **settings | change)
    assert len(out.read_text().splitlines()) == 2
    assert len(results.read(out)) == (1 if "force" in change else 2)


def test_methods_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown method 'oracle'"):
        run(tmp_path / "nowhere", protocol="frozen", methods=["oracle"])


def test_a_submission_of_val_rows_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a submission holds the test rows, not the val rows"):
        run(folder, protocol="frozen", split="val", submission=tmp_path)


def test_boosted_trees_are_left_out_of_rankings(folder: Path) -> None:
    found = run(folder, ["shop-items"], protocol="frozen", methods=("lightgbm", "base_rate"))
    assert [r.method for r in found] == ["base_rate"]


def test_a_file_of_something_else_is_refused_by_line(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text('\n{"dataset": "corner-shops"}\n')
    with pytest.raises(UsageError, match=r"line 2 of .*results.jsonl is not a benchmark result"):
        results.read(out)


def test_rel_f1_naive_answers_match_their_known_scores(rel_f1: BenchmarkDataset) -> None:
    found = run(rel_f1.path, ["driver-position"], protocol="frozen", split="val", methods=CHEAP)
    assert [round(r.mae, 2) for r in found] == [4.37, 3.79]
