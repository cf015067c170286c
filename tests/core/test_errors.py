"""What a library says is told in one line, whatever it says."""

import pytest

from relfm.errors import first_line


@pytest.mark.parametrize(
    ("said", "told"), [("\n  one   line\nand more\n", "one line"), (" \n ", "OSError"), ("", "OSError")]
)
def test_the_first_line_is_told_or_the_kind_of_error(said: str, told: str) -> None:
    assert first_line(OSError(said)) == told
