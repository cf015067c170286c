"""Text of the question and names of the database reach label SQL as they are, whatever they hold."""

import numpy as np
import pandas as pd
import pytest

from relfm.connectors import connect
from relfm.database import Database
from relfm.errors import QuestionError
from relfm.labels import QueryLabeller
from relfm.times import parse_time

AT = np.array([parse_time("2020-01-01")])


def notes(**columns: object) -> Database:
    """Two users, and three notes of one of them or the other; more columns or tables by name."""
    made = pd.to_datetime(["2020-01-05", "2020-01-06", "2020-01-07"])
    frames = {
        "users": pd.DataFrame({"id": [1, 2]}),
        "notes": pd.DataFrame({"user_id": [1, 1, 2], "said": ["x\ny", "z", "x\ny"], "made": made}),
    }
    return connect(frames | columns)


def counts(database: Database, what: str) -> list[float]:
    labeller = QueryLabeller.of(f"PREDICT {what} FOR EACH users.id", database.schema)
    return labeller.label(database, AT).targets.tolist()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("notes.said = 'x\ny'", [1, 1]),
        ("notes.said CONTAINS '\n'", [1, 1]),
        ("notes.said != 'x\ny'", [1, 0]),
        ("notes.said IN ('x\ny', 'z')", [2, 1]),
    ],
)
def test_a_line_break_in_a_text_stays_one(where: str, expected: list[float]) -> None:
    assert counts(notes(), f"COUNT(notes.* WHERE {where}, 0, 10, days)") == expected


@pytest.mark.parametrize("name", ["timestamps", "TimeStamps", "notes (numbered)", "notes (cells)", "users_1"])
def test_a_table_may_have_any_name(name: str) -> None:
    database = notes(**{name: pd.DataFrame({"id": [7], "user_id": [1], "at": pd.to_datetime(["2020-01-02"])})})
    assert counts(database, "COUNT(notes.*, 0, 10, days)") == [2, 1]


def test_a_table_called_timestamps_cannot_be_asked_about() -> None:
    visits = pd.DataFrame({"id": [7], "user_id": [1], "at": pd.to_datetime(["2020-01-02"])})
    with pytest.raises(QuestionError, match="'timestamps' cannot be asked about"):
        counts(notes(timestamps=visits), "COUNT(timestamps.*, 0, 10, days)")


def test_letters_that_only_unicode_folds_together_are_two_names() -> None:
    made = pd.to_datetime(["2020-01-05", "2020-01-06"])
    frame = pd.DataFrame({"user_id": [1, 2], "STRASSE": [3, 4], "Straße": [5, 6], "made": made})
    assert counts(notes(places=frame), "SUM(places.Straße, 0, 10, days)") == [5, 6]
    assert counts(notes(places=frame), "SUM(places.STRASSE, 0, 10, days)") == [3, 4]


@pytest.mark.parametrize("keys", [("value", "value_"), ("cutoff", "cutoff_"), ("a", "b")])
def test_keys_may_be_called_as_the_columns_of_the_statement(keys: tuple[str, str], tmp_path) -> None:
    file = tmp_path / "relfm.toml"
    key = ", ".join(f'"{k}"' for k in keys)
    file.write_text(
        f'[tables.pairs]\nprimary_key = [{key}]\n[[tables.marks.foreign_keys]]\ncolumns = ["left", "right"]\n'
        f'table = "pairs"\nother_columns = [{key}]'
    )
    made = pd.to_datetime(["2020-01-05"] * 4)
    database = connect(
        {
            "pairs": pd.DataFrame({keys[0]: [1, 1, 2], keys[1]: [7, 8, 7]}),
            "marks": pd.DataFrame({"left": [1, 1, 2, 1], "right": [7, 8, 7, 7], "v": [1.0, 2, 3, 4], "made": made}),
        },
        schema_file=file,
    )
    labeller = QueryLabeller.of("PREDICT SUM(marks.v, 0, 10, days) FOR EACH pairs", database.schema)
    assert labeller.label(database, AT).targets.tolist() == [5, 2, 3]


def test_numbers_name_texts_in_labels_as_in_links(tmp_path) -> None:
    file = tmp_path / "relfm.toml"
    file.write_text(
        '[tables.codes]\nprimary_key = "code"\n[[tables.uses.foreign_keys]]\ncolumns = ["used"]\ntable = "codes"\n'
        'other_columns = ["code"]'
    )
    made = pd.to_datetime(["2020-01-05"] * 4)
    frames = {
        "codes": pd.DataFrame({"code": ["1.5", "2", "10", "a"]}),
        "uses": pd.DataFrame({"used": [1.5, 2.0, 10.0, 2.0], "made": made}),
    }
    database = connect(frames, schema_file=file)
    (key,) = database.schema.tables["uses"].foreign_keys
    links = database.links("uses", key)
    labeller = QueryLabeller.of("PREDICT COUNT(uses.*, 0, 10, days) FOR EACH codes", database.schema)
    assert labeller.label(database, AT).targets.tolist() == np.bincount(links, minlength=4).tolist()
    assert sorted(np.bincount(links, minlength=4).tolist()) == [0, 1, 1, 2]
