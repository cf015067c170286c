"""What an installation shows of itself: names to complete, an error to catch, a module to run, files in a release."""

import subprocess
import sys

import pytest

import relfm
from relfm.errors import QuestionError


def test_public_names_are_listed_before_any_is_imported() -> None:
    check = "import relfm; print(*dir(relfm))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert set(relfm.__all__) <= set(done.stdout.split())


def test_error_of_every_kind_is_caught_by_its_public_base() -> None:
    with pytest.raises(relfm.RelfmError):
        raise QuestionError("unknown table 'order'")


def test_package_runs_as_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "relfm", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"relfm {relfm.__version__}\n")
