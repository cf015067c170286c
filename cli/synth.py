"""``relfm synth``: generated databases to try things on, to test with, and to pretrain on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from relfm.cli.options import AsJson, Seed
from relfm.cli.output import plain_table, show, show_json
from relfm.cli.voice import Voice
from relfm.errors import UsageError
from relfm.times import format_time

if TYPE_CHECKING:
    from rich.console import RenderableType

    from relfm.synth import SyntheticDatabase

Out = Annotated[
    Path, typer.Argument(metavar="OUT", help="Where to write: a new folder (or file, if sqlite); must not exist.")
]
Rows = Annotated[
    int | None, typer.Option("--rows", metavar="N", help="Rows in all, about; default: 8,000 to 200,000, drawn.")
]
Tables = Annotated[int | None, typer.Option("--tables", metavar="N", help="Tables; default: 2 to 12, drawn.")]
Count = Annotated[int, typer.Option("--count", min=1, help="How many databases; several are written into folder OUT.")]
Form = Annotated[
    Literal["relbench", "sqlite"], typer.Option("--format", help="A RelBench 3 folder, or an SQLite file.")
]


def synth(
    out: Out,
    voice: Voice,
    seed: Seed = 0,
    rows: Rows = None,
    tables: Tables = None,
    count: Count = 1,
    format: Form = "relbench",
    json: AsJson = False,
) -> None:
    """Write databases drawn at random: schemas, names, keys, events, and questions that their history can answer.

    Example: relfm synth made.db --format sqlite --seed 3 --rows 20000
    """
    from relfm.files import check_is_free
    from relfm.synth import generate, write_folder, write_sqlite

    check_is_free(out)
    if seed < 0:
        raise UsageError(f"a seed of {seed} is negative", hint="give 0 or more")
    write, suffix = (write_folder, "") if format == "relbench" else (write_sqlite, ".db")
    written = []
    with voice.stages() as progress:
        for one in range(seed, seed + count):
            progress(f"making database {one - seed + 1} of {count}")
            database = generate(one, rows=rows, tables=tables)
            if count > 1:
                out.mkdir(exist_ok=True)
            path = write(database, out / f"{database.name}{suffix}" if count > 1 else out)
            written.append(summary_of(database, path))
    if json:
        show_json({"databases": written})
    else:
        show(_table(written), voice)


def summary_of(database: "SyntheticDatabase", path: Path) -> dict[str, Any]:
    """``path``, ``name``, ``seed``, ``tables`` (rows by name), ``links``, ``rows``, ``from``, ``to``, ``questions``."""
    from relfm.connectors import connect
    from relfm.query import parse
    from relfm.query.walk import aggregates_of
    from relfm.questions import draw_questions

    questions = map(parse, draw_questions(connect(path, cache=False), 4, database.seed))
    return {
        "path": str(path),
        "name": database.name,
        "seed": database.seed,
        "tables": {table.name: len(table) for table in database.tables},
        "links": len(database.links),
        "rows": database.num_rows,
        "from": format_time(database.start),
        "to": format_time(database.end),
        "questions": [str(q) for q in sorted(questions, key=lambda q: not aggregates_of(q.target))],
    }


def _table(written: list[dict[str, Any]]) -> "RenderableType":
    """One line a database, and what can be asked of the first."""
    from rich.console import Group
    from rich.text import Text

    table = plain_table(("Database", "Tables", "Links", "Rows", "From", "To"), right=("Tables", "Links", "Rows"))
    for one in written:
        sizes = (str(len(one["tables"])), str(one["links"]), f"{one['rows']:,}")
        table.add_row(one["path"], *sizes, one["from"][:10], one["to"][:10])
    first = written[0]
    if not first["questions"]:
        return table
    return Group(table, Text(f'\nNext: relfm predict {first["path"]} "{first["questions"][0]}"'))
