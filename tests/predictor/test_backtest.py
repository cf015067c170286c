"""The question asked of the past: folds at the latest closed cutoffs, a metric for each kind, one honest verdict."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from busy_shop import AT, QUESTIONS, busy_shop

from relfm import Predictor
from relfm.backtest import fold_positions, past_classes
from relfm.connectors import connect
from relfm.context import known_at
from relfm.database import Database
from relfm.errors import DataCannotAnswer, UsageError
from relfm.metrics import auroc
from relfm.scoring import METRICS, OURS, Backtest
from relfm.task import Examples, TargetKind, Task
from relfm.times import Span

TASK = Task("t", TargetKind.BINARY, "users", None, horizon=Span(0, 10))
FAST = Predictor(effort="fast")


def labelled(cutoffs: list[int]) -> Examples:
    return Examples.of(np.arange(len(cutoffs)) % 5, np.array(cutoffs), np.arange(len(cutoffs)) % 2.0)


def test_folds_are_the_latest_cutoffs_that_leave_something_closed() -> None:
    examples = labelled([0, 0, 5, 10, 10, 20, 30])
    folds = fold_positions(TASK, examples, 2)
    assert [p.tolist() for p, _ in folds] == [[5], [6]]
    assert [p.tolist() for p, _ in fold_positions(TASK, examples, 9)] == [[3, 4], [5], [6]]
    for positions, known_by in folds:
        assert known_by is None
        assert (known_at(TASK, examples.cutoffs) <= examples.cutoffs[positions].min()).any()


def test_cutoff_before_which_one_class_alone_is_known_is_no_fold() -> None:
    examples = Examples.of(np.arange(5), np.array([0, 0, 10, 20, 30]), np.array([0.0, 0.0, 1.0, 0.0, 1.0]))
    assert [p.tolist() for p, _ in fold_positions(TASK, examples, 9)] == [[3], [4]]
    with pytest.raises(DataCannotAnswer, match="4 cutoffs, none .* and labels of several classes before it"):
        fold_positions(TASK, replace(examples, targets=np.zeros(5)), 9)


def test_folds_of_missing_cells_part_the_rows() -> None:
    static = Task("t", TargetKind.REGRESSION, "users", None)
    folds = fold_positions(static, labelled(list(range(15))), 4)
    scored = np.concatenate([p for p, _ in folds])
    assert len(scored) == len(set(scored.tolist())) == 12  # every fifth row only teaches
    assert {known_by for _, known_by in folds} == {14}


def test_history_without_a_closed_window_cannot_be_scored() -> None:
    with pytest.raises(DataCannotAnswer, match="the history holds 2 cutoffs, none with closed windows before it"):
        fold_positions(TASK, labelled([0, 5]), 3)


@pytest.fixture(scope="module")
def database() -> Database:
    return busy_shop()


@pytest.fixture(scope="module")
def found(database: Database) -> dict[str, Backtest]:
    return {kind: FAST.backtest(database, question, at=AT, folds=3) for kind, question in QUESTIONS.items()}


def test_no_folds_are_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="folds 0 is no whole number of 1 to 200"):
        FAST.backtest(database, QUESTIONS["binary"], folds=0)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_metric_follows_from_the_kind(found: dict[str, Backtest], kind: str) -> None:
    result = found[kind]
    assert result.metric == METRICS[TargetKind(kind)]
    own = result.table[(result.table.fold == "all") & (result.table.method == OURS)]
    assert own[result.metric].item() == result.value
    bounded = result.table[result.metric].dropna()
    assert (bounded >= 0).all() and (result.metric == "nmae" or (bounded <= 1).all())


@pytest.mark.parametrize("kind", QUESTIONS)
def test_every_fold_has_every_method_and_its_interval(found: dict[str, Backtest], kind: str) -> None:
    table = found[kind].table
    assert table.columns.tolist() == [
        "fold",
        "cutoff",
        "rows",
        "base_rate",
        "method",
        found[kind].metric,
        "low",
        "high",
    ]
    assert table.groupby("method")["fold"].apply(list).map(lambda f: f == ["1", "2", "3", "all"]).all()
    whole = table[(table.fold == "all") & table.low.notna()]  # NaN where there are too few to tell
    assert (whole.low <= whole[found[kind].metric]).all() and (whole[found[kind].metric] <= whole.high).all()
    whole = table[table.fold == "all"]
    assert table[table.fold != "all"].groupby("method")["rows"].sum().eq(whole["rows"].iloc[0]).all()


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "forecast"])
def test_entity_history_and_base_rate_stand_beside_the_answers(found: dict[str, Backtest], kind: str) -> None:
    assert {OURS, "entity history", "base rate"} <= set(found[kind].table["method"])


def test_base_rate_tells_nothing_apart(found: dict[str, Backtest]) -> None:
    table = found["binary"].table
    assert (table[table.method == "base rate"]["auroc"].dropna() == 0.5).all()


def test_base_rate_of_classes_is_the_share_of_the_commonest(found: dict[str, Backtest]) -> None:
    assert found["multiclass"].table["base_rate"].between(1 / 3, 0.5).all()  # three, nearly equally often


@pytest.mark.parametrize("kind", QUESTIONS)
def test_every_scored_row_is_there_with_every_answer(found: dict[str, Backtest], kind: str) -> None:
    answers, table = found[kind].answers, found[kind].table
    assert answers.columns[:4].tolist() == ["fold", "user_id", "cutoff", "target"]
    assert set(table["method"]) <= set(answers.columns)
    sizes = table[table.fold != "all"].groupby("fold")["rows"].first()
    assert answers.groupby("fold").size().tolist() == sizes.tolist()


def test_the_scores_can_be_found_again_in_the_answers(found: dict[str, Backtest]) -> None:
    answers, table = found["binary"].answers, found["binary"].table
    for one in table[table.fold != "all"].itertuples():
        rows = answers[answers.fold == int(one.fold)]
        (again,) = auroc(rows["target"].to_numpy(dtype=np.float64), rows[one.method].to_numpy())
        assert again == pytest.approx(one.auroc, nan_ok=True)
    shares = found["multiclass"].answers
    assert (shares[["p_x", "p_y", "p_z"]].idxmax(axis=1).str.removeprefix("p_") == shares[OURS]).all()
    numbers = found["regression"].answers
    assert (numbers["q10"] <= numbers["q90"]).all()


def test_all_folds_are_scored_where_their_windows_had_closed(found: dict[str, Backtest]) -> None:
    cutoffs = found["binary"].table["cutoff"].dropna()
    assert cutoffs.is_monotonic_increasing
    assert (cutoffs + pd.Timedelta(days=20) <= pd.Timestamp(AT)).all()


@pytest.mark.parametrize("kind", QUESTIONS)
def test_leads_are_the_differences_of_the_table(found: dict[str, Backtest], kind: str) -> None:
    result = found[kind]
    values = result.table[result.table.fold == "all"].set_index("method")[result.metric]
    assert set(result.leads) == set(values.index) - {OURS}
    too_few = result.verdict.startswith("no verdict: too few")
    for method, lead in result.leads.items():
        better = values[method] - values[OURS] if result.metric == "nmae" else values[OURS] - values[method]
        assert lead.value == pytest.approx(better)
        assert lead.low <= lead.value <= lead.high or (too_few and np.isnan([lead.low, lead.high]).all())


def test_calibration_is_measured_where_it_means_something(found: dict[str, Backtest]) -> None:
    for kind in ("binary", "multiclass", "regression", "forecast"):
        assert 0 <= found[kind].calibration_error <= 1
    assert found["ranking"].calibration_error is None


def test_same_backtest_twice_and_progress_is_told(database: Database, found: dict[str, Backtest]) -> None:
    said = []
    again = FAST.backtest(database, QUESTIONS["binary"], at=AT, folds=3, progress=said.append)
    pd.testing.assert_frame_equal(again.table, found["binary"].table, check_exact=True)
    assert [s.partition(":")[0] for s in said] == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]


def test_static_question_is_scored_on_held_out_rows(database: Database) -> None:
    result = FAST.backtest(database, "PREDICT orders.price FOR EACH orders.order_id", at=AT, folds=2)
    assert result.metric == "nmae" and np.isfinite(result.value)


def test_later_rows_change_no_fold(database: Database) -> None:
    later = busy_shop().until(database.span[1]).hide([])
    shorter = database.until(int(np.datetime64("2020-12-01", "us").astype(np.int64)))
    whole, cut = (FAST.backtest(d, QUESTIONS["binary"], at=AT, folds=3).table for d in (later, shorter))
    pd.testing.assert_frame_equal(whole, cut, check_exact=True)


def test_ranked_area_counts_ties_half() -> None:
    targets = np.array([1.0, 0.0, 1.0, 0.0])
    assert auroc(targets, np.array([3.0, 1.0, 2.0, 2.0])).tolist() == [0.875]
    assert auroc(targets, np.zeros(4)).tolist() == [0.5]
    assert np.isnan(auroc(np.ones(3), np.arange(3.0)))[0]


def test_adapted_backtest_shows_zero_shot_and_adapted_lines(database: Database) -> None:
    result = Predictor(effort="fast", adapt="trees").backtest(database, QUESTIONS["binary"], at=AT, folds=2)
    assert {"relfm", "relfm+trees", "lightgbm"} <= set(result.table["method"])
    own = result.table[(result.table.fold == "all") & (result.table.method == "relfm+trees")]
    assert result.value == pytest.approx(float(own["auroc"].iloc[0]))


def test_ranking_cannot_be_adapted(database: Database) -> None:
    with pytest.raises(UsageError, match="has no rankings"):
        Predictor(effort="fast", adapt="trees").predict(database, QUESTIONS["ranking"], at=AT)


def test_past_classes_are_shares_drawn_towards_the_base_rate() -> None:
    used = Examples.of(np.array([7, 7, 7, 3]), 0, np.array([1.0, 1.0, 0.0, 2.0]))
    asked = Examples.of(np.array([3, 7, 5, 9]), 1)
    base = np.array([0.25, 0.5, 0.25])
    wanted = [(base + [0, 0, 1]) / 2, (base + [1, 2, 0]) / 4, base, base]
    np.testing.assert_allclose(past_classes(used, asked, base), wanted)


def test_cutoffs_are_moments_that_any_format_can_hold(database: Database, tmp_path) -> None:
    table = FAST.backtest(database, QUESTIONS["binary"], at=AT, folds=2).table
    assert table["cutoff"].dtype == "datetime64[us]"
    assert table["cutoff"].isna().tolist() == (table["fold"] == "all").tolist()
    table.to_parquet(tmp_path / "table.parquet")
    assert table.groupby("cutoff")["rows"].first().gt(0).all()


def test_a_database_without_time_has_no_cutoffs() -> None:
    people = pd.DataFrame({"id": range(60), "size": np.arange(60.0), "colour": ["red", "blue"] * 30})
    table = FAST.backtest(connect({"people": people}), "PREDICT people.colour FOR EACH people.id", folds=2).table
    assert table["cutoff"].isna().all()
