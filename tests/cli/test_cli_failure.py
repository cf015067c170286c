import os
import stat

import pytest
import typer
from safetensors import SafetensorError

from relfm.cli.failure import explain, pointed
from relfm.errors import ConnectionFailed, DataCannotAnswer, QuestionError, Refused, ResourceExceeded, UsageError

CANARY = "c4naryS3cret"
URL = f"postgresql://ada:{CANARY}@db/shop"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("m"), 2),
        (QuestionError("m"), 2),
        (ConnectionFailed("m"), 3),
        (DataCannotAnswer("m"), 4),
        (ResourceExceeded("m"), 5),
        (Refused("m"), 6),
        (MemoryError(), 5),
        (OSError(28, "No space left on device"), 5),
        (OSError(122, "Disk quota exceeded"), 5),
        (SafetensorError("I/O error: No space left on device (os error 28)"), 5),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
        (typer.BadParameter("Bad."), 2),
    ],
)
def test_every_error_has_its_exit_code(error, code):
    assert explain(error, [], ())[1] == code


def test_an_error_is_its_message_and_its_hint():
    text, _ = explain(UsageError("no question", hint="ask one"), [], ())
    assert text == "error: no question\n  hint: ask one"


def test_a_question_is_shown_with_carets_under_the_offending_word():
    error = QuestionError("unknown table 'order'", "did you mean orders?", text="PREDICT COUNT(order.*)", span=(14, 19))
    assert explain(error, [], ())[0].splitlines() == [
        "error: unknown table 'order'",
        "  PREDICT COUNT(order.*)",
        "                ^^^^^",
        "  hint: did you mean orders?",
    ]


def test_carets_stand_in_the_line_where_the_span_begins():
    assert pointed("PREDICT x\nFOR EACH y.z", (19, 22)) == ["  FOR EACH y.z", "           ^^^"]
    assert pointed("PREDICT", (7, 7)) == ["  PREDICT", "         ^"]


@pytest.mark.parametrize(
    ("marked", "before", "under"),
    [
        ("日本 = «x»", 7, 1),
        ("x = «日本y»", 4, 5),
        ("ｆ = «x»", 5, 1),
        ("e\u0301 = «x»", 4, 1),
        ("x\t= «y»", 4, 1),
        ("x\ny = «日»", 4, 2),
    ],
)
def test_carets_stand_under_the_cells_that_a_terminal_shows(marked, before, under):
    text = marked.replace("«", "").replace("»", "")
    shown = pointed(text, (marked.index("«"), marked.index("»") - 1))
    assert shown[1] == "  " + " " * before + "^" * under


def test_text_that_is_not_utf_8_is_shown_as_one_mark():
    assert pointed("x = '\udcff'", (5, 6)) == ["  x = '\ufffd'", "       ^"]


@pytest.fixture
def report(tmp_path, monkeypatch):
    """The text and the file of a bug that met a secret."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def connect(url: str) -> None:
        password = url.split(":")[2].split("@")[0]
        try:
            raise ValueError(f"cannot parse {url}")
        except ValueError as error:
            raise RuntimeError(f"driver said {password}") from error

    try:
        connect(URL)
    except RuntimeError as error:
        text, code = explain(error, ["describe", URL], [CANARY])
    (path,) = tmp_path.iterdir()
    return text, code, path


def test_a_bug_is_one_line_and_a_report(report):
    text, code, path = report
    assert code == 70
    assert text.startswith("error: this is a bug in relfm: RuntimeError: driver said ***\n")
    assert str(path) in text
    assert "Traceback" not in text


def test_a_report_has_the_traceback_and_no_secret(report):
    written = report[2].read_text()
    assert "Traceback" in written
    assert "ValueError: cannot parse postgresql://ada:***@db/shop" in written
    assert CANARY not in written


def test_a_report_is_for_its_owner_alone(report):
    assert stat.S_IMODE(os.stat(report[2]).st_mode) == 0o600


def test_a_bug_is_told_even_if_no_report_can_be_written(monkeypatch):
    monkeypatch.setattr("tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(PermissionError("no")))
    text, code = explain(RuntimeError("x"), [], ())
    assert (code, "no report could be written" in text) == (70, True)
