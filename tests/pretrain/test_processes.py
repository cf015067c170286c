import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from journals import losses

from relfm.pretrain.state import checkpoints

TESTS = Path(__file__).parents[1]
SETTINGS = """
objectives = ["sign"]
[model]
depth = 1
width = 16
heads = 2
[corpus]
folder = "{corpus}"
held_out = ["stadium"]
[loop]
steps = {steps}
evaluate = 20
save = 5
[machine]
device = "cpu"
threads = 1
tensorboard = false
"""


@pytest.fixture
def settings(corpus: Path, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(SETTINGS.format(corpus=corpus, steps=40))
    return path


def command(settings: Path, out: Path, *more: str) -> list[str]:
    return [str(TESTS / "sign_objective.py"), "--config", str(settings), "-o", str(out), *more]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment(), check=False, timeout=120
    )


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_it_had_not_been(settings: Path, tmp_path: Path) -> None:
    whole = run(*command(settings, tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    started = subprocess.Popen(
        [sys.executable, *command(settings, tmp_path / "killed", "-q")], env=environment(), stderr=subprocess.PIPE
    )
    while not checkpoints(tmp_path / "killed") and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.communicate()
    assert started.returncode == -signal.SIGKILL
    assert len(losses(tmp_path / "killed")) < len(losses(tmp_path / "whole"))
    resumed = run(*command(settings, tmp_path / "killed", "--resume"))
    assert re.search(r"going on after step \d+", resumed.stderr), resumed.stderr
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_train_one_network(settings: Path, tmp_path: Path) -> None:
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    both = run(*launch, *command(settings, tmp_path / "both", "--steps", "7"))
    assert both.returncode == 0, both.stderr
    assert [line["step"] for line in losses(tmp_path / "both")] == [0, *range(1, 8), 7]
    before = losses(tmp_path / "both")
    checkpoints(tmp_path / "both")[-1].unlink()
    resumed = run(*launch, *command(settings, tmp_path / "both", "--steps", "7", "--resume"))
    assert resumed.returncode == 0, resumed.stderr
    assert losses(tmp_path / "both") == before
    alone = run(*command(settings, tmp_path / "both", "--resume"))
    assert alone.returncode == 2
    assert "error: the run in" in alone.stderr
    assert "ranks was 2, now it is 1" in alone.stderr


def test_a_mistake_is_one_error_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[loop]\nstep = 3\n")
    outcome = run("-m", "relfm.pretrain", "--config", str(path))
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == "error: unknown setting 'loop.step'\n  hint: did you mean steps?\n"


def test_training_needs_no_arrow_no_sql_and_no_typer() -> None:
    absent = ["pandas", "pyarrow", "sqlalchemy", "typer", "duckdb", "rich", "scipy", "tokenizers", "torch_frame"]
    without = f"import sys\nsys.modules |= dict.fromkeys({absent})\n"
    script = without + "from relfm.pretrain.__main__ import main\nmain(['--help'])"
    outcome = run("-c", script)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "--config FILE" in outcome.stdout
