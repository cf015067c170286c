"""What happened at every step: JSON lines on disk, TensorBoard beside them where it is installed."""

import json
import math
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from relfm.files import whole

FILE = "journal.jsonl"


class Journal:
    """Appends to ``folder/journal.jsonl``; lines after ``done`` steps, and a torn last one, are removed first."""

    def __init__(self, folder: Path, done: int, *, tensorboard: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE
        _keep_until(path, done)
        self._file = path.open("a", encoding="utf-8")
        self._board = None
        if tensorboard and find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1)

    def write(self, step: int, record: Mapping[str, Any]) -> None:
        """One line: ``step`` and the record; what is not finite becomes null, because JSON has no word for it."""
        line = {"step": step} | {name: _finite(value) for name, value in record.items()}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        for name, value in record.items() if self._board is not None else ():
            if isinstance(value, int | float):
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """Its whole lines, in order; none if there is no journal."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    return [json.loads(line) for line in lines]


def _keep_until(path: Path, done: int) -> None:
    lines = [line for line in read_journal(path.parent) if done and line["step"] <= done]
    with whole(path) as unfinished:
        unfinished.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
