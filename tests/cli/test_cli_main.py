import subprocess
import sys

import pytest
from typer.main import get_command

from relfm.cli import main as module
from relfm.cli.app import app

COMMANDS = get_command(app).commands
DATABASE = {"--schema-file", "--schema", "--tables", "--no-cache"}
MESSAGES = {"-q", "--quiet", "-v", "--verbose", "--no-color"}
ASKED = {"url", "question", "--label-sql", *DATABASE}
ROWS = {"-o", "--out", "-f", "--format"}
SETTINGS = {"--effort", "--adapt", "--seed", "--model"}

OPTIONS = {
    "demo": {"-o", "--out", "--effort", "--seed"},
    "describe": {"url", *DATABASE, "--json", "--write"},
    "labels": {*ASKED, *ROWS, "--at", "--every", "--limit", "--features", "--queries"},
    "plan": {*ASKED, "--at", "--export", "--json"},
    "predict": {*ASKED, *ROWS, *SETTINGS, "--at", "--for", "--limit", "--interval", "--json"},
    "explain": {*ASKED, *SETTINGS, "--at", "--for", "--json"},
    "backtest": {*ASKED, *ROWS, *SETTINGS, "--at", "--folds", "--fail-under", "--json"},
    "adapt": {
        *ASKED,
        "-o",
        "--out",
        "--how",
        "--model",
        "--at",
        "--folds",
        "--steps",
        "--minutes",
        "--seed",
        "--device",
    }
    | {"--json"},
    "benchmark": {"dataset", "tasks", *ROWS, "--protocol", "--split", "--methods", "--effort", "--seed"}
    | {"--force", "--submission"},
    "prepare": {"sources", "-o", "--out", "--questions", "--episodes", "--states", "--seed", "--most-rows", "--json"},
    "models": {"--path", "--json"},
    "pretrain": {"--config", "-o", "--out", "--resume", "--steps", "--seed", "--device", "--minutes"},
    "synth": {"out", "--seed", "--rows", "--tables", "--count", "--format", "--json"},
}


def test_the_commands_are_these():
    assert set(COMMANDS) == set(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_options_of_a_command_are_these(name):
    spelled = {spelling for parameter in COMMANDS[name].params for spelling in parameter.opts}
    assert spelled == OPTIONS[name] | MESSAGES


@pytest.mark.parametrize("name", OPTIONS)
def test_every_command_has_an_example_and_every_option_a_help(name):
    assert f"Example: relfm {name}" in COMMANDS[name].help
    assert all(parameter.help for parameter in COMMANDS[name].params)


@pytest.mark.parametrize("name", OPTIONS)
def test_help_of_a_command_is_on_stdout(relfm, name):
    outcome = relfm(name, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"Usage: relfm {name}" in outcome.out


def test_without_a_command_there_is_help(relfm):
    assert relfm() == relfm("--help")
    assert "Exit codes: 0 ok" in relfm().out


def test_an_interruption_while_the_commands_are_imported_is_quiet():
    script = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from relfm.cli.main import run\n"
        "run()"
    )
    ran = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        ("describe '{shop}' >&-", 0, "", ""),
        ("labels '{shop}' '{churn}' -q >&-", 0, "", ""),
        ("describe '{shop}' --bogus 2>&-", 2, "", ""),
    ],
)
def test_a_closed_stream_is_no_error(shop, churn, tmp_path, command, code, out, err):
    ran = subprocess.run(
        f"'{sys.executable}' -m relfm.cli {command.format(shop=shop, churn=churn)}",
        shell=True,
        capture_output=True,
        text=True,
        env={"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (code, out, err)


def test_the_version_is_that_of_the_distribution(relfm):
    from importlib.metadata import version

    assert relfm("--version").out == f"relfm {version('relfm')}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predikt"], "error: no such command 'predikt'"),
        (["describe", "--bogus"], "error: no such option: --bogus"),
        (["predict", "shop.db", "PREDICT x", "--effort", "heroic"], "error: invalid value for '--effort'"),
        (["predict", "shop.db", "PREDICT x", "--limit", "0"], "error: invalid value for '--limit'"),
        (["describe"], "error: no database named"),
        (["describe", "@env:NOWHERE"], "error: environment variable 'NOWHERE' is not set"),
        (["plan", "shop.db"], "error: no question"),
        (["plan", "shop.db", "PREDICT x", "--label-sql", "x.sql"], "error: both a question and --label-sql"),
    ],
)
def test_bad_usage_is_one_error_and_exit_code_2(relfm, arguments, message):
    outcome = relfm(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(message)
    assert "\n  hint: " in outcome.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["evaluate", "shop.db"], "relfm backtest"),
        (["fit"], "needs no training"),
        (["predict", "shop.db", "PREDICT x", "--anchor-time", "2026-01-31"], "is --at"),
        (["predict", "shop.db", "PREDICT x", "--run_mode", "fast"], "--effort"),
        (["bogus"], "see relfm --help"),
    ],
)
def test_what_other_tools_call_it_is_told(relfm, arguments, hint):
    outcome = relfm(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert hint in outcome.err.partition("\n  hint: ")[2]


def test_an_interruption_is_exit_code_130(relfm, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("relfm.cli.options.Source.open", interrupt)
    outcome = relfm("describe", "shop.db")
    assert outcome.code == 130
    assert "Traceback" not in outcome.err


def test_an_unforeseen_error_tells_no_secret(relfm, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    url = "postgresql://ada:c4nary@db/shop"

    def fail(source: object, _: object) -> None:
        raise RuntimeError(f"cannot open {source}")

    monkeypatch.setattr("relfm.cli.options.Source.open", fail)
    outcome = relfm("describe", url)
    (report,) = tmp_path.glob("relfm-report-*.txt")
    assert outcome.code == 70
    assert "RuntimeError" in outcome.err
    assert "c4nary" not in outcome.out + outcome.err + report.read_text()


def test_locals_are_never_shown():
    assert app.pretty_exceptions_show_locals is False
    assert app.pretty_exceptions_enable is False


def test_the_shell_runs_the_same_app():
    ran = subprocess.run([sys.executable, "-m", "relfm.cli", "--version"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()[0]) == (0, "relfm")
    assert module.run.__module__ == "relfm.cli.main"


@pytest.mark.parametrize("arguments", [["--help"], ["describe", "{shop}"], ["labels", "{shop}", "{churn}"]])
def test_torch_is_not_imported(arguments, shop, churn, tmp_path):
    script = (
        "import sys\nfrom relfm.cli.main import main\nmain(sys.argv[1:])\n"
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    filled = [a.format(shop=shop, churn=churn) for a in arguments]
    environment = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", script, *filled], capture_output=True, text=True, env=environment, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_a_reader_that_hangs_up_is_no_error(shop, churn, tmp_path):
    ran = subprocess.run(
        f"'{sys.executable}' -m relfm.cli labels '{shop}' '{churn}' -q | head -n 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        env={"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith('{"id":')
