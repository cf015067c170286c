"""The app: its commands, ``--version``, and the one place where an error becomes a line and an exit code.

Nothing heavy is imported before a command runs.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from relfm.cli import backtest, benchmark, demo, describe, labels, models, plan, predict, prepare, pretrain, synth
from relfm.cli.failure import explain
from relfm.cli.options import spread
from relfm.cli.scrub import secrets_of_environment

_EPILOG = (
    "Exit codes: 0 ok · 1 finding · 2 usage or question · 3 cannot connect · 4 data cannot answer · 5 resources · "
    "6 refused · 70 bug · 130 interrupted."
)

app = typer.Typer(
    name="relfm",
    help="Point a command at a SQL database, ask about its future, get calibrated predictions: no training, on a CPU.",
    epilog=_EPILOG,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (demo, describe, labels, plan, predict, backtest, benchmark, synth, prepare, pretrain, models):
    name = module.__name__.rpartition(".")[2]
    app.command(name)(spread(getattr(module, name)))


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"relfm {version('relfm')}")
        raise typer.Exit()


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; every error ends here."""
    secrets = secrets_of_environment(arguments, os.environ)
    try:
        code = app(args=list(arguments), prog_name="relfm", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except Exception as error:
        text, code = explain(error, arguments, secrets)
    except KeyboardInterrupt as error:
        text, code = explain(error, arguments, secrets)
    print(text, file=sys.stderr)
    return code


def run() -> NoReturn:
    """The entry point of ``relfm`` and of ``python -m relfm.cli``."""
    sys.exit(main(sys.argv[1:]))
