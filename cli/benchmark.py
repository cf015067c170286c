"""``relfm benchmark``: RelBench's official tasks, rows and metrics, under a protocol that must be named."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from relfm.cli.options import Effort, Seed
from relfm.cli.output import show_rows
from relfm.cli.voice import Voice
from relfm.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from relfm.benchmarks.results import Result

DatasetName = Annotated[str, typer.Argument(metavar="DATASET", help="A RelBench 3 folder, or a name on the Hub.")]
TaskNames = Annotated[list[str] | None, typer.Argument(metavar="TASK...", help="Its tasks; default: all.")]
ProtocolName = Annotated[
    str | None,
    typer.Option("--protocol", metavar="frozen|rolling", help="What each row may see. There is no default."),
]
SplitName = Annotated[Literal["val", "test"], typer.Option("--split", help="val to choose, test to report.")]
Methods = Annotated[
    str | None, typer.Option("--methods", metavar="A,B", help="Which methods; default: relfm and its baselines.")
]
ResultsFile = Annotated[
    Path | None,
    typer.Option("-o", "--out", metavar="FILE", help="results.jsonl: a line a score; scores it has are not redone."),
]
Force = Annotated[bool, typer.Option("--force", help="Score again what the file already holds.")]
Submission = Annotated[
    Path | None, typer.Option("--submission", metavar="DIR", help="Write RelBench's submission files there.")
]
RowsForm = Annotated[
    Literal["table", "csv", "json", "jsonl", "md"] | None,
    typer.Option("-f", "--format", help="Form of the scores; default: table on a terminal, jsonl in a pipe."),
]


def benchmark(
    dataset: DatasetName,
    voice: Voice,
    tasks: TaskNames = None,
    protocol: ProtocolName = None,
    split: SplitName = "test",
    methods: Methods = None,
    effort: Effort = "default",
    seed: Seed = 0,
    out: ResultsFile = None,
    force: Force = False,
    submission: Submission = None,
    format: RowsForm = None,
) -> None:
    """Score relfm and the baselines on RelBench tasks. No number exists without a protocol.

    Example: relfm benchmark rel-f1 driver-dnf driver-top3 --protocol rolling -o results.jsonl
    """
    if out is not None and out.suffix not in (".jsonl", ".ndjson"):
        raise UsageError(f"'{out}' is not a .jsonl file", hint="results are JSON lines: -o results.jsonl")
    from relfm.benchmarks.methods import DEFAULT
    from relfm.benchmarks.run import run

    chosen = tuple(m.strip() for m in methods.split(",") if m.strip()) if methods is not None else DEFAULT
    with voice.stages() as progress:
        results = run(
            dataset,
            tasks or (),
            protocol=protocol,
            split=split,
            methods=chosen,
            effort=effort,
            seed=seed,
            out=out,
            force=force,
            submission=submission,
            progress=progress,
        )
    show_rows(_as_rows(results), format, None, voice)
    if out is not None:
        voice.note(f"scores are in {out}")


def _as_rows(results: "list[Result]") -> "pd.DataFrame":
    """The scores with the documented keys of results.jsonl, and the interval where there is one."""
    import pandas as pd

    from relfm.benchmarks.results import to_json

    return pd.DataFrame([to_json(result) for result in results]).drop(columns=["version", "machine"], errors="ignore")
