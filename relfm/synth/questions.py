"""Random questions about a generated database, with their answers at moments of its history."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relfm.synth.database import ColumnKind, Link, SyntheticDatabase
from relfm.synth.windows import Windows
from relfm.times import DAY

MOST_EXAMPLES = 4096
FEWEST_EXAMPLES = 60
MOST_CLASSES = 10
_TRIES = 6
_DAYS = np.array([1, 2, 3, 7, 14, 30, 60, 90, 180, 365, 730, 1095])


@dataclass(frozen=True)
class Answered:
    """A question in the predictive query language, and n answers in order of (cutoff, row).

    table    the table asked about; kind "binary", "multiclass" or "regression"; horizon in microseconds, 0: static
    rows     int64[n]; cutoffs int64[n] microseconds; targets float64[n] (0 or 1, class, number)
    column   index of the column that a static question asks for, None for a forecast
    """

    text: str
    table: int
    kind: str
    horizon: int
    rows: np.ndarray
    cutoffs: np.ndarray
    targets: np.ndarray
    num_classes: int = 2
    column: int | None = None

    @property
    def known(self) -> np.ndarray:
        """int64[n]: from when on each answer may be used."""
        return self.cutoffs + max(self.horizon, 1)


def draw_questions(rng: np.random.Generator, database: SyntheticDatabase, count: int) -> list[Answered]:
    """Up to ``count`` questions with enough and various answers; fewer where the database offers no more."""
    found: dict[str, Answered] = {}
    timed = [link for link in database.links if database.tables[link.child].clock and link.child != link.parent]
    weights = np.array([4.0 if database.tables[link.parent].role == "entity" else 1.0 for link in timed])
    for _ in range(_TRIES * count):
        if len(found) == count:
            break
        if rng.random() < 0.2 or not timed:
            question = _static(rng, database)
        else:
            question = _forecast(rng, database, timed[rng.choice(len(timed), p=weights / weights.sum())])
        if question is not None and _is_worth(question):
            found.setdefault(question.text, question)
    return list(found.values())


def _is_worth(question: Answered) -> bool:
    if len(question.rows) < FEWEST_EXAMPLES:
        return False
    if question.kind == "regression":
        most = np.unique(question.targets, return_counts=True)[1].max()
        return most < 0.97 * len(question.targets)
    shares = np.bincount(question.targets.astype(int), minlength=2) / len(question.targets)
    return 0.02 <= shares.max() <= 0.98


@dataclass(frozen=True)
class _Examples:
    """Where and when is asked: rows, cutoffs, and the places in ``windows`` from first to last; int64[n] each."""

    windows: Windows
    rows: np.ndarray
    cutoffs: np.ndarray
    first: np.ndarray
    last: np.ndarray


@dataclass(frozen=True)
class _Target:
    """A target: its text up to FOR EACH, values float64[n] (NaN: no answer), kind and classes."""

    text: str
    values: np.ndarray
    kind: str
    num_classes: int = 2


def _forecast(rng: np.random.Generator, database: SyntheticDatabase, link: Link) -> Answered | None:
    """A question about the rows that will point at a row by ``link``."""
    days = (database.end - database.start) // DAY
    fitting = _DAYS[np.searchsorted(_DAYS, days / 200) : np.searchsorted(_DAYS, days / 8, side="right")]
    horizon = int(rng.choice(fitting if len(fitting) else _DAYS[:1]))
    lookback = horizon * int(rng.choice([1, 2, 4])) if rng.random() < 0.6 else 0
    examples = _examples(rng, database, link, horizon, lookback)
    if len(examples.rows) < FEWEST_EXAMPLES:
        return None
    parent, child = database.tables[link.parent], database.tables[link.child]
    several = sum(other.child == link.child and other.parent == link.parent for other in database.links) > 1
    via = f" VIA {child.name}.{link.column}" if several else ""
    target = _TARGETS[rng.choice(len(_TARGETS), p=_SHARES)](rng, database, link, examples, f"{via}, 0, {horizon}, days")
    if target is None:
        return None
    active = f" WHERE COUNT({child.name}.*{via}, {-lookback}, 0, days) > 0" if lookback else ""
    text = f"PREDICT {target.text} FOR EACH {parent.name}.{parent.key}{active}"
    kept = _some(rng, np.flatnonzero(~np.isnan(target.values)), MOST_EXAMPLES)
    rows, cutoffs, targets = examples.rows[kept], examples.cutoffs[kept], target.values[kept]
    return Answered(text, link.parent, target.kind, horizon * DAY, rows, cutoffs, targets, target.num_classes)


def _examples(
    rng: np.random.Generator, database: SyntheticDatabase, link: Link, horizon: int, lookback: int
) -> _Examples:
    """Rows and cutoffs, and windows of ``horizon`` days; of rows with children in the ``lookback`` days before."""
    windows = Windows.of(database, link)
    rows, cutoffs = _moments(rng, database, link.parent, horizon)
    if lookback:
        first, last = windows.between(rows, cutoffs - lookback * DAY, cutoffs)
        rows, cutoffs = rows[last > first], cutoffs[last > first]
    kept = _some(rng, np.arange(len(rows)), 4 * MOST_EXAMPLES)
    rows, cutoffs = rows[kept], cutoffs[kept]
    return _Examples(windows, rows, cutoffs, *windows.between(rows, cutoffs, cutoffs + horizon * DAY))


def _some(rng: np.random.Generator, places: np.ndarray, most: int) -> np.ndarray:
    """``most`` of the places in their order, or all of them."""
    return places if len(places) <= most else np.sort(rng.choice(places, most, replace=False))


def _moments(
    rng: np.random.Generator, database: SyntheticDatabase, table: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and cutoffs (whole days) over the later part of the history: every row there is at each cutoff."""
    start, end = database.start // DAY, database.end // DAY
    earliest = start + int((end - start) * rng.uniform(0.1, 0.4))
    stride = max(horizon, int((end - horizon - earliest) / np.exp(rng.uniform(np.log(4), np.log(40)))), 1)
    cutoffs = np.arange(end - horizon - int(rng.integers(stride)), earliest - 1, -stride)[::-1] * DAY
    times = database.tables[table].times
    born = np.searchsorted(times, cutoffs, side="right")  # rows stand in the order of their times
    rows = np.concatenate([np.arange(b) for b in born]) if len(born) else np.zeros(0, np.int64)
    return rows.astype(np.int64), np.repeat(cutoffs, born).astype(np.int64)


def _static(rng: np.random.Generator, database: SyntheticDatabase) -> Answered | None:
    """A question about a cell of a row: as the row came to be (events), or at any moment later (what lasts)."""
    places = [
        (t, c)
        for t, table in enumerate(database.tables)
        for c, column in enumerate(table.columns)
        if column.kind in (ColumnKind.NUMBER, ColumnKind.FLAG) or 2 <= len(column.strings) <= MOST_CLASSES
    ]
    if not places:
        return None
    index, at = places[rng.integers(len(places))]
    table, column = database.tables[index], database.tables[index].columns[at]
    known = np.flatnonzero(column.values >= 0 if column.kind.is_string else ~np.isnan(column.values))
    rows = np.sort(rng.choice(known, min(len(known), MOST_EXAMPLES), replace=False))
    cutoffs = np.maximum(table.times[rows], database.start)
    if table.role in ("entity", "dimension", "bridge"):
        earliest = np.maximum(cutoffs, database.start + (database.end - database.start) // 5)
        cutoffs = earliest + (rng.random(len(rows)) * (database.end - earliest)).astype(np.int64)
    order = np.lexsort((rows, cutoffs))
    rows, cutoffs = rows[order], cutoffs[order]
    text = f"PREDICT {table.name}.{column.name} FOR EACH {table.name}.{table.key}"
    kind = {ColumnKind.NUMBER: "regression", ColumnKind.FLAG: "binary"}.get(column.kind, "multiclass")
    targets, classes = column.values[rows].astype(np.float64), 2
    if kind == "multiclass":
        targets, classes = _classes(column.values[rows], column.strings)
    return Answered(text, index, kind, 0, rows, cutoffs, targets, classes, at)


def _classes(codes: np.ndarray, strings: tuple[str, ...]) -> tuple[np.ndarray, int]:
    """float64[n] class of each code (NaN for -1) and their number; classes are the strings that occur, sorted."""
    held = sorted(np.unique(codes[codes >= 0]).tolist(), key=lambda code: strings[code])
    places = np.full(len(strings) + 1, np.nan)
    places[held] = np.arange(len(held))
    return places[codes], max(len(held), 2)


def _count(
    rng: np.random.Generator, database: SyntheticDatabase, link: Link, examples: _Examples, window: str
) -> _Target:
    counts = (examples.last - examples.first).astype(np.float64)
    return _Target(f"COUNT({database.tables[link.child].name}.*{window})", counts, "regression")


def _threshold(
    rng: np.random.Generator, database: SyntheticDatabase, link: Link, examples: _Examples, window: str
) -> _Target:
    """Whether there will be any, none, or more than usual."""
    counted = _count(rng, database, link, examples, window)
    form = rng.random()
    if form < 0.45:
        return _Target(f"{counted.text} > 0", (counted.values > 0).astype(np.float64), "binary")
    if form < 0.75:
        return _Target(f"{counted.text} = 0", (counted.values == 0).astype(np.float64), "binary")
    usual = int(np.quantile(counted.values, rng.uniform(0.4, 0.9)))
    return _Target(f"{counted.text} > {usual}", (counted.values > usual).astype(np.float64), "binary")


def _amount(
    rng: np.random.Generator, database: SyntheticDatabase, link: Link, examples: _Examples, window: str
) -> _Target | None:
    """Sum or mean of a number, or whether that exceeds what is usual."""
    child = database.tables[link.child]
    numbers = [c for c in child.columns if c.kind is ColumnKind.NUMBER]
    if not numbers:
        return None
    column = numbers[rng.integers(len(numbers))]
    totals, counts = examples.windows.sums(column.values, examples.first, examples.last)
    mean = rng.random() < 0.5
    values = np.divide(totals, counts, out=np.full(len(totals), np.nan), where=counts > 0) if mean else totals
    text = f"{'AVG' if mean else 'SUM'}({child.name}.{column.name}{window})"
    if rng.random() < 0.7 or np.isnan(values).all():
        return _Target(text, values, "regression")
    usual = float(f"{np.nanquantile(values, rng.uniform(0.3, 0.8)):.3g}")
    return _Target(f"{text} > {usual:.12g}", np.where(np.isnan(values), np.nan, values > usual), "binary")


def _category(
    rng: np.random.Generator, database: SyntheticDatabase, link: Link, examples: _Examples, window: str
) -> _Target | None:
    """The last category in the window, or whether one category occurs in it."""
    child = database.tables[link.child]
    columns = [c for c in child.columns if c.kind is ColumnKind.CATEGORY and 2 <= len(c.strings) <= MOST_CLASSES]
    if not columns:
        return None
    column = columns[rng.integers(len(columns))]
    if rng.random() < 0.6:
        codes = examples.windows.lasts(column, examples.first, examples.last)
        values, classes = _classes(codes, column.strings)
        return _Target(f"LAST({child.name}.{column.name}{window})", values, "multiclass", classes)
    code = int(rng.integers(len(column.strings)))
    totals, _ = examples.windows.sums((column.values == code).astype(np.float64), examples.first, examples.last)
    via, _, rest = window.partition(",")
    text = f"COUNT({child.name}.*{via} WHERE {child.name}.{column.name} = '{column.strings[code]}',{rest}) > 0"
    return _Target(text, (totals > 0).astype(np.float64), "binary")


_Draw = Callable[[np.random.Generator, SyntheticDatabase, Link, _Examples, str], _Target | None]
_TARGETS: tuple[_Draw, ...] = (_count, _threshold, _amount, _category)
_SHARES = (0.2, 0.4, 0.22, 0.18)
