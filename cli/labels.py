"""``relfm labels``: the label table that a question means, to be looked at before anything is predicted."""

from typing import Annotated

import typer

from relfm.cli.options import Asked, At, Format, OutFile
from relfm.cli.output import format_of, show_rows
from relfm.cli.question import asked
from relfm.cli.voice import Voice

Every = Annotated[
    str | None, typer.Option("--every", metavar="SPAN", help="Between cutoffs, such as '7 days'; default: one horizon.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many rows, the latest first.")]


def labels(
    source: Asked,
    voice: Voice,
    at: At = None,
    every: Every = None,
    limit: Limit = None,
    out: OutFile = None,
    format: Format = None,
) -> None:
    """Compute what happened at past cutoffs: the entity's key, cutoff, target. These rows are what relfm learns from.

    Example: relfm labels shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id" -o labels.parquet
    """
    if out is not None:
        format_of(out, format)
    source.text()
    from relfm.label_table import label_table
    from relfm.times import Span

    step = Span.parse(every) if every is not None else None
    database = source.open(voice)
    task = asked(source, database)
    voice.note(task.english)
    frame = label_table(database, task, at=at, every=step, limit=limit)
    voice.note(f"{len(frame):,} labels at {frame['cutoff'].nunique(dropna=False):,} cutoffs")
    show_rows(frame, format, out, voice)
