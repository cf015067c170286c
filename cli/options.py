"""The options that commands share, as values: a command takes a ``Source`` and a ``Voice``, the shell sees options.

``spread`` makes one from the other, so no command names the fields of a group and no two commands can differ.
"""

import functools
import inspect
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from relfm.cli.voice import Voice
from relfm.errors import UsageError

if TYPE_CHECKING:
    from relfm.database import Database

DATABASE_VARIABLE = "RELFM_DATABASE_URL"
SCHEMA_FILE = "relfm.toml"
_DATABASE = "Database"
MODEL = "relfm-small"
"""The shipped networks that answer unless others are named."""

At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="The moment of the prediction; default: the end of the data.")
]
Effort = Annotated[Literal["fast", "default", "best"], typer.Option("--effort", help="How much work to spend.")]
Adapt = Annotated[Literal["trees"] | None, typer.Option("--adapt", help="trees: deep boosted trees for forecasts too.")]
Model = Annotated[
    str, typer.Option("--model", metavar="NAME", help="Pretrained networks: see relfm models; a folder; or none.")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of everything random; the same seed gives the same bytes.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
OutFile = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="FILE", help="Write the rows there: .csv .json .jsonl .md or .parquet."),
]
Format = Annotated[
    Literal["table", "csv", "json", "jsonl", "md", "parquet"] | None,
    typer.Option("-f", "--format", help="Form of the rows; default: table on a terminal, jsonl in a pipe."),
]
LabelSql = Annotated[
    Path | None,
    typer.Option(
        "--label-sql",
        metavar="FILE",
        help="Instead of QUESTION: labels from SQL (RelBench 3's contract) below lines such as -- horizon: 30 days, "
        "-- entity: customers, -- kind: binary; or from a task manifest (.yaml).",
    ),
]


@dataclass(frozen=True)
class Source:
    """Where the data are and how they are to be read."""

    url: Annotated[
        str | None,
        typer.Argument(
            metavar="URL",
            help=f"SQLAlchemy URL, database file, folder, RelBench dataset or @env:NAME; default ${DATABASE_VARIABLE}.",
        ),
    ] = None
    schema_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help=f"Facts that override the schema; default: ./{SCHEMA_FILE}.", rich_help_panel=_DATABASE
        ),
    ] = None
    schema: Annotated[
        str | None, typer.Option(metavar="NAME", help="Schema of the database to read.", rich_help_panel=_DATABASE)
    ] = None
    tables: Annotated[
        str | None, typer.Option(metavar="A,B", help="Read these tables only.", rich_help_panel=_DATABASE)
    ] = None
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither use nor keep a snapshot.", rich_help_panel=_DATABASE)
    ] = False

    def open(self, voice: Voice) -> "Database":
        """The database, read or from its snapshot. ConnectionFailed, SchemaError, UsageError."""
        from relfm.connectors import connect

        schema_file = self.schema_file
        if schema_file is None and Path(SCHEMA_FILE).is_file():
            schema_file = Path(SCHEMA_FILE)
            voice.note(f"schema facts from ./{SCHEMA_FILE}")
        with voice.tables() as progress:
            return connect(
                self.address(),
                schema_file=schema_file,
                schema=self.schema,
                tables=[t.strip() for t in self.tables.split(",") if t.strip()] if self.tables else None,
                cache=not self.no_cache,
                progress=progress,
            )

    def address(self) -> str:
        """The URL as given, or from $RELFM_DATABASE_URL."""
        if self.url is not None:
            return self.url
        if not (url := os.environ.get(DATABASE_VARIABLE)):
            raise UsageError("no database named", hint=f"give its URL, or set ${DATABASE_VARIABLE}")
        return url


@dataclass(frozen=True)
class Asked(Source):
    """A database and what is asked of it. One argument that begins with PREDICT is the question, of
    $RELFM_DATABASE_URL; so a question is never taken for a URL, nor a URL for a question."""

    question: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="'PREDICT … FOR EACH table.key' (see the README).")
    ] = None
    label_sql: LabelSql = None

    def address(self) -> str:
        return Source().address() if self._question_comes_first else super().address()

    def text(self) -> str | None:
        """The question, None if --label-sql stands in its place; UsageError for both or neither."""
        question = self.url if self._question_comes_first else self.question
        if question is not None and self.label_sql is not None:
            raise UsageError("both a question and --label-sql", hint="give one of them")
        if question is None and self.label_sql is None:
            raise UsageError(
                "no question", hint="ask one: 'PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id'"
            )
        return question

    @property
    def _question_comes_first(self) -> bool:
        return self.question is None and self.url is not None and is_question(self.url)


def is_question(text: str) -> bool:
    """Whether ``text`` begins like a predictive query: the word PREDICT, after comments."""
    return re.match(r"(?i)(?:\s|#[^\n]*\n)*predict\s", text) is not None


def spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """``command`` with every parameter that is a dataclass replaced by the fields of that dataclass."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        parameters += _fields_of(groups[name]) if name in groups else [parameter.replace(annotation=hints[name])]

    @functools.wraps(command)
    def spread_out(**values: Any) -> Any:
        whole = {name: group(**{f.name: values.pop(f.name) for f in fields(group)}) for name, group in groups.items()}
        return command(**values, **whole)

    spread_out.__signature__ = inspect.Signature([p.replace(kind=p.KEYWORD_ONLY) for p in parameters])
    spread_out.__annotations__ = {p.name: p.annotation for p in parameters}
    return spread_out


def _fields_of(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in fields(group)
    ]
