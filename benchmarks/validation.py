"""Every hosted task of every database that a corpus marks for one use: python -m relfm.benchmarks.validation CORPUS.

A corpus is a folder of RelBench 3 datasets whose INDEX.md lists each one's ``name`` and ``split`` in a Markdown table.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relfm.benchmarks import report
from relfm.benchmarks.methods import DEFAULT, Settings, method_named
from relfm.benchmarks.protocols import Protocol
from relfm.benchmarks.results import Result
from relfm.benchmarks.run import Job, Progress, run_task
from relfm.benchmarks.tasks import Split, load
from relfm.errors import DataCannotAnswer, RelfmError, UsageError

INDEX = "INDEX.md"


@dataclass(frozen=True)
class Failure:
    """A task that could not be scored, and why; the run goes on without it."""

    dataset: str
    task: str
    reason: str


@dataclass(frozen=True)
class CorpusRun:
    """Everything that one run over a corpus brought."""

    results: tuple[Result, ...]
    failures: tuple[Failure, ...]


def run(
    corpus: str | Path,
    *,
    protocol: str | None,
    role: str = "validate",
    split: str = "test",
    methods: Sequence[str] = DEFAULT,
    effort: str = "default",
    seed: int = 0,
    out: str | Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> CorpusRun:
    """Score ``methods`` on every hosted task of the databases that INDEX.md marks ``role``.

    The other arguments are those of ``relfm.benchmarks.run.run``. A task whose data hold no answer is a Failure.
    """
    rule, part = Protocol.parse(protocol), Split.parse(split)
    for name in methods:
        method_named(name)
    path = None if out is None else Path(out)
    job = Job(rule, part, tuple(methods), Settings(effort, seed), path, force, None, progress)
    results: list[Result] = []
    failures: list[Failure] = []
    for name in marked(corpus, role):
        hosted = load(Path(corpus) / name)
        for task in hosted.task_names:
            try:
                results += run_task(hosted, task, job)
            except DataCannotAnswer as error:
                failures.append(Failure(hosted.name, task, error.message))
    return CorpusRun(tuple(results), tuple(failures))


def marked(corpus: str | Path, role: str) -> list[str]:
    """The names of the databases whose ``split`` is ``role``, in INDEX.md's order; UsageError if there are none."""
    index = Path(corpus) / INDEX
    try:
        lines = index.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise UsageError(f"'{corpus}' has no {INDEX}", hint="it lists each database's name and split") from None
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.startswith("|")]
    header = next((row for row in rows if {"name", "split"} <= set(row)), None)
    if header is None:
        raise UsageError(f"{index} has no table with the columns name and split")
    entries = [dict(zip(header, row, strict=False)) for row in rows[rows.index(header) + 1 :]]
    found = [e["name"] for e in entries if e.get("split") == role]
    if not found:
        roles = sorted({e["split"] for e in entries if e.get("split", "").strip("-: ")})
        raise UsageError(f"{index} marks no database '{role}'", hint=f"its splits are: {', '.join(roles)}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables as Markdown on stdout, what could not be scored on stderr; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.validation", description=__doc__)
    parser.add_argument("corpus", type=Path, help=f"a folder of RelBench 3 datasets with an {INDEX}")
    parser.add_argument("--protocol", help="frozen or rolling; there is no default")
    parser.add_argument("--role", default="validate", help="which databases: the index's split column")
    parser.add_argument("--split", default="test", help="val to choose, test to report")
    parser.add_argument("--methods", default=",".join(DEFAULT), help="names with commas between them")
    parser.add_argument("--effort", default="default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--force", action="store_true", help="score again what the file already holds")
    parser.add_argument("-o", "--out", type=Path, help="results.jsonl: a run is taken up where it stopped")
    given = vars(parser.parse_args(arguments))
    given["methods"] = given["methods"].split(",")
    try:
        made = run(given.pop("corpus"), **given, progress=lambda text: print(text, file=sys.stderr))
    except RelfmError as error:
        print(error.told(), file=sys.stderr)
        return error.exit_code
    print(report.overview(made.results))
    for failure in made.failures:
        print(f"not scored: {failure.dataset}/{failure.task}: {failure.reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
