"""What each learned part brings, on validation databases and a benchmark: python -m relfm.benchmarks.ablation.

Deterministic experts alone; with the head over features; with learned states; with both; the same networks with random
weights; names shuffled. No network takes a step on any of these databases.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relfm.benchmarks.methods import Settings
from relfm.benchmarks.protocols import Protocol
from relfm.benchmarks.report import Grid
from relfm.benchmarks.results import Result
from relfm.benchmarks.run import Job, run_task
from relfm.benchmarks.tasks import Split, load
from relfm.benchmarks.validation import marked
from relfm.errors import DataCannotAnswer, RelfmError
from relfm.learned import DEFAULT_MODEL
from relfm.predictor import is_forecast

CLOSED = "relfm@none"
ALL, DRAWN = "all", "all, random weights"
SEED = "SEED"
NUM_DRAWS = 2000


@dataclass(frozen=True)
class Arm:
    """One line of the table: its name, and the method (with the seed put in where it says SEED)."""

    title: str
    method: str


def arms(model: str) -> tuple[Arm, ...]:
    """The lines of the ablation of one pretrained model."""
    return (
        Arm("deterministic experts alone", CLOSED),
        Arm("+ pfn-features", f"relfm@{model}:pfn-features"),
        Arm("+ states", f"relfm@{model}:linear-states+pfn-states"),
        Arm(ALL, f"relfm@{model}"),
        Arm(DRAWN, f"relfm@{model}:random-{SEED}"),
        Arm("all, names shuffled", f"relfm~names@{model}"),
        Arm("deterministic, names shuffled", "relfm~names@none"),
        Arm("pfn-features alone", f"relfm@{model}:pfn-features+alone"),
        Arm("logistic regression, same features", "logistic"),
        Arm("LightGBM, same features", "lightgbm"),
    )


@dataclass(frozen=True)
class Row:
    """Mean AUROC and nMAE of one arm, and its differences to the deterministic experts with 95 % intervals over tasks:
    points of AUROC, per cent of nMAE (less is better). None where the arm answers no such task."""

    title: str
    auroc: float | None
    points: tuple[float, float, float] | None
    nmae: float | None
    percent: tuple[float, float, float] | None
    tasks: int
    seconds: float


def rows(results: Sequence[Result], lines: Sequence[Arm]) -> list[Row]:
    """Every arm against the deterministic experts on the same tasks, seeds averaged within a task."""
    by_arm = {arm.title: _by_task(r for r in results if _is_of(r, arm)) for arm in lines}
    base = by_arm[lines[0].title]
    found = []
    for arm in lines:
        own = by_arm[arm.title]
        if not own:
            continue
        auroc, nmae = _pairs(own, base, "auroc"), _pairs(own, base, "nmae")
        points = [100 * (a - b) for a, b in auroc]
        percent = [100 * (a / b - 1) for a, b in nmae]
        found.append(
            Row(
                arm.title,
                float(np.mean([a for a, _ in auroc])) if auroc else None,
                interval(points) if auroc else None,
                float(np.mean([a for a, _ in nmae])) if nmae else None,
                interval(percent) if nmae else None,
                len(auroc) + len(nmae),
                sum(r.seconds for r in results if _is_of(r, arm)),
            )
        )
    return found


def against_random(results: Sequence[Result], lines: Sequence[Arm]) -> str:
    """The pretrained networks against the same with random weights, in words; "" where either was not run."""
    named = {arm.title: arm for arm in lines}
    own, other = (_by_task(r for r in results if _is_of(r, named[title])) for title in (ALL, DRAWN))
    told = []
    for metric, unit in (("auroc", "points of AUROC"), ("nmae", "per cent of nMAE")):
        pairs = _pairs(own, other, metric)
        if pairs:
            moved = [100 * (a - b) if metric == "auroc" else 100 * (a / b - 1) for a, b in pairs]
            told.append(f"{_span(interval(moved))} {unit} on {len(pairs)} tasks")
    return f"{ALL} against random weights: {', '.join(told)}" if told else ""


def _pairs(
    own: Mapping[tuple[str, ...], float], other: Mapping[tuple[str, ...], float], metric: str
) -> list[tuple[float, float]]:
    return [(own[k], other[k]) for k in own if k[0] == metric and k in other]


def interval(differences: Sequence[float]) -> tuple[float, float, float]:
    """Mean, and the 95 % interval of the mean by bootstrap over tasks (seed 0)."""
    values = np.asarray(differences)
    drawn = np.random.default_rng(0).integers(len(values), size=(NUM_DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def grid(found: Sequence[Row], title: str) -> Grid:
    """The table as text."""
    header = ("experts", "mean AUROC", "points [95 %]", "mean nMAE", "per cent [95 %]", "tasks", "seconds")
    lines = [
        (
            row.title,
            "–" if row.auroc is None else f"{row.auroc:.4f}",
            _span(row.points),
            "–" if row.nmae is None else f"{row.nmae:.4f}",
            _span(row.percent),
            str(row.tasks),
            f"{row.seconds:.0f}",
        )
        for row in found
    ]
    return Grid(title, header, tuple(lines))


def run(
    corpus: Path, benchmarks: Sequence[Path], model: str, *, split: str, seeds: Sequence[int], out: Path | None
) -> list[Result]:
    """Every arm on every hosted task of the validation databases (rolling), and of ``benchmarks`` (both protocols).
    Rankings and questions about rows are left out: no pretrained network takes part in them."""
    jobs = [(corpus / name, (Protocol.ROLLING,)) for name in marked(corpus, "validate")]
    jobs += [(path, tuple(Protocol)) for path in benchmarks]
    found: list[Result] = []
    for path, protocols in jobs:
        hosted = load(path)
        for protocol in protocols:
            for seed in seeds:
                methods = tuple(_seeded(arm, seed) for arm in arms(model) if seed == seeds[0] or _varies(arm))
                job = Job(
                    protocol, Split.parse(split), methods, Settings("default", seed), out, False, None,
                    lambda text: print(text, file=sys.stderr),
                )  # fmt: skip
                for task in (name for name in hosted.task_names if is_forecast(hosted.task(name).task)):
                    try:
                        found += run_task(hosted, task, job)
                    except DataCannotAnswer as error:
                        print(f"not scored: {path.name}/{task}: {error.message}", file=sys.stderr)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables as Markdown; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m relfm.benchmarks.ablation", description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder of RelBench 3 datasets with an INDEX.md")
    parser.add_argument("benchmarks", type=Path, nargs="*", help="benchmark dataset folders, scored in both protocols")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a shipped model or a folder of checkpoints")
    parser.add_argument("--split", default="test", help="val to choose, test to report")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("-o", "--out", type=Path, help="results.jsonl: a run is taken up where it stopped")
    given = parser.parse_args(arguments)
    seeds = [int(s) for s in given.seeds.split(",")]
    try:
        results = run(given.corpus, given.benchmarks, given.model, split=given.split, seeds=seeds, out=given.out)
    except RelfmError as error:
        print(error.told(), file=sys.stderr)
        return error.exit_code
    lines, protocols = arms(given.model), [*dict.fromkeys(r.protocol for r in results)]
    for chosen in [*([p] for p in protocols), *([protocols] if len(protocols) > 1 else [])]:
        own = [r for r in results if r.protocol in chosen]
        title = f"{model_title(given.model)}, {' and '.join(chosen)}, {given.split} rows, seeds {given.seeds}"
        print(f"{grid(rows(own, lines), title).to_markdown()}\n\n{against_random(own, lines)}\n")
    return 0


def model_title(model: str) -> str:
    return Path(model).name


def _varies(arm: Arm) -> bool:
    """Whether an arm depends on the seed enough to be run with all of them: the baselines are run once."""
    return arm.method.startswith("relfm")


def _seeded(arm: Arm, seed: int) -> str:
    return arm.method.replace(SEED, str(seed))


def _is_of(result: Result, arm: Arm) -> bool:
    return result.method == _seeded(arm, result.seed)


def _by_task(results: Iterable[Result]) -> dict[tuple[str, ...], float]:
    values: dict[tuple[str, ...], list[float]] = {}
    for result in results:
        values.setdefault((result.metric, result.dataset, result.task, result.protocol), []).append(result.value)
    return {key: float(np.mean(found)) for key, found in values.items()}


def _span(found: tuple[float, float, float] | None) -> str:
    return "–" if found is None else f"{found[0]:+.2f} [{found[1]:+.2f}, {found[2]:+.2f}]"


if __name__ == "__main__":
    sys.exit(main())
