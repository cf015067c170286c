"""The app: its commands and ``--version``. Nothing heavy is imported before a command runs."""

from typing import Annotated

import typer

from relfm.cli import (
    adapt,
    backtest,
    benchmark,
    demo,
    describe,
    explain,
    labels,
    models,
    plan,
    predict,
    prepare,
    pretrain,
    synth,
)
from relfm.cli.options import spread

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

_COMMANDS = (
    demo,
    describe,
    labels,
    plan,
    predict,
    explain,
    backtest,
    adapt,
    benchmark,
    synth,
    prepare,
    pretrain,
    models,
)
for module in _COMMANDS:
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
