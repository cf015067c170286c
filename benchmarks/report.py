"""Results as tables: one per protocol and split, each with a summary over all tasks.

Numbers of different protocols or splits never share a table, and a mean is over tasks that every method in it answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from relfm.benchmarks.results import Result, ordered
from relfm.benchmarks.tasks import METRIC_OF

ABSENT = "–"


@dataclass(frozen=True)
class Grid:
    """A table as text: the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def to_markdown(self) -> str:
        rule = ("---",) + ("---:",) * (len(self.header) - 1)
        lines = ["| " + " | ".join(row) + " |" for row in (self.header, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines])


def grids(results: Iterable[Result]) -> list[Grid]:
    """Every task of every dataset in one table per protocol and split, each followed by its summary."""
    grouped = _grouped(ordered(results), "protocol", "split").values()
    return [grid for part in grouped for grid in (_task_grid(part), _summary_grid(part))]


def overview(results: Iterable[Result]) -> str:
    """All tables as one Markdown text."""
    return "\n\n".join(grid.to_markdown() for grid in grids(results)) + "\n"


@dataclass(frozen=True)
class Summary:
    """One method over all tasks. A mean is None where the method did not answer every task of that metric."""

    method: str
    mean_rank: float | None
    means: Mapping[str, float | None]
    seconds: float
    tasks: int


def summarise(results: Sequence[Result]) -> list[Summary]:
    """Best mean rank first; ranks are over the tasks that all methods answered, ties sharing theirs."""
    by_task = _by_task(results)
    methods = list(dict.fromkeys(label(r) for r in results))
    complete = [scores for scores in by_task.values() if len(scores) == len(methods)]
    ranks = np.array([_ranks([scores[m] for m in methods]) for scores in complete])
    mean_ranks = ranks.mean(axis=0) if len(complete) else [None] * len(methods)
    found = []
    for method, rank in zip(methods, mean_ranks, strict=True):
        own = [scores[method] for scores in by_task.values() if method in scores]
        means = {metric: _mean(by_task, method, metric) for metric in METRIC_OF.values()}
        found.append(Summary(method, rank, means, sum(r.seconds for r in own), len(own)))
    return sorted(found, key=lambda s: (s.mean_rank is None, s.mean_rank))


def label(result: Result) -> str:
    """The method's column: its name, with the effort if it is not the default."""
    is_plain = result.effort == "default" or not result.method.startswith("relfm")
    return result.method if is_plain else f"{result.method} ({result.effort})"


def _task_grid(results: Sequence[Result]) -> Grid:
    methods = list(dict.fromkeys(label(r) for r in results))
    is_one = len({r.dataset for r in results}) == 1
    rows = []
    for scores in _by_task(results).values():
        some = next(iter(scores.values()))
        cells = [_cell(scores[m]) if m in scores else ABSENT for m in methods]
        name = some.task if is_one else f"{some.dataset} {some.task}"
        rows.append((name, some.metric, f"{some.rows:,}", *cells))
    seconds = [sum(r.seconds for r in results if label(r) == m) for m in methods]
    rows.append(("seconds", "", "", *(f"{s:.1f}" for s in seconds)))
    return Grid(_title("All tasks", results[0]), ("task", "metric", "rows", *methods), tuple(rows))


def _summary_grid(results: Sequence[Result]) -> Grid:
    metrics = [m for m in METRIC_OF.values() if any(r.metric == m for r in results)]
    rows = [
        (
            s.method,
            _number(s.mean_rank, 2),
            *(_number(s.means[m], 4) for m in metrics),
            f"{s.seconds:.1f}",
            str(s.tasks),
        )
        for s in summarise(results)
    ]
    datasets = len({r.dataset for r in results})
    title = _title(f"{len(_by_task(results))} tasks of {datasets} dataset{'s' * (datasets > 1)}", results[0])
    return Grid(title, ("method", "mean rank", *(f"mean {m}" for m in metrics), "seconds", "tasks"), tuple(rows))


def _title(what: str, result: Result) -> str:
    return f"{what}, {result.protocol}, {result.split} rows"


def _cell(result: Result) -> str:
    if result.low is None or result.high is None:
        return f"{result.value:.4f}"
    return f"{result.value:.4f} [{result.low:.3f}, {result.high:.3f}]"


def _number(value: float | None, digits: int) -> str:
    return ABSENT if value is None else f"{value:.{digits}f}"


def _grouped(results: Iterable[Result], *names: str) -> dict[tuple, list[Result]]:
    groups: dict[tuple, list[Result]] = {}
    for result in results:
        groups.setdefault(tuple(getattr(result, n) for n in names), []).append(result)
    return groups


def _by_task(results: Iterable[Result]) -> dict[tuple, dict[str, Result]]:
    """Scores by method for each (dataset, task); of several seeds the last."""
    return {key: {label(r): r for r in part} for key, part in _grouped(results, "dataset", "task").items()}


def _ranks(scores: Sequence[Result]) -> np.ndarray:
    sign = 1 if scores[0].metric == "nmae" else -1
    return rankdata([sign * s.value for s in scores])


def _mean(by_task: Mapping[tuple, Mapping[str, Result]], method: str, metric: str) -> float | None:
    asked = [scores for scores in by_task.values() if next(iter(scores.values())).metric == metric]
    if not asked or any(method not in scores for scores in asked):
        return None
    return float(np.mean([scores[method].value for scores in asked]))
