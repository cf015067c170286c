"""Folders of files as exports leave them behind: some broken, some without a byte."""

from pathlib import Path

import pytest

from relfm.connectors import connect
from relfm.errors import ConnectionFailed


@pytest.mark.parametrize(
    ("content", "said", "advice"),
    [
        (b'a,b\n1,"2\n3"\n\n4,5,6\n', "line 5 has 3 fields, and the first line names 2", "mend that line"),
        ("a,b\nx,\u00e9\n".encode("latin-1"), "codec can't decode", "save it as UTF-8"),
        (b"a,b\n" + b"1,2\n" * 9_000 + b"1,\xe9\n", "invalid UTF8", "save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "codec can't decode", "save it as UTF-8"),
    ],
)
def test_broken_file_of_a_folder_is_told_with_what_to_do(
    tmp_path: Path, content: bytes, said: str, advice: str
) -> None:
    (tmp_path / "good.csv").write_text("id\n1\n")
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(ConnectionFailed) as caught:
        connect(tmp_path)
    error = caught.value
    assert said in error.message
    assert str(error.hint).startswith(advice)
    assert "--tables" in str(error.hint)
    assert list(connect(tmp_path, tables=["good"], cache=False).tables) == ["good"]


def test_file_of_no_bytes_in_a_folder_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("id\n1\n")
    (tmp_path / "nothing.csv").write_bytes(b"")
    for _ in range(2):  # the second time from its snapshot
        database = connect(tmp_path)
        assert database.num_rows("good") == 1
        assert database.num_rows("nothing") == 0
        assert [d.what for d in database.schema.table("nothing").decisions] == ["empty"]
