"""``relfm pretrain``: another network on your own corpus of databases."""

from pathlib import Path
from typing import Annotated

import typer

from relfm.cli.voice import Voice

Config = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="Settings, .toml or .json; see configs/pretrain.toml.")
]
Folder = Annotated[
    Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where checkpoints, journal and network go.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in FOLDER, as if it had never stopped.")]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="In all, instead of what the file says.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Instead of what the file says.")]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda, instead of what the file says.")]
Minutes = Annotated[float | None, typer.Option("--minutes", min=0, help="Save and stop after so many; 0: never.")]


def pretrain(
    voice: Voice,
    config: Config,
    out: Folder = Path("runs/pretrain"),
    resume: Resume = False,
    steps: Steps = None,
    seed: Seed = None,
    device: Device = None,
    minutes: Minutes = None,
) -> None:
    """Pretrain a network on the shards that relfm prepare wrote: CPU, one GPU, or several under torchrun.

    Killed at any moment, it goes on with --resume. Several processes: torchrun -m relfm.pretrain --config FILE.

    Example: relfm pretrain --config configs/pretrain.toml -o runs/small
    """
    from relfm.pretrain import Asked, pretrain

    asked = Asked(config=config, steps=steps, seed=seed, device=device, minutes=minutes)
    pretrain(asked.settings(), out, resume=resume, quiet=voice.quiet)
