"""``relfm explain``: what one answer rests on."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from relfm.cli.options import MODEL, Adapt, AsJson, Asked, At, Effort, Model, Seed
from relfm.cli.output import rows_as_json, show, show_json, with_iso_times
from relfm.cli.predict import head_as_json
from relfm.cli.question import asked
from relfm.cli.voice import Voice
from relfm.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group

    from relfm.explain import Explanation

One = Annotated[
    str | None, typer.Option("--for", metavar="KEY", help="The entity; not needed where the question is about one.")
]

MOST_FACTS, MOST_LABELS = 10, 5
"""How many are shown to be read; --json has all."""


def explain(
    source: Asked,
    voice: Voice,
    at: At = None,
    for_: One = None,
    effort: Effort = "default",
    adapt: Adapt = None,
    seed: Seed = 0,
    model: Model = MODEL,
    json: AsJson = False,
) -> None:
    """Say what the answer for one entity rests on: facts and their effects, experts, past labels, similar examples.

    A fact's effect is by how much the answer moves when the entity has it in place of what examples have that relfm
    learned from, whatever else is exchanged. Effects add up to the answer less the usual one.

    Example: relfm explain shop.db "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id" --for 17
    """
    source.text()
    from relfm.cli.entities import read_entities
    from relfm.predictor import Predictor

    database = source.open(voice)
    task = asked(source, database)
    entities = read_entities(for_, database.schema.table(task.entity)) if for_ is not None else [None]
    if len(entities) > 1:
        raise UsageError(
            f"--for names {len(entities):,} rows, and one answer can be explained", hint="name one of them"
        )
    predictor = Predictor(effort=effort, adapt=adapt, seed=seed, model=model)
    with voice.stages() as progress:
        made = predictor.explain(database, task, entity=entities[0], at=at, progress=progress)
    for warning in made.warnings:
        voice.warn(warning)
    if json:
        show_json(as_json(made) | {"seed": seed, "effort": effort})
    else:
        show(report(made), voice)


def as_json(made: "Explanation") -> dict[str, Any]:
    """The document of ``explain --json``."""
    return head_as_json(made) | {
        "rows": rows_as_json(made.frame),
        "explained": made.what,
        "answer": made.answer,
        "usual": made.usual,
        **{name: rows_as_json(getattr(made, name)) for name in ("facts", "experts", "past", "similar")},
        "warnings": list(made.warnings),
    }


def report(made: "Explanation") -> "Group":
    """The explanation to be read."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    row = made.frame.iloc[0]
    keys = made.frame.columns[: made.frame.columns.get_loc("cutoff")]
    whom = ", ".join(f"{name} {row[name]}" for name in keys)
    cutoff = with_iso_times(made.frame)["cutoff"].iloc[0]
    heads = {
        "Facts": _facts(made),
        "Experts": _experts(made),
        "Its past": _past(made),
        "Others like it": _similar(made),
    }
    parts = [part for title, lines in heads.items() if lines for part in (_title(title), Padding(lines, (0, 0, 0, 2)))]
    return Group(
        Text(made.task.english, style="bold"),
        Text(f"{made.task.entity} {whom}{f', at {cutoff}' if isinstance(cutoff, str) else ''}\n"),
        Text(f"{_number(made.answer)}  {made.what}"),
        Text(f"{_number(made.usual)}  usual, the mean answer for examples that relfm learned from"),
        Text(f"{_number(row['baseline'])}  history alone"),
        *parts,
    )


def _title(text: str) -> Any:
    from rich.text import Text

    return Text(f"\n{text}", style="bold")


def _facts(made: "Explanation") -> str:
    """The facts whose effects are beyond what chance lends them, and what the others come to."""
    told = made.facts[made.facts["effect"].abs() > 2 * made.facts["error"]].head(MOST_FACTS)
    lines = []
    for fact in told.itertuples(index=False):
        lines.append(f"{fact.effect:+.3g} ±{fact.error:.1g}  {fact.fact}")
        if fact.feature:
            lines.append(f"    {fact.feature}: {_number(fact.value)}, usually {_number(fact.usual)}")
    rest = made.facts.drop(told.index)
    if len(rest):
        what = "other facts together" if len(told) else "facts together, none beyond chance"
        lines.append(f"{rest['effect'].sum():+.3g}  {len(rest):,} {what}")
    return "\n".join(lines)


def _experts(made: "Explanation") -> str:
    heard = made.experts[made.experts["weight"] >= 0.005]
    return " · ".join(f"{e.expert} {_number(e.answer)} (weight {e.weight:.2f})" for e in heard.itertuples(index=False))


def _past(made: "Explanation") -> str:
    if made.past.empty:
        return ""
    return f"{_summary(made.past['target'])} in {len(made.past):,} past labels{_latest(made.past)}"


def _similar(made: "Explanation") -> str:
    if made.similar.empty:
        return ""
    nearest = f"{_summary(made.similar['target'])} in the {len(made.similar):,} most similar examples"
    keys = list(made.similar.columns[:-2])
    return f"{nearest}{_latest(made.similar.drop_duplicates(keys))}"


def _latest(labels: "pd.DataFrame") -> str:
    """The first labels, one a line: whose where there are keys, when, what."""
    lines = []
    for row in with_iso_times(labels.head(MOST_LABELS)).to_dict(orient="records"):
        target, cutoff = row.pop("target"), row.pop("cutoff")
        told = [f"{name} {value}" for name, value in row.items()] + ([cutoff] if isinstance(cutoff, str) else [])
        lines.append(f"\n    {', '.join(told)}: {_number(target)}")
    return "".join(lines)


def _summary(targets: "pd.Series") -> str:
    """What the targets are, in a few words."""
    if targets.dtype == bool:
        return f"yes {targets.mean():.0%}"
    if targets.dtype.kind in "if":
        return f"median {_number(float(targets.median()))}"
    shares = targets.value_counts(normalize=True).head(3)
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if value == value else "missing"
    return str(value)
