"""``relfm demo``: the whole of relfm on a generated shop, without a database, an account or a network."""

from pathlib import Path
from typing import Annotated

import typer

from relfm.cli.options import Effort, Seed, Source
from relfm.cli.output import show
from relfm.cli.voice import Voice

_ROWS = 10
DatabaseFile = Annotated[
    Path, typer.Option("-o", "--out", metavar="FILE", help="Where to write the shop; used as it is if it exists.")
]


def demo(voice: Voice, out: DatabaseFile = Path("relfm-demo.db"), effort: Effort = "default", seed: Seed = 0) -> None:
    """Make a shop's database, describe it, predict its customers' next month, and say what to try next.

    Example: relfm demo
    """
    from relfm.sample import QUESTIONS, write_sqlite

    if out.exists():
        voice.note(f"{out} exists and is used as it is")
    else:
        write_sqlite(out, seed=0)
        voice.note(f"wrote a generated shop to {out}")
    first, *others = QUESTIONS[:4]
    _run(out, first.text, first.english, effort, seed, voice)
    show(_next_steps(out, first.text, [other.text for other in others]), voice)


def _run(path: Path, question: str, english: str, effort: str, seed: int, voice: Voice) -> None:
    from relfm.cli.describe import summary
    from relfm.cli.output import rows_as_table
    from relfm.cli.predict import tell
    from relfm.predictor import Predictor

    database = Source(url=str(path)).open(voice)
    show(summary(database), voice)
    with voice.stages() as progress:
        prediction = Predictor(effort=effort, seed=seed).predict(database, question, progress=progress)
    show(f"\nThe question: {english}?\n  {question}\n", voice)
    tell(prediction, voice)
    # the demo's question is whom the shop will lose, so the likeliest come first
    surest = prediction.frame.sort_values("probability", ascending=False, kind="stable", ignore_index=True)
    show(rows_as_table(surest, _ROWS), voice)


def _next_steps(path: Path, question: str, others: list[str]) -> str:
    steps = [
        f'relfm backtest {path} "{question}"',
        f'relfm explain {path} "{question}" --for 17',
        f'relfm predict {path} "{question}" -o churn.csv',
        *(f'relfm predict {path} "{other}"' for other in others),
        f"relfm describe {path}",
    ]
    return "\nNext, see how far to trust it, and ask something else:\n" + "\n".join(f"  {step}" for step in steps)
