"""The question asked of the past: rolling folds, naive answers and boosted trees on the same rows, one verdict.

Each fold is answered from what was known at its cutoff; its own labels serve only to score it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relfm import arguments, features
from relfm.answer import Predictions
from relfm.asked import MAX_CUTOFFS, Asked, closed_labels
from relfm.calibration import diluted
from relfm.context import known_at, taught_by
from relfm.database import Database
from relfm.distinct import distinct
from relfm.doubts import warnings_of
from relfm.errors import DataCannotAnswer
from relfm.experts.boosting import there_are_trees
from relfm.experts.panel import budget_of
from relfm.experts.yardstick import tuned_classes, tuned_numbers
from relfm.frames import quantile_names
from relfm.label_table import examples_as_frame
from relfm.labels import context_cutoffs
from relfm.moments import Moment, labels_end, span_of
from relfm.panels import held_out
from relfm.planning import base_rate, key_columns, task_at
from relfm.scoring import COVERAGE, METRICS, OURS, Backtest, Fold, adapted, scored
from relfm.task import Examples, TargetKind, Task

if TYPE_CHECKING:
    import pandas as pd

    from relfm.predictor import Predictor

MOST_FOLDS = MAX_CUTOFFS
"""More would take hours and tell no more."""

MOST_SCORED = 50_000
"""Of more rows in a fold, a draw of so many is scored: their noise is a few thousandths."""


def backtest(
    predictor: "Predictor",
    database: Database,
    question: object,
    *,
    folds: int = 5,
    at: Moment = None,
    progress: Callable[[str], None] | None = None,
) -> Backtest:
    """Scores the latest ``folds`` cutoffs whose windows have closed by ``at``, or as many as there are. UsageError for
    ``folds`` that are none or too many, DataCannotAnswer if the history holds fewer than two cutoffs."""
    folds = arguments.whole("folds", folds, 1, MOST_FOLDS, "5 are usual; each of them is predicted anew")
    arguments.reporter(progress)
    say = progress or (lambda stage: None)
    task, moment = task_at(database, question, at)
    labelled = past_labels(predictor, database, task, moment, folds)
    cut = [(_drawn(positions), known_by) for positions, known_by in fold_positions(task, labelled, folds)]
    made = []
    for number, (positions, known_by) in enumerate(cut):
        say(f"fold {number + 1} of {len(cut)}: {len(positions):,} rows")
        made.append(_fold(predictor, database, task, labelled, positions, known_by))
    ours = adapted(predictor.adaptation(task))
    warnings = warnings_of(database, task, moment, labelled)
    return replace(scored(task, made, ours), answers=_answers(database, task, made, ours), warnings=warnings)


def _answers(database: Database, task: Task, folds: Sequence[Fold], ours: str) -> "pd.DataFrame":
    """See ``Backtest.answers``."""
    import pandas as pd

    parts = []
    for number, fold in enumerate(folds, 1):
        frame = examples_as_frame(database, task, fold.truth)
        frame.insert(0, "fold", number)
        told = {method: _shown(database, task, answers) for method, answers in fold.answers.items()}
        if task.kind is TargetKind.MULTICLASS:
            told |= {f"p_{name}": fold.answers[ours][:, k] for k, name in enumerate(task.classes)}
        if fold.edges is not None:
            told |= dict(zip(quantile_names(COVERAGE), fold.edges, strict=True))
        parts.append(frame.assign(**told))
    return pd.concat(parts, ignore_index=True)


def _shown(database: Database, task: Task, answers: np.ndarray) -> Any:
    """One method's answers as cells of a table."""
    if task.kind is TargetKind.MULTICLASS:
        return [task.classes[k] for k in answers.argmax(axis=1)]
    if task.kind is TargetKind.RANKING:
        (keys,) = key_columns(database, task.item, answers[answers >= 0]).values()
        return [list(part) for part in np.split(np.asarray(keys), np.cumsum((answers >= 0).sum(axis=1))[:-1])]
    return answers


def fold_positions(task: Task, labelled: Examples, folds: int) -> list[tuple[np.ndarray, int | None]]:
    """(positions of the scored examples, known_by) of each fold, oldest first. A question about the future is scored
    at its latest cutoffs that leave something to learn from; a missing cell on every ``folds + 1``-th row."""
    if task.horizon is None:
        number = max(folds, 2) + 1
        parts = [np.flatnonzero(labelled.rows % number == k) for k in range(folds)]
        return [(p, int(labelled.cutoffs.max())) for p in parts if len(p)]
    moments = distinct(labelled.cutoffs)
    known = known_at(task, labelled.cutoffs)
    usable = [m for m in moments if _teaches(task, labelled, known <= m)]
    if not usable:
        apart = " and labels of several classes" if (known <= moments[-1]).any() else ""
        raise DataCannotAnswer(
            f"the history holds {len(moments)} cutoffs, none with closed windows{apart} before it",
            hint="ask for a shorter horizon",
        )
    return [(np.flatnonzero(labelled.cutoffs == m), None) for m in usable[-folds:]]


def _teaches(task: Task, labelled: Examples, known: np.ndarray) -> bool:
    """Whether anything can be learned from the examples in ``known`` (bool[N]): of one class alone nothing can."""
    if task.kind in (TargetKind.BINARY, TargetKind.MULTICLASS):
        return len(np.unique(labelled.targets[known])) > 1
    return bool(known.any())


def past_labels(predictor: "Predictor", database: Database, task: Task, moment: int, folds: int) -> Examples:
    """Labels known by ``moment``, at enough cutoffs for so many folds and for what they are answered from."""
    end = labels_end(database, task, moment)
    rows = budget_of(predictor.effort, task.kind).rows
    enough = folds + max(24, rows // 500)
    span = (end, end) if task.horizon is None else span_of(database, task)  # no time is needed to fill in cells
    cutoffs = context_cutoffs(task, span, end, enough)
    asked = Asked(database, task, end, rows, of_everybody=predictor.needs_all_labels(task))
    return closed_labels(database, task, cutoffs, end, asked.drawn)


def _drawn(positions: np.ndarray) -> np.ndarray:
    if len(positions) <= MOST_SCORED:
        return positions
    return np.sort(np.random.default_rng(0).permutation(positions)[:MOST_SCORED])


def _fold(
    predictor: "Predictor",
    database: Database,
    task: Task,
    labelled: Examples,
    positions: np.ndarray,
    known_by: int | None,
) -> Fold:
    truth = labelled.take(positions)
    others = np.ones(len(labelled), bool)
    others[positions] = False
    context = labelled.take(others)
    by = predictor.adaptation(task)
    makers = {adapted(by): predictor} if by is None else {adapted(by): predictor, OURS: predictor.zero_shot(task)}
    made = {
        method: maker.predict_examples(database, task, context, truth, interval=COVERAGE, known_by=known_by)
        for method, maker in makers.items()
    }
    own, found = made[adapted(by)], made[OURS]
    last_seen = int(truth.seen.min()) if known_by is None else known_by + 1
    (cutoff,) = database.shown(truth.cutoffs.max(keepdims=True))
    usable = np.flatnonzero(known_at(task, context.cutoffs) <= last_seen)
    chosen, enrichment = taught_by(task, context, usable, budget_of(predictor.effort, task.kind).rows)
    used = context.take(chosen)
    if task.kind == TargetKind.RANKING:
        ours, plain = (lists.first(task.top or 10) for lists in (found.items, found.baseline_items))
        answers = {OURS: ours, "popularity and history": plain}
        return Fold(cutoff, truth, 1.0, float("nan"), answers, None)
    answers = {method: _told(task, made[method]) for method in reversed(makers)}
    rate = base_rate(task, used)
    trees = _trees(predictor, database, task, context, used, truth, last_seen)
    if task.kind is TargetKind.BINARY:
        rate = float(diluted(rate, enrichment))
        trees = {name: diluted(told, enrichment) for name, told in trees.items()}
    answers |= trees | _naive(found, used, truth, rate)
    edges = None if own.low is None else (own.low, own.high)
    scale = float(used.targets.std()) or 1.0
    usual = max(rate.values()) if isinstance(rate, Mapping) else rate
    return Fold(cutoff, truth, scale, usual, answers, edges)


def _told(task: Task, found: Predictions) -> np.ndarray:
    return found.probabilities if task.kind == TargetKind.MULTICLASS else found.values


def _naive(
    found: Predictions, used: Examples, truth: Examples, rate: float | Mapping[str, float]
) -> dict[str, np.ndarray]:
    num = len(found.values)
    if isinstance(rate, Mapping):
        shares = np.array(list(rate.values()))
        return {"entity history": past_classes(used, truth, shares), "base rate": np.tile(shares, (num, 1))}
    return {"entity history": found.baseline, "base rate": np.full(num, rate)}


def past_classes(used: Examples, truth: Examples, shares: np.ndarray) -> np.ndarray:
    """float64[N, K]: the classes that the entity of each row of ``truth`` had in ``used``, as shares, together with one
    row's worth of all entities' classes (``shares``, float64[K]): so few rows are drawn towards the base rate."""
    entities, owner = np.unique(used.rows, return_inverse=True)
    had = np.zeros((len(entities) + 1, len(shares)))  # the last line is of entities without a past
    np.add.at(had, (owner, used.targets.astype(np.int64)), 1)
    place = np.searchsorted(entities, truth.rows)
    is_known = np.append(entities, -1)[place] == truth.rows
    own = had[np.where(is_known, place, len(entities))] + shares
    return own / own.sum(axis=1, keepdims=True)


def _trees(
    predictor: "Predictor",
    database: Database,
    task: Task,
    context: Examples,
    used: Examples,
    truth: Examples,
    until: int,
) -> dict[str, np.ndarray]:
    """LightGBM on the features that relfm computes, trained on the same context; nothing if it cannot be loaded."""
    if not there_are_trees():
        return {}
    both = Examples.concatenate([used.unlabelled(), truth.unlabelled()])
    values = features.compute(database, task, both, context, until=until).values
    given, asked = values[: len(used)], values[len(used) :]
    split = held_out(task, used)
    if METRICS[task.kind] == "nmae":
        return {"lightgbm": tuned_numbers(given, used.targets, split, asked, predictor.seed)}
    if len(distinct(used.targets)) < 2:
        return {}
    count = max(2, len(task.classes))
    shares = tuned_classes(given, used.targets, split, asked, count, predictor.seed)
    return {"lightgbm": shares[:, 1] if task.kind == TargetKind.BINARY else shares}
