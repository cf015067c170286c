"""What an installation shows of itself: names to complete, an error to catch, a module to run, files in a release."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import relfm
from relfm.checkpoint import available
from relfm.errors import QuestionError
from relfm.learned import learned

ROOT = Path(__file__).parents[1]
_LEFT_OVERS = ("build", "dist", "*.egg-info", "runs", "shards", "results.jsonl", "*.db", "*.duckdb")


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


def test_shipped_model_may_have_a_network_of_another() -> None:
    small, states = learned("relfm-small"), learned("relfm-states")
    assert states.experts == ("pfn-features", "linear-states", "pfn-states")
    one, other = (m.features_head.state_dict() for m in (small, states))
    assert all(bool((one[name] == other[name]).all()) for name in one)
    heads = {card.model: card.sha256 for card in available() if card.name == "features-head"}
    assert heads["relfm-states"] == heads["relfm-small"]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with the sdist and the wheel made from a copy of this tree, and what was said meanwhile."""
    pytest.importorskip("setuptools")
    copy, made = tmp_path_factory.mktemp("copy") / "relfm", tmp_path_factory.mktemp("made")
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", *_LEFT_OVERS))
    build = (
        "import sys; from setuptools import build_meta as b; out = sys.argv[1]; b.build_sdist(out); b.build_wheel(out)"
    )
    done = subprocess.run([sys.executable, "-c", build, str(made)], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return made, done.stdout + done.stderr


@pytest.mark.slow
def test_source_release_holds_all_that_its_tests_and_its_makefile_need(release: tuple[Path, str]) -> None:
    (archive,) = release[0].glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        held = {name.partition("/")[2] for name in opened.getnames()}
    needed = [p for folder in ("tests", "configs", "docs") for p in (ROOT / folder).rglob("*") if p.is_file()]
    wanted = {str(p.relative_to(ROOT)) for p in needed if "__pycache__" not in p.parts}
    assert wanted | {"Makefile", "constraints.txt", "pyproject.toml", "README.md"} <= held


@pytest.mark.slow
def test_wheel_holds_no_weights_twice_and_no_tests(release: tuple[Path, str]) -> None:
    (archive,) = release[0].glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        large = [one for one in opened.infolist() if one.file_size > 100_000]
        names = opened.namelist()
    assert len({(one.CRC, one.file_size) for one in large}) == len(large)
    assert "relfm/checkpoint/shipped/relfm-states/features-head.from" in names
    assert not [name for name in names if name.startswith("tests/")]
    assert "absent from the `packages`" not in release[1]
