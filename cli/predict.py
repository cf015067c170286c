"""``relfm predict``: the answer, for every entity the question is about, with the baseline's answer beside it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from relfm.cli.options import MODEL, Adapt, AsJson, Asked, At, Effort, Format, Model, OutFile, Seed
from relfm.cli.output import format_of, rows_as_json, show_json, show_rows
from relfm.cli.question import asked
from relfm.cli.voice import Voice
from relfm.times import format_time

if TYPE_CHECKING:
    from relfm.explain import Explanation
    from relfm.predictor import Prediction
    from relfm.task import TargetKind

For = Annotated[
    str | None, typer.Option("--for", metavar="KEYS", help="Only these entities: 1,2 or @ids.csv or - for stdin.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many entities.")]
Interval = Annotated[
    float, typer.Option("--interval", min=0.01, max=0.99, help="Share of outcomes that the interval should cover.")
]


def predict(
    source: Asked,
    voice: Voice,
    at: At = None,
    for_: For = None,
    limit: Limit = None,
    interval: Interval = 0.8,
    effort: Effort = "default",
    adapt: Adapt = None,
    seed: Seed = 0,
    model: Model = MODEL,
    out: OutFile = None,
    format: Format = None,
    json: AsJson = False,
) -> None:
    """Answer the question for every entity, with the answer of history alone beside it.

    Columns: the entity's key, cutoff, prediction; probability (yes or no), p_CLASS (classes), q10 q50 q90 and mean
    (numbers) or rank and the other key (lists); baseline.

    Example: relfm predict shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id" -o churn.csv
    """
    if out is not None:
        format_of(out, format)
    source.text()
    from relfm.cli.entities import read_entities
    from relfm.predictor import Predictor

    database = source.open(voice)
    task = asked(source, database)
    entities = read_entities(for_, database.schema.table(task.entity)) if for_ is not None else None
    predictor = Predictor(effort=effort, adapt=adapt, seed=seed, model=model)
    with voice.stages() as progress:
        prediction = predictor.predict(
            database, task, at=at, entities=entities, limit=limit, interval=interval, progress=progress
        )
    tell(prediction, voice)
    if json:
        document = as_json(prediction) | ({} if out is not None else {"rows": rows_as_json(prediction.frame)})
        show_json(document | {"seed": seed, "effort": effort})
    if out is not None or not json:
        show_rows(prediction.frame, format, out, voice)


def tell(prediction: "Prediction", voice: Voice) -> None:
    """On stderr: the question in English, from what it was answered, what speaks against trusting it."""
    task = prediction.task
    at = moment_of(prediction)
    voice.note(task.english if at is None else f"{task.english} (at {at})")
    rate = prediction.base_rate
    base = f" · base rate {base_rate_text(rate, task.kind)}" if rate is not None else ""
    voice.note(f"learned in context from {prediction.context_rows:,} labelled examples{base}")
    for note in task.notes:
        voice.note(note)
    for warning in prediction.warnings:
        voice.warn(warning)
    weights = sorted(prediction.weights.items(), key=lambda item: -item[1])
    voice.detail("weights: " + " · ".join(f"{name} {weight:.2f}" for name, weight in weights))
    voice.detail("seconds: " + " · ".join(f"{stage} {seconds:.2f}" for stage, seconds in prediction.seconds.items()))


def moment_of(made: "Prediction | Explanation") -> str | None:
    """The moment of the prediction, None where the database knows no times and the rows have no cutoff."""
    return None if made.frame["cutoff"].isna().all() else format_time(made.at)


def base_rate_text(rate: float, kind: "TargetKind") -> str:
    """A base rate and what it is the rate of."""
    what = {"regression": "median", "forecast": "median", "ranking": "share of lists with anything in them"}
    return f"{rate:.4g} ({what.get(kind.value, 'share of yes')})"


def head_as_json(made: "Prediction | Explanation") -> dict[str, Any]:
    """How the documents of ``--json`` begin: what was asked, and as of when."""
    task = made.task
    return {
        "relfm": "1",
        "question": {"text": task.name, "english": task.english},
        "task": {"kind": task.kind.value, "entity": task.entity, "horizon": task.horizon and str(task.horizon)},
        "at": moment_of(made),
    }


def as_json(prediction: "Prediction") -> dict[str, Any]:
    """The envelope of ``predict --json``, without the rows."""
    return head_as_json(prediction) | {
        "context_rows": prediction.context_rows,
        "base_rate": prediction.base_rate,
        "weights": prediction.weights,
        "seconds": prediction.seconds,
        "warnings": list(prediction.warnings),
    }
