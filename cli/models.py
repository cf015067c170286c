"""``relfm models``: the networks that come with relfm, or that you have pretrained, and what each has seen."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relfm.cli.options import AsJson
from relfm.cli.output import plain_table, show, show_json
from relfm.cli.voice import Voice

if TYPE_CHECKING:
    from rich.console import RenderableType

    from relfm.checkpoint import Card

At = Annotated[
    list[Path] | None,
    typer.Option("--path", metavar="PATH", help="Checkpoints of your own: a file or a folder; may be repeated."),
]


def models(voice: Voice, path: At = None, json: AsJson = False) -> None:
    """List pretrained networks: kind, size, steps, data, what each has never seen, licence, SHA-256.

    Example: relfm models --path runs/small
    """
    from relfm.checkpoint import available

    cards = available(path or ())
    if json:
        show_json([card.to_dict() for card in cards])
    elif cards:
        show(table(cards), voice)
    else:
        voice.note("no network is shipped; --path FOLDER shows your own")


def table(cards: Sequence["Card"]) -> "RenderableType":
    """One line a network, then what each was trained on."""
    from rich.console import Group
    from rich.text import Text

    titles = ("Model", "Network", "Kind", "Parameters", "MB", "Steps", "Seed", "Licence", "SHA-256")
    listed = plain_table(titles, right=("Parameters", "MB", "Steps", "Seed"))
    for card in cards:
        figures = (f"{card.parameters:,}", f"{card.bytes / 1e6:.1f}", _said(card.steps), _said(card.seed))
        listed.add_row(card.model, card.name, card.kind, *figures, _said(card.licence), card.sha256[:12])
    lines = [f"{c.model}/{c.name}: trained on {_said(c.data)}; has never seen {_said(c.never_seen)}" for c in cards]
    return Group(listed, Text(""), *(Text(line) for line in lines))


def _said(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "unknown" if value is None else str(value)
