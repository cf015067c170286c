"""``relfm plan``: everything about a question that can be known without a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relfm.cli.options import AsJson, Asked, At
from relfm.cli.output import show, show_json, write_whole
from relfm.cli.predict import base_rate_text
from relfm.cli.question import asked
from relfm.cli.voice import Voice
from relfm.times import format_time

if TYPE_CHECKING:
    from rich.console import Group

    from relfm.database import Database
    from relfm.planning import Plan

Export = Annotated[
    Path | None,
    typer.Option("--export", metavar="PATH", help="Write the question as a RelBench 3 task: a folder or a .yaml file."),
]


def plan(source: Asked, voice: Voice, at: At = None, export: Export = None, json: AsJson = False) -> None:
    """Show how a question is read: in English, as label SQL, at which cutoffs, with what base rate, at what cost.

    Example: relfm plan shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id"
    """
    source.text()
    from relfm.planning import plan as planned

    database = source.open(voice)
    made = planned(database, asked(source, database), at=at)
    for warning in made.warnings:
        voice.warn(warning)
    if export is not None:
        _export(database, made, export, voice)
    if json:
        show_json(made.to_dict())
    else:
        show(report(made), voice)


def _export(database: "Database", made: "Plan", path: Path, voice: Voice) -> None:
    """The task manifest, as ``PATH`` if that is a YAML file, else as ``PATH/manifest.yaml`` of a task folder."""
    from relfm.labels import manifest_yaml, to_manifest

    is_file = path.suffix in (".yaml", ".yml")
    name = path.resolve().parent.name if path.name == "manifest.yaml" else path.stem if is_file else path.resolve().name
    target = path if is_file else path / "manifest.yaml"
    write_whole(target, manifest_yaml(to_manifest(made.task, database.schema, name)).encode())
    voice.note(f"wrote RelBench task '{name}' to {target}")


def report(made: "Plan") -> "Group":
    """The plan to be read: question, English, label SQL, then one fact a line."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    facts = [f"{title:<14}{text}" for title, text in _facts(made)]
    return Group(
        Text(made.task.english, style="bold"),
        *(Text(note, style="dim") for note in made.task.notes),
        Text("\n" + "\n".join(facts) + "\n"),
        Padding(Syntax(made.label_sql, "sql", background_color="default", word_wrap=True), (0, 2)),
    )


def _facts(made: "Plan") -> list[tuple[str, str]]:
    task, cutoffs = made.task, made.cutoffs
    horizon = "" if task.horizon is None else f", {task.horizon} ahead"
    dates = f"{len(cutoffs)}, from {format_time(int(cutoffs[-1]))} to {format_time(int(cutoffs[0]))}"
    dates = dates if made.at else "none, for no table has a time"
    visible = " · ".join(f"{name} {rows:,}" for name, rows in made.visible.items())
    return [
        ("Task", f"{task.kind.value} of {task.entity}{horizon}"),
        (
            "Prediction",
            f"{f'at {format_time(made.at)}, ' if made.at else ''}for {made.query_rows:,} rows of {task.entity}",
        ),
        ("Cutoffs", dates),
        ("Labels", f"{made.context_rows:,} known by then"),
        ("Base rate", _rates(made)),
        ("Rows visible", visible),
        ("Cost", f"about {made.cost.seconds:g} s and {made.cost.megabytes:g} MB, estimated"),
    ]


def _rates(made: "Plan") -> str:
    if isinstance(made.base_rate, float):
        return base_rate_text(made.base_rate, made.task.kind)
    shares = sorted(made.base_rate.items(), key=lambda item: -item[1])
    rest = f" and {len(shares) - 8} more" if len(shares) > 8 else ""
    return ", ".join(f"{name} {share:.1%}" for name, share in shares[:8]) + rest
