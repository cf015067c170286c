import json

import pandas as pd
import pytest

from relfm.metrics import Score
from relfm.predictor import Predictor
from relfm.scoring import Backtest


@pytest.fixture
def measured(monkeypatch):
    """Makes every backtest end in these numbers."""

    def pretend(metric: str = "auroc", value: float = 0.8) -> None:
        table = pd.DataFrame(
            {
                "fold": ["1", "all"],
                "cutoff": pd.to_datetime(["2025-11-01T18:11:13", None]).as_unit("us"),
                "method": ["relfm", "relfm"],
                metric: [value, value],
            }
        )
        leads = {"lightgbm": Score(0.02, float("nan"), 0.05)}
        made = Backtest(
            table, metric, value, 0.021, "better than every baseline in 1 of 1 folds", leads, ("few labels",)
        )
        monkeypatch.setattr(Predictor, "backtest", lambda *_, **__: made)

    return pretend


def test_rows_go_to_stdout_and_the_verdict_does_not_break_them(relfm, shop, churn, measured):
    measured()
    outcome = relfm("backtest", shop, churn)
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert rows[0] == {"fold": "1", "cutoff": "2025-11-01T18:11:13", "method": "relfm", "auroc": 0.8}
    assert rows[1]["cutoff"] is None


def test_the_verdict_follows_a_table(relfm, shop, churn, measured):
    measured()
    out = relfm("backtest", shop, churn, "-f", "md").out
    assert out.startswith("| fold | cutoff | method | auroc |")
    assert out.endswith("\nCalibration error: 0.021\n\nVerdict: better than every baseline in 1 of 1 folds\n")


def test_the_verdict_of_machine_forms_is_on_stderr(relfm, shop, churn, measured):
    measured()
    err = relfm("backtest", shop, churn).err
    assert "Verdict: better" in err
    assert "warning: few labels" in err
    outcome = relfm("backtest", shop, churn, "-o", "folds.csv")
    assert outcome.out == ""
    assert "Verdict: better" in outcome.err


def test_json_holds_metric_verdict_and_rows(relfm, shop, churn, measured):
    measured()
    told = json.loads(relfm("backtest", shop, churn, "--json").out)
    assert (told["metric"], told["value"], told["calibration_error"]) == ("auroc", 0.8, 0.021)
    assert told["verdict"].startswith("better")
    assert told["leads"] == {"lightgbm": {"value": 0.02, "low": None, "high": 0.05}}
    assert told["warnings"] == ["few labels"]
    assert len(told["rows"]) == 2


@pytest.mark.parametrize(
    ("metric", "value", "bar", "code"),
    [
        ("auroc", 0.8, "auroc=0.7", 0),
        ("auroc", 0.8, "AUROC=0.8", 0),
        ("auroc", 0.8, "auroc=0.9", 1),
        ("nmae", 0.4, "nmae=0.5", 0),
        ("nmae", 0.4, "nmae=0.3", 1),
        ("auroc", float("nan"), "auroc=0.5", 1),
    ],
)
def test_a_missed_bar_is_exit_code_1(relfm, shop, churn, measured, metric, value, bar, code):
    measured(metric, value)
    outcome = relfm("backtest", shop, churn, "--fail-under", bar)
    assert outcome.code == code
    assert (f"warning: {metric} " in outcome.err) == (code == 1)


def test_a_bar_for_another_metric_is_exit_code_2(relfm, shop, churn, measured):
    measured()
    outcome = relfm("backtest", shop, churn, "--fail-under", "map=0.1")
    assert outcome.code == 2
    assert "--fail-under names 'map', measured was 'auroc'" in outcome.err


def test_a_bar_that_is_no_number_is_refused_before_any_work(relfm, churn):
    outcome = relfm("backtest", "nowhere.db", churn, "--fail-under", "auroc")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --fail-under 'auroc' is not METRIC=NUMBER")


def test_fewer_folds_than_asked_are_told(relfm, shop, churn):
    outcome = relfm("backtest", shop, churn, "--effort", "fast", "--folds", 30, "--at", "2021-11-01", "-f", "csv")
    assert outcome.code == 0, outcome.err
    done = len({line.split(",")[0] for line in outcome.out.splitlines()[1:]}) - 1
    assert f"the history holds {done} folds, not 30" in outcome.err
    assert relfm("backtest", shop, churn, "--folds", 10**6).code == 2
