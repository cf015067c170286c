"""``relfm labels``: the label table that a question means, to be looked at before anything is predicted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relfm.cli.options import Asked, At, Format, OutFile
from relfm.cli.output import form_on_stdout, format_of, show_rows
from relfm.cli.question import asked
from relfm.cli.voice import Voice
from relfm.errors import UsageError

if TYPE_CHECKING:
    from relfm.feature_table import FeatureTables

Every = Annotated[
    str | None, typer.Option("--every", metavar="SPAN", help="Between cutoffs, such as '7 days'; default: one horizon.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many rows, the latest first.")]
Features = Annotated[bool, typer.Option("--features", help="Add what was known of each at its cutoff, as numbers.")]
Queries = Annotated[
    Path | None,
    typer.Option("--queries", metavar="FILE", help="With --features: write there whom the question is about now."),
]


def labels(
    source: Asked,
    voice: Voice,
    at: At = None,
    every: Every = None,
    limit: Limit = None,
    features: Features = False,
    queries: Queries = None,
    out: OutFile = None,
    format: Format = None,
) -> None:
    """Compute what happened at past cutoffs: the entity's key, cutoff, target. These rows are what relfm learns from.

    With --features they are a table to train a model of your own on, and the rows of --queries are what to ask it: the
    same columns without the target. Numbers are float32, missing where nothing is known. Unless --limit says more, the
    latest 50,000 labels are taken, from many cutoffs.

    Example: relfm labels shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id" -o labels.parquet
    """
    if out is not None:
        format_of(out, format)
    _check_features(features, queries, out, format)
    source.text()
    from relfm.label_table import label_table
    from relfm.times import Span

    step = Span.parse(every) if every is not None else None
    database = source.open(voice)
    task = asked(source, database)
    voice.note(task.english)
    if not features:
        frame = label_table(database, task, at=at, every=step, limit=limit)
        voice.note(f"{len(frame):,} labels at {frame['cutoff'].nunique(dropna=False):,} cutoffs")
        show_rows(frame, format, out, voice)
        return
    from relfm.feature_table import MOST_LABELS, feature_tables

    tables = feature_tables(database, task, at=at, every=step, limit=limit or MOST_LABELS)
    unlabelled = None if queries is None else tables.queries()
    voice.note(_of_how_many(tables))
    show_rows(tables.context, format, out, voice)
    if unlabelled is not None:
        show_rows(unlabelled, None, queries, voice)


def _check_features(features: bool, queries: Path | None, out: Path | None, format: str | None) -> None:
    """UsageError, before any work is done, for what goes without features or not with them."""
    if features and out is None and form_on_stdout(format) == "table":
        raise UsageError("features are too many columns for a terminal", hint="add -o FILE.parquet, or -f csv")
    if queries is None:
        return
    if not features:
        raise UsageError("--queries without --features", hint="add --features: a query without them is a key")
    format_of(queries)
    if out is not None and queries.resolve() == out.resolve():
        raise UsageError(f"-o and --queries are both '{out}'", hint="name two files")


def _of_how_many(tables: "FeatureTables") -> str:
    number, cutoffs = len(tables.context), tables.context["cutoff"].nunique(dropna=False)
    known = f" of {tables.num_labels:,}" if number < tables.num_labels else ""
    return f"{number:,}{known} labels at {cutoffs:,} cutoffs, {len(tables.features):,} features"
