"""``relfm backtest``: how good the answers would have been, beside base rate, entity history and boosted trees."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relfm.cli.failure import FINDING
from relfm.cli.options import MODEL, Adapt, AsJson, Asked, At, Effort, Format, Model, OutFile, Seed
from relfm.cli.output import form_on_stdout, format_of, rows_as_json, show_json, show_rows, write_stdout
from relfm.cli.voice import Voice
from relfm.errors import UsageError

if TYPE_CHECKING:
    from relfm.scoring import Backtest

Folds = Annotated[int, typer.Option("--folds", min=1, help="How many cutoffs, one horizon apart, to go back to.")]
FailUnder = Annotated[
    str | None,
    typer.Option("--fail-under", metavar="METRIC=X", help="Exit 1 if relfm is worse than that, such as auroc=0.7."),
]


def backtest(
    source: Asked,
    voice: Voice,
    at: At = None,
    folds: Folds = 5,
    fail_under: FailUnder = None,
    effort: Effort = "default",
    adapt: Adapt = None,
    seed: Seed = 0,
    model: Model = MODEL,
    out: OutFile = None,
    format: Format = None,
    json: AsJson = False,
) -> None:
    """Answer the question at past cutoffs, score the answers, and say whether to trust them.

    Example: relfm backtest shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id" --folds 6
    """
    if out is not None:
        format_of(out, format)
    bar = threshold(fail_under) if fail_under is not None else None
    source.text()
    from relfm.cli.question import asked
    from relfm.predictor import Predictor

    database = source.open(voice)
    task = asked(source, database)
    voice.note(task.english)
    with voice.stages() as progress:
        made = Predictor(effort=effort, adapt=adapt, seed=seed, model=model).backtest(
            database, task, folds=folds, at=at, progress=progress
        )
    done = int((made.table["fold"].unique() != "all").sum())
    if done < folds:
        voice.note(f"the history holds {done} folds, not {folds}")
    for warning in made.warnings:
        voice.warn(warning)
    if json:
        show_json(as_json(made))
    else:
        show_rows(made.table, format, out, voice)
        tell(made, voice, beside_rows=out is None and form_on_stdout(format) in ("table", "md"))
    if bar is not None and not is_met(made, *bar, voice):
        raise typer.Exit(FINDING)


def threshold(text: str) -> tuple[str, float]:
    """``auroc=0.7`` as a metric and a number; UsageError otherwise."""
    metric, _, number = text.partition("=")
    try:
        return metric.strip().casefold(), float(number)
    except ValueError:
        raise UsageError(f"--fail-under '{text}' is not METRIC=NUMBER", hint="write --fail-under auroc=0.7") from None


def is_met(made: "Backtest", metric: str, bar: float, voice: Voice) -> bool:
    """Whether relfm's mean over the folds is at least as good as ``bar``; UsageError for a metric that was not
    measured. Of an error, less is better."""
    if metric != made.metric:
        raise UsageError(f"--fail-under names '{metric}', measured was '{made.metric}'")
    value = made.value
    less_is_better = metric.endswith(("mae", "error"))
    met = value <= bar if less_is_better else value >= bar
    if not met:
        voice.warn(f"{metric} {value:.4g} is {'above' if less_is_better else 'below'} {bar:g}")
    return met


def as_json(made: "Backtest") -> dict[str, Any]:
    """The document of ``backtest --json``; ``leads``: by how much relfm is better than each other method (below 0:
    worse), with the 95 % interval of that difference."""
    return {
        "relfm": "1",
        "metric": made.metric,
        "value": made.value,
        "calibration_error": made.calibration_error,
        "verdict": made.verdict,
        "leads": {method: asdict(lead) for method, lead in made.leads.items()},
        "warnings": list(made.warnings),
        "rows": rows_as_json(made.table),
    }


def tell(made: "Backtest", voice: Voice, beside_rows: bool) -> None:
    """The verdict: under a table that people read, else on stderr, where it does not break what machines read."""
    lines = [] if made.calibration_error is None else [f"Calibration error: {made.calibration_error:.3f}"]
    lines.append(f"Verdict: {made.verdict}")
    if beside_rows:
        write_stdout(("\n" + "\n\n".join(lines) + "\n").encode())
    else:
        voice.note("\n".join(lines))
