"""Tables: like beside like, and no mean over tasks that a method did not answer."""

from dataclasses import replace

import pytest

from relfm.benchmarks.report import grids, label, overview, summarise
from relfm.benchmarks.results import Result

LINE = Result("d", "t1", "frozen", "test", "relfm", "auroc", 0.8, 700, 1.5, 0, low=0.75, high=0.85)
LINES = [
    LINE,
    replace(LINE, method="lightgbm", value=0.7),
    replace(LINE, task="t2", metric="nmae", value=0.4),
    replace(LINE, task="t2", metric="nmae", value=0.3, method="lightgbm"),
    replace(LINE, task="t3", value=0.9),
    replace(LINE, task="t3", value=0.9, method="lightgbm"),
]


def test_lower_error_and_higher_auroc_rank_first_and_ties_share() -> None:
    first, second = summarise(LINES)
    assert (first.method, first.mean_rank, second.mean_rank) == ("relfm", 1.5, 1.5)
    assert first.means == {"auroc": pytest.approx(0.85), "nmae": pytest.approx(0.4), "map": None}
    assert first.seconds == pytest.approx(4.5) and first.tasks == 3


def test_a_method_that_skipped_a_task_has_no_mean_there_and_the_task_no_rank() -> None:
    partial = [r for r in LINES if (r.task, r.method) != ("t1", "lightgbm")]
    found = {s.method: s for s in summarise(partial)}
    assert found["lightgbm"].means["auroc"] is None
    assert found["lightgbm"].means["nmae"] == pytest.approx(0.3)
    assert (found["relfm"].mean_rank, found["lightgbm"].mean_rank) == (1.75, 1.25)


def test_methods_that_share_no_task_have_no_rank() -> None:
    assert all(s.mean_rank is None for s in summarise([LINES[0], replace(LINES[1], task="t9")]))


def test_protocols_never_share_a_table() -> None:
    found = grids([*LINES, *(replace(r, protocol="rolling", value=0.5) for r in LINES)])
    assert [g.title for g in found] == [
        "All tasks, frozen, test rows",
        "3 tasks of 1 dataset, frozen, test rows",
        "All tasks, rolling, test rows",
        "3 tasks of 1 dataset, rolling, test rows",
    ]


def test_cells_carry_the_interval_and_gaps_are_marked() -> None:
    (grid, _) = grids([LINES[0], LINES[2], LINES[3]])
    assert grid.header == ("task", "metric", "rows", "relfm", "lightgbm")
    assert grid.rows[0] == ("t1", "auroc", "700", "0.8000 [0.750, 0.850]", "–")
    assert grid.rows[-1][0] == "seconds"


def test_an_effort_is_named_where_it_matters() -> None:
    assert label(LINE) == "relfm"
    assert label(replace(LINE, effort="fast")) == "relfm (fast)"
    assert label(replace(LINE, effort="fast", method="base_rate")) == "base_rate"


def test_markdown_has_a_line_a_task() -> None:
    assert "| t2 | nmae | 700 | 0.4000 [0.750, 0.850] | 0.3000 [0.750, 0.850] |" in overview(LINES)
