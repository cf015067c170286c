"""What a training run wrote down."""

from pathlib import Path
from typing import Any

from relfm.pretrain.journal import read_journal


def losses(out: Path) -> list[dict[str, Any]]:
    """The journal without timings and without what the run was told."""
    lines = [{k: v for k, v in line.items() if "/system/" not in k} for line in read_journal(out)]
    return [line for line in lines if "pretraining" not in line]
