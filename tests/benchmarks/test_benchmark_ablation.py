"""The ablation's arithmetic: which result belongs to which line, and differences with their intervals."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from relfm.benchmarks.ablation import CLOSED, against_random, arms, grid, interval, rows
from relfm.benchmarks.methods import method_named
from relfm.benchmarks.results import Result


def result(method: str, task: str, value: float, metric: str = "auroc", seed: int = 0) -> Result:
    return Result(
        dataset="d", task=task, protocol="rolling", split="val", method=method, metric=metric, value=value, rows=10,
        seconds=1.0, seed=seed,
    )  # fmt: skip


def made(values: Sequence[float], method: str, seed: int = 0, metric: str = "auroc") -> list[Result]:
    return [result(method, f"task {i}", v, metric, seed) for i, v in enumerate(values)]


def test_differences_are_points_of_auroc_and_per_cent_of_nmae() -> None:
    lines = arms("m")
    results = [*made([0.8, 0.7], CLOSED), *made([0.82, 0.73], "relfm@m")]
    results += [*made([0.5], CLOSED, metric="nmae"), *made([0.45], "relfm@m", metric="nmae")]
    found = {row.title: row for row in rows(results, lines)}
    assert found["all"].auroc == pytest.approx(0.775)
    assert found["all"].points[0] == pytest.approx(2.5)
    assert found["all"].percent[0] == pytest.approx(-10)
    assert found["deterministic experts alone"].points == (0, 0, 0)
    assert found["all"].tasks == 3


def test_seeds_are_averaged_within_a_task() -> None:
    results = [*made([0.8], CLOSED), *made([0.8], CLOSED, seed=1)]
    results += [*made([0.9], "relfm@m:random-0"), *made([0.7], "relfm@m:random-1", seed=1)]
    found = {row.title: row for row in rows(results, arms("m"))}
    assert found["all, random weights"].points[0] == pytest.approx(0)


def test_protocols_of_one_task_are_counted_apart() -> None:
    rolling = [*made([0.8], CLOSED), *made([0.9], "relfm@m")]
    frozen = [replace(r, protocol="frozen", value=r.value - 0.3) for r in rolling]
    found = {row.title: row for row in rows([*rolling, *frozen], arms("m"))}
    assert found["all"].tasks == 2
    assert found["all"].points[0] == pytest.approx(10)


def test_pretrained_weights_are_set_against_random_ones_task_by_task() -> None:
    results = [*made([0.8, 0.7], "relfm@m"), *made([0.79, 0.68], "relfm@m:random-0")]
    assert "+1.50 [" in against_random(results, arms("m"))
    assert "points of AUROC on 2 tasks" in against_random(results, arms("m"))
    results += [*made([0.4], "relfm@m", metric="nmae"), *made([0.5], "relfm@m:random-0", metric="nmae")]
    assert "-20.00 [-20.00, -20.00] per cent of nMAE on 1 tasks" in against_random(results, arms("m"))
    assert against_random(made([0.8], "relfm@m"), arms("m")) == ""


def test_lines_without_results_are_left_out() -> None:
    assert [row.title for row in rows(made([0.8], CLOSED), arms("m"))] == ["deterministic experts alone"]


def test_the_interval_holds_the_mean_and_narrows_with_agreement() -> None:
    mean, low, high = interval([1.0, 2.0, 3.0, 2.0])
    assert low < mean == 2.0 < high
    assert interval([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0)


def test_every_line_is_a_method() -> None:
    for arm in arms("relfm-small"):
        assert callable(method_named(arm.method.replace("SEED", "0")))


def test_the_table_names_its_lines() -> None:
    text = grid(rows(made([0.8, 0.9], CLOSED), arms("m")), "m, rolling, val rows").to_markdown()
    assert "deterministic experts alone" in text
    assert "0.8500" in text
