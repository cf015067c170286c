"""Benchmark results as JSON lines that others script against, appended one by one so that a run can be resumed.

A later line replaces an earlier one of the same dataset, task, protocol, split, method, effort and seed.
"""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from relfm.benchmarks.tasks import Metric
from relfm.errors import UsageError

Key = tuple[str, str, str, str, str, str, int]


@dataclass(frozen=True)
class Result:
    """One score. ``low`` and ``high`` bound its 95 % interval (PROTOCOL.md), None where there are too few to resample;
    ``mae`` is in target units."""

    dataset: str
    task: str
    protocol: str
    split: str
    method: str
    metric: Metric
    value: float
    rows: int
    seconds: float
    seed: int
    effort: str = "default"
    low: float | None = None
    high: float | None = None
    mae: float | None = None
    version: str = ""
    machine: str = ""

    @property
    def key(self) -> Key:
        return self.dataset, self.task, self.protocol, self.split, self.method, self.effort, self.seed


def read(path: str | Path) -> dict[Key, Result]:
    """The results of a file, the last of each key; empty if there is no such file, UsageError if it holds others."""
    path = Path(path)
    if not path.exists():
        return {}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            result = _parse(line, f"line {number} of {path}")
            found[result.key] = result
    return found


def append(path: str | Path, result: Result) -> None:
    """One more line, on disk when this returns."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(to_json(result), allow_nan=False) + "\n")


def to_json(result: Result) -> dict[str, Any]:
    """The line as a mapping, without what does not apply."""
    return {k: v for k, v in asdict(result).items() if v is not None and v != ""}


def machine() -> str:
    """What ran it, without naming it: architecture and cores."""
    return f"{platform.machine()}, {os.cpu_count()} cores"


def relfm_version() -> str:
    return version("relfm")


def ordered(results: Iterable[Result]) -> list[Result]:
    """By dataset, protocol, split and task; methods stay in the order they were run."""
    return sorted(results, key=lambda r: (r.dataset, r.protocol, r.split, r.task))


def _parse(line: str, where: str) -> Result:
    try:
        value = json.loads(line)
        return Result(**{f.name: value[f.name] for f in fields(Result) if f.name in value})
    except (ValueError, TypeError):
        raise UsageError(
            f"{where} is not a benchmark result", hint="name a file that relfm benchmark wrote, or a new one"
        ) from None
