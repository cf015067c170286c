"""``relfm prepare``: databases to the shards that ``relfm pretrain`` reads."""

from pathlib import Path
from typing import Annotated

import typer

from relfm.cli.options import AsJson, Seed
from relfm.cli.output import show_json
from relfm.cli.voice import Voice

Sources = Annotated[
    list[str], typer.Argument(metavar="DATABASE...", help="RelBench 3 folders, database files or URLs.")
]
Shards = Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where shards and corpus.json go.")]
Questions = Annotated[int, typer.Option("--questions", min=0, help="Questions drawn for each, besides hosted ones.")]
Episodes = Annotated[
    int, typer.Option("--episodes", min=0, help="Moments of each question that the closed forms answer, for the heads.")
]
States = Annotated[
    str | None,
    typer.Option("--states", metavar="MODEL", help="Episodes of this model's learned states, in place of features."),
]
MostRows = Annotated[int, typer.Option("--most-rows", min=1, help="Refuse databases of more rows.")]


def prepare(
    sources: Sources,
    voice: Voice,
    out: Shards = Path("shards"),
    questions: Questions = 12,
    episodes: Episodes = 0,
    states: States = None,
    seed: Seed = 0,
    most_rows: MostRows = 3_000_000,
    json: AsJson = False,
) -> None:
    """Write compact shards: cells, links, text vectors, and questions with their answers. Benchmarks are refused.

    Example: relfm prepare corpus/* -o shards --questions 24
    """
    from relfm.prepare import prepare as make

    with voice.stages() as progress:
        wanted = {"questions": questions, "episodes": episodes, "states": states, "seed": seed}
        index = make(sources, out, most_rows=most_rows, progress=progress, **wanted)
    if json:
        show_json({name: {k: v for k, v in e.items() if k != "fingerprints"} for name, e in index["shards"].items()})
    else:
        voice.note(f"{len(index['shards'])} shards are in {out}")
