"""``relfm adapt``: a pretrained network fitted to one question of one database, and what it gained by that."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relfm.cli.backtest import as_json as backtest_as_json
from relfm.cli.backtest import tell as tell_backtest
from relfm.cli.options import AsJson, Asked, At, Seed
from relfm.cli.output import form_on_stdout, show_json, show_rows
from relfm.cli.question import asked
from relfm.cli.voice import Voice
from relfm.times import format_time

if TYPE_CHECKING:
    from relfm.adaptation import Adapted

Folder = Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where the adapted networks go.")]
How = Annotated[
    Literal["full", "lowrank", "probe"],
    typer.Option("--how", help="All weights, additions of low rank to them, or the readout alone."),
]
Base = Annotated[
    str, typer.Option("--model", metavar="NAME", help="What to begin with: a model with a network behind states.")
]
Folds = Annotated[int, typer.Option("--folds", min=1, help="How many of the latest cutoffs to keep for scoring it.")]
Steps = Annotated[int, typer.Option("--steps", min=1, help="At most; it stops where later labels gain no more.")]
Minutes = Annotated[float, typer.Option("--minutes", min=0, help="Stop after so many, with the best so far; 0: never.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]


def adapt(
    source: Asked,
    voice: Voice,
    out: Folder,
    how: How = "full",
    model: Base = "relfm-states",
    at: At = None,
    folds: Folds = 1,
    steps: Steps = 120,
    minutes: Minutes = 0.0,
    seed: Seed = 0,
    device: Device = "auto",
    json: AsJson = False,
) -> None:
    """Fit a pretrained network to one question of one database, and say what it gains over zero-shot.

    It learns from past labels, stops by later ones, and is scored on the latest cutoffs, which it never saw. It answers
    with predict --model FOLDER, for no moment before the labels that it learned from.

    Example: relfm adapt shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id" -o runs/churn
    """
    source.text()
    from relfm.adaptation import adapt as fit
    from relfm.adaptation import made_ready

    database = source.open(voice)
    task = asked(source, database)
    made_ready(out)  # before minutes of work, not after
    voice.note(task.english)
    with voice.stages() as progress:
        made = fit(
            database,
            task,
            how=how,
            model=model,
            at=at,
            folds=folds,
            steps=steps,
            minutes=minutes,
            seed=seed,
            device=device,
            progress=progress,
        )
    made.save(out)
    for warning in made.backtest.warnings:
        voice.warn(warning)
    if json:
        show_json(as_json(made, out))
    else:
        show_rows(made.backtest.table, None, None, voice)
        tell_backtest(made.backtest, voice, beside_rows=form_on_stdout(None) in ("table", "md"))
    voice.note(course_of(made))
    voice.note(f"Adapted network: {made.verdict}")
    voice.note(f"wrote {out}; answer with it: relfm predict … --model {out}")


def course_of(made: "Adapted") -> str:
    """What the network went through, in a line."""
    (learned, stopped), course = made.labels, made.course
    return (
        f"learned from {learned:,} labels up to {format_time(made.until)}; {stopped:,} later ones chose step "
        f"{course.best} of {course.steps}: their error {course.before:.4f} to {course.after:.4f}"
    )


def as_json(made: "Adapted", out: Path) -> dict[str, Any]:
    """The document of ``adapt --json``: that of its backtest, and what the network went through."""
    return backtest_as_json(made.backtest) | {
        "adapted": {
            "folder": str(out),
            "how": made.how,
            "base": made.base,
            "until": format_time(made.until),
            "labels": dict(zip(("learned", "stopped"), made.labels, strict=True)),
            "best_step": made.course.best,
            "course": [*made.course.records],
            "verdict": made.verdict,
        }
    }
