"""Questions and answers: recounted row by row, and by the SQL that relfm makes of their text."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from relfm.connectors import connect
from relfm.labels.labeller import QueryLabeller
from relfm.synth import Answered, SyntheticDatabase, draw_questions, generate, write_folder
from relfm.times import DAY, TIMELESS

SEEDS = range(6)
Asked = list[tuple[SyntheticDatabase, list[Answered]]]


@pytest.fixture(scope="module")
def asked() -> Asked:
    made = [generate(seed, rows=1_200) for seed in SEEDS]
    return [(database, draw_questions(np.random.default_rng(database.seed), database, 8)) for database in made]


def test_counts_are_those_of_a_loop_over_all_rows(asked: Asked) -> None:
    compared = 0
    for database, questions in asked:
        for question in questions:
            found = re.match(
                r"PREDICT COUNT\((\w+)\.\*(?: VIA \w+\.(\w+))?, 0, \d+, days\)( > \d+| = 0)? ", question.text
            )
            if found is None:
                continue
            compared += 1
            table, column, condition = found.groups()
            link = next(
                link
                for link in database.links
                if (database.tables[link.child].name, link.parent) == (table, question.table)
                and column in (None, link.column)
            )
            events = list(zip(link.rows.tolist(), database.tables[link.child].times.tolist(), strict=True))
            for row, cutoff, target in list(zip(question.rows, question.cutoffs, question.targets, strict=True))[:40]:
                count = sum(r == row and cutoff < t <= cutoff + question.horizon for r, t in events)
                assert target == (count if condition is None else eval(f"{count} {condition.replace(' = ', ' == ')}"))
    assert compared >= 8


def test_answers_are_those_of_the_label_sql_of_the_text(asked: Asked, tmp_path: Path) -> None:
    for database, questions in asked[:4]:
        found = connect(write_folder(database, tmp_path / database.name), cache=False)
        for question in questions:
            labeller = QueryLabeller.of(question.text, found.schema)
            cutoffs = np.unique(question.cutoffs)
            if question.kind == "multiclass":
                labeller = replace(labeller, classes=tuple(labeller.values(found, cutoffs)))
            examples = labeller.label(found, cutoffs)
            # a static question has one answer a row, at a time of its own
            static = question.column is not None
            theirs = _answers(examples.rows, examples.cutoffs, examples.targets, static)
            ours = _answers(question.rows, question.cutoffs, question.targets, static)
            assert ours.keys() <= theirs.keys(), question.text
            for key, target in ours.items():
                assert theirs[key] == pytest.approx(target, rel=1e-6), question.text


def _answers(rows: np.ndarray, cutoffs: np.ndarray, targets: np.ndarray, static: bool) -> dict:
    moments = np.zeros_like(cutoffs) if static else cutoffs
    return dict(zip(zip(rows.tolist(), moments.tolist(), strict=True), targets.tolist(), strict=True))


def test_an_answer_is_known_when_its_window_has_closed(asked: Asked) -> None:
    for database, questions in asked:
        for question in questions:
            assert np.all(np.diff(question.cutoffs) >= 0)
            if question.horizon:
                assert np.all(question.known == question.cutoffs + question.horizon)
                assert np.all(question.cutoffs % DAY == 0)
                assert question.known.max() <= database.end
            else:
                assert np.all(question.known > question.cutoffs)


def test_only_rows_that_exist_are_asked_about(asked: Asked) -> None:
    for database, questions in asked:
        for question in questions:
            times = database.tables[question.table].times[question.rows]
            assert np.all((times <= question.cutoffs) | (times == TIMELESS))
            assert len(set(zip(question.rows.tolist(), question.cutoffs.tolist(), strict=True))) == len(question.rows)


def test_the_cell_of_an_event_is_asked_for_as_the_event_happens(asked: Asked) -> None:
    events = 0
    for database, questions in asked:
        for question in questions:
            table = database.tables[question.table]
            if question.column is not None and table.role in ("occasion", "action", "detail"):
                events += 1
                assert np.array_equal(question.cutoffs, table.times[question.rows])
    assert events


def test_answers_vary() -> None:
    kinds: Counter = Counter()
    for seed in range(12):
        database = generate(seed, rows=3_000)
        for question in draw_questions(np.random.default_rng(seed), database, 6):
            kinds[question.kind, question.horizon > 0] += 1
            assert len(question.rows) >= 60
            assert not np.isnan(question.targets).any()
            if question.kind == "regression":
                assert np.ptp(question.targets) > 0
            else:
                assert set(question.targets) <= set(range(question.num_classes))
                assert len(set(question.targets)) >= 2
    assert {kind for kind, _ in kinds} == {"binary", "multiclass", "regression"}
    assert all(sum(n for (_, ahead), n in kinds.items() if ahead is forecast) >= 8 for forecast in (True, False))


def test_the_same_generator_asks_the_same() -> None:
    database = generate(3, rows=1_200)
    first, second = (draw_questions(np.random.default_rng(9), database, 5) for _ in range(2))
    assert [q.text for q in first] == [q.text for q in second]
    assert all(np.array_equal(a.targets, b.targets) for a, b in zip(first, second, strict=True))
