"""Prediction files pass RelBench's own checks, keyed and ordered as its leaderboard wants them."""

from pathlib import Path

import numpy as np
import pytest

from relfm.benchmarks import official
from relfm.benchmarks.methods import METHODS, Settings
from relfm.benchmarks.protocols import Protocol, trial
from relfm.benchmarks.run import score
from relfm.benchmarks.tasks import BenchmarkDataset, Split
from relfm.errors import UsageError

submit = pytest.importorskip("relbench.submit")


@pytest.mark.parametrize("name", ["shop-sells", "shop-revenue", "shop-items", "sale-price"])
def test_relbench_scores_the_file_as_it_scores_the_answers(
    dataset: BenchmarkDataset, name: str, tmp_path: Path
) -> None:
    made = trial(dataset.task(name), Protocol.ROLLING, Split.TEST)
    result, answers = score(made, "entity_history", Settings())
    file = official.write_submission(made, answers, tmp_path)
    assert file == tmp_path / f"corner-shops__{name}.csv"
    verdict = submit.evaluate_task(f"corner-shops/{name}", file, dataset=dataset.path)
    assert verdict[official.NAME_OF[result.metric]] == pytest.approx(result.value)


def test_probabilities_out_of_range_are_brought_back(dataset: BenchmarkDataset, tmp_path: Path) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.FROZEN, Split.TEST)
    answers = METHODS["entity_history"](made, Settings()) * 3 - 1
    file = official.write_submission(made, answers, tmp_path)
    submit.evaluate_task("corner-shops/shop-sells", file, dataset=dataset.path)


def test_short_rankings_are_padded_with_no_item(dataset: BenchmarkDataset, tmp_path: Path) -> None:
    made = trial(dataset.task("shop-items"), Protocol.FROZEN, Split.TEST)
    answers = METHODS["base_rate"](made, Settings())
    answers[:, 1:] = -1
    file = official.write_submission(made, answers, tmp_path)
    verdict = submit.evaluate_task("corner-shops/shop-items", file, dataset=dataset.path)
    assert verdict["map"] == pytest.approx(official.evaluate(made, answers))


def test_val_rows_are_never_submitted(dataset: BenchmarkDataset, tmp_path: Path) -> None:
    made = trial(dataset.task("shop-sells"), Protocol.FROZEN, Split.VAL)
    with pytest.raises(UsageError, match="a submission holds the test rows, not the val rows"):
        official.write_submission(made, np.zeros(len(made.truth)), tmp_path)


def test_without_relbench_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="submissions are written by relbench, which is not installed"):
        official.check_submittable(Split.TEST)


@pytest.mark.parametrize("name", ["driver-dnf", "driver-position", "driver-circuit-compete"])
def test_rel_f1_files_pass_relbenchs_checks(rel_f1: BenchmarkDataset, name: str, tmp_path: Path) -> None:
    made = trial(rel_f1.task(name), Protocol.FROZEN, Split.TEST)
    file = official.write_submission(made, METHODS["base_rate"](made, Settings()), tmp_path)
    assert submit.evaluate_task(f"rel-f1/{name}", file, dataset=rel_f1.path)
