"""Cells that are written over as time goes on (is_active, a segment renewed every night), told by the answers.

What was there from the start tells of all windows alike. What is written over tells of the latest ones, which it has
seen, and hardly of those before.
"""

from collections.abc import Iterator

import numpy as np

from relfm.database import Database
from relfm.distinct import distinct
from relfm.schema import Column
from relfm.stype import Stype
from relfm.task import Examples, TargetKind, Task

MOST_WINDOWS, LEAST_WINDOWS = 13, 3
"""Earlier windows that the latest is compared with: about a year of months, for what comes round with the seasons."""

ENOUGH, MOST_EXAMPLES = 50, 2_000
"""Of each answer so many in a window can show something; more examples of a window are not looked at."""

MUCH_BETTER, WELL = 0.1, 0.65
"""How much better a column must tell the latest answers than any earlier ones, and how well, in AUROC."""

_GROUPS, _FEW_VALUES = 10, 20


def rewritten_cells(database: Database, task: Task, context: Examples) -> Iterator[str]:
    """A sentence about the entity's columns that tell the latest labels of ``context`` far better than earlier ones."""
    windows = _windows(task, context)
    if len(windows) <= LEAST_WINDOWS:
        return
    found = {}
    for column in database.schema.tables[task.entity].columns:
        groups = _groups(database, task, column)
        if groups is not None:
            latest, *earlier = (_told(groups[rows], answers) for rows, answers in windows)
            if latest >= max(WELL, max(earlier) + MUCH_BETTER):
                found[column.name] = latest, max(earlier)
    if found:
        names = ", ".join(f'"{name}"' for name in found)
        (latest, earlier), tells = next(iter(found.values())), "tell" if len(found) > 1 else "tells"
        yield (
            f"{', '.join(f'{task.entity}.{name}' for name in found)} {tells} the latest answers far better than any "
            f"before (AUROC {latest:.2f} against {earlier:.2f}), as what is written over as time goes on does: if so, "
            f"leave it out with exclude = [{names}] under [tables.{task.entity}] in relfm.toml"
        )


def _windows(task: Task, context: Examples) -> list[tuple[np.ndarray, np.ndarray]]:
    """(rows int64[n], answers bool[n]) of the latest cutoff and of earlier ones but the next, which it overlaps with in
    what such cells look back on; none if the latest has too few answers of a kind."""
    if task.horizon is None or task.kind not in (TargetKind.BINARY, TargetKind.REGRESSION):
        return []
    found = []
    for number, cutoff in enumerate(distinct(context.cutoffs)[::-1][: MOST_WINDOWS + 2]):
        own = np.flatnonzero(context.cutoffs == cutoff)
        own = own[:: max(1, -(-len(own) // MOST_EXAMPLES))]
        answers = context.targets[own]
        answers = answers > (np.median(answers) if task.kind is TargetKind.REGRESSION else 0)
        if min(answers.sum(), (~answers).sum()) >= ENOUGH and number != 1:
            found.append((context.rows[own], answers))
        elif number == 0:
            return []
    return found


def _groups(database: Database, task: Task, column: Column) -> np.ndarray | None:
    """int64[n]: rows of the entity by their cells, missing ones apart; None for what is no number and no category."""
    name = column.name
    is_hidden = database.is_hidden(task.entity, name) or (task.entity, name) in task.hidden
    if is_hidden or column.stype not in (Stype.numerical, Stype.categorical):
        return None
    if column.type == "string":
        codes, values = database.codes(task.entity, name)
        return codes + 1 if 1 < len(values) <= _FEW_VALUES else None
    cells = database.numbers(task.entity, name)
    known = distinct(cells[~np.isnan(cells)])
    if len(known) > _FEW_VALUES:
        known = np.unique(np.nanquantile(cells, np.linspace(0, 1, _GROUPS + 1)[:-1]))
    groups = np.searchsorted(known, cells, side="right")
    return np.where(np.isnan(cells), 0, groups) if len(known) > 1 else None


def _told(groups: np.ndarray, answers: np.ndarray) -> float:
    """AUROC of the share of yes in an example's group."""
    counts = np.bincount(2 * groups + answers, minlength=2 * (int(groups.max()) + 1)).reshape(-1, 2).astype(np.float64)
    no, yes = counts[np.argsort(counts[:, 1] / np.maximum(counts.sum(axis=1), 1))].T
    below = np.cumsum(no) - no / 2
    return float((yes * below).sum() / (yes.sum() * no.sum()))
