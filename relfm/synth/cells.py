"""Cells: a small causal graph over a table's columns, each a random mechanism of inputs and of earlier columns."""

from dataclasses import dataclass

import numpy as np

from relfm.synth.choosing import with_habit
from relfm.synth.database import Column, ColumnKind
from relfm.synth.domains import Domain
from relfm.synth.inputs import Inputs, walk
from relfm.synth.marginals import MARGINALS, rank_within, running_count
from relfm.synth.mechanisms import draw_score
from relfm.synth.naming import Naming
from relfm.synth.schema import TablePlan
from relfm.synth.texts import made_up, person_names, phrases
from relfm.synth.timeline import DAY
from relfm.synth.words import CATEGORIES, CODES, DATES, FLAGS, NUMBERS, TEXTS
from relfm.synth.world import World
from relfm.times import MISSING_TIME, SECOND

_MOST_SIGNS = 6
_KINDS = tuple(ColumnKind)
_KIND_SHARES = {
    "dimension": (0.25, 0.07, 0.33, 0.35, 0.0),
    "entity": (0.33, 0.08, 0.29, 0.22, 0.08),
    "occasion": (0.38, 0.09, 0.33, 0.14, 0.06),
    "action": (0.42, 0.1, 0.28, 0.15, 0.05),
    "detail": (0.48, 0.1, 0.27, 0.12, 0.03),
    "bridge": (0.45, 0.15, 0.35, 0.05, 0.0),
}
_COLUMNS = {"dimension": 2.2, "entity": 4.5, "occasion": 4.0, "action": 4.5, "detail": 4.0, "bridge": 1.2}


@dataclass(frozen=True)
class Habits:
    """What one database's columns have in common.

    kinds  float64[5]  how much each kind is preferred; gaps: share of the columns with missing cells
    noise  the largest share of chance in a cell; codes: share of the categories that have many values
    """

    kinds: np.ndarray
    gaps: float
    noise: float
    codes: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Habits":
        return cls(rng.gamma(3, 1 / 3, 5), rng.beta(1.2, 1.8), rng.uniform(0.2, 1.1), rng.beta(1.2, 1.8))


@dataclass(frozen=True)
class Filled:
    """The columns of a table, and float32[N, k] the scores that the first of them show."""

    columns: tuple[Column, ...]
    signs: np.ndarray


def fill(rng: np.random.Generator, world: World, index: int, habits: Habits) -> Filled:
    """The cells of a table, each column a function of inputs and of columns before it."""
    schema = world.schema
    plan, population = schema.tables[index], world.populations[index]
    inputs = Inputs.of(rng, world, plan, population)
    shares = np.array(_KIND_SHARES[plan.role]) * habits.kinds
    count = min(1 + rng.poisson(rng.gamma(1.6, _COLUMNS[plan.role] / 1.6)), 40)
    taken = {plan.key, plan.clock, *(link.column for link in plan.links)}
    names = _Names(schema.domain, schema.naming, taken)
    scores = inputs.signals
    columns, signs = [], []
    for _ in range(count):
        kind = _KINDS[rng.choice(len(_KINDS), p=shares / shares.sum())]
        score = _score(rng, inputs, scores, habits.noise)
        column = _column(rng, world, plan, inputs, score, kind, names, habits.codes)
        taken.add(column.name)
        columns.append(_with_gaps(rng, column, scores, population.births, habits.gaps))
        if len(signs) < _MOST_SIGNS and (kind is not ColumnKind.TEXT or not signs):
            signs.append(score)
        if len(scores) * scores.shape[1] < 4_000_000:
            scores = np.concatenate([scores, score[:, None]], axis=1)
    return Filled(tuple(columns), np.stack(signs, axis=1))


def _score(rng: np.random.Generator, inputs: Inputs, scores: np.ndarray, noise: float) -> np.ndarray:
    """float32[N] of mean 0 and variance 1, from some of the inputs and of the columns made before."""
    weights = np.ones(scores.shape[1])
    weights[: len(inputs.weights)] = inputs.weights
    chosen = rng.choice(len(weights), min(1 + rng.poisson(1.5), len(weights)), replace=False, p=weights / weights.sum())
    score = draw_score(rng, scores[:, chosen], rng.uniform(0.05, noise))
    form = rng.random()
    if inputs.previous is not None and form < 0.25:
        keep = np.float32(rng.uniform(0.3, 1.0))
        before = np.where(inputs.previous >= 0, score[inputs.previous], np.float32(0))
        score = (score + keep * before) / np.sqrt(1 + keep**2)
    elif inputs.previous is not None and form < 0.45:
        keep = np.float32(rng.uniform(0.5, 1.5))
        score = (score + keep * walk(rng, inputs.population.drivers)) / np.sqrt(1 + keep**2)
    return score


class _Names:
    """Column names of one table that are free."""

    def __init__(self, domain: Domain, naming: Naming, taken: set[str]) -> None:
        self.domain, self.naming, self.taken = domain, naming, taken

    def draw(self, rng: np.random.Generator, mechanism: str, words: str) -> str:
        """A name for a column of ``mechanism``, rather one of the domain's than of ``words``."""
        own = self.domain.words.get(mechanism)
        words = f"{own} {own} {own} {words}" if own and mechanism in NUMBERS else words
        return self.naming.column(rng, words, self.taken)


def _column(
    rng: np.random.Generator,
    world: World,
    plan: TablePlan,
    inputs: Inputs,
    score: np.ndarray,
    kind: ColumnKind,
    names: _Names,
    codes: float,
) -> Column:
    match kind:
        case ColumnKind.NUMBER:
            mechanism, values = _numbers(rng, plan, inputs, score)
            return Column(names.draw(rng, mechanism, NUMBERS[mechanism]), kind, values)
        case ColumnKind.FLAG:
            values = (score > rng.normal(0, 0.9)).astype(np.float64)
            return Column(names.draw(rng, "flag", FLAGS), kind, values)
        case ColumnKind.CATEGORY:
            return _category(rng, inputs, score, names, rng.random() < codes)
        case ColumnKind.TEXT:
            if plan.role in ("entity", "dimension") and names.naming.cased("name") not in names.taken:
                codes, strings = person_names(rng, len(score))
                return Column(names.draw(rng, "name", "name"), kind, codes, strings)
            codes, strings = phrases(rng, score, inputs.population.communities)
            return Column(names.draw(rng, "text", TEXTS), kind, codes, strings)
        case ColumnKind.DATE:
            return _date(rng, world, inputs, score, names)


def _numbers(rng: np.random.Generator, plan: TablePlan, inputs: Inputs, score: np.ndarray) -> tuple[str, np.ndarray]:
    """The mechanism and float64[N]."""
    drivers = inputs.population.drivers
    special = rng.random()
    if plan.role == "detail" and special < 0.15:
        return "rank", rank_within(drivers, score)
    if plan.role == "action" and special < 0.04:
        return "running", running_count(drivers)
    mechanism = list(MARGINALS)[rng.choice(len(MARGINALS), p=_MARGINAL_SHARES)]
    return mechanism, np.asarray(MARGINALS[mechanism](rng, score.astype(np.float64)), np.float64)


_MARGINAL_SHARES = (0.17, 0.08, 0.18, 0.1, 0.12, 0.08, 0.14, 0.07, 0.03, 0.03)


def _category(rng: np.random.Generator, inputs: Inputs, score: np.ndarray, names: _Names, many: bool) -> Column:
    if many:
        name = names.draw(rng, "code", CODES)
        strings = made_up(rng, int(np.exp(rng.uniform(np.log(8), np.log(min(800, max(12, len(score) / 3)))))))
    else:
        word = list(CATEGORIES)[rng.integers(len(CATEGORIES))]
        strings = tuple(names.domain.words.get(word, CATEGORIES[word]).split())
        name = names.draw(rng, word, word)
    shares = rng.dirichlet(np.full(len(strings), rng.uniform(0.5, 5)))
    if many and rng.random() < 0.6:
        shares = np.arange(1, len(strings) + 1) ** -rng.uniform(0.5, 1.6)
    ends = np.cumsum(shares)
    level = 1 / (1 + np.exp(-1.702 * np.clip(score, -30, 30)))
    codes = np.minimum(np.searchsorted(ends, level * ends[-1]), len(strings) - 1)
    if inputs.previous is not None and rng.random() < 0.4:
        codes = with_habit(rng, codes, inputs.population.drivers, rng.uniform(0.3, 0.95))
    return Column(name, ColumnKind.CATEGORY, rng.permutation(len(strings))[codes].astype(np.int32), strings)


def _date(rng: np.random.Generator, world: World, inputs: Inputs, score: np.ndarray, names: _Names) -> Column:
    tense = "past" if rng.random() < 0.6 else "future"
    length = np.exp(rng.uniform(np.log(3), np.log(4000)) + rng.uniform(0.2, 0.9) * score.astype(np.float64)) * DAY
    seconds = inputs.population.births + (-1 if tense == "past" else 1) * np.minimum(length, 80 * 365.25 * DAY)
    days = np.floor(seconds / DAY).astype(np.int64)
    return Column(names.draw(rng, tense, DATES[tense]), ColumnKind.DATE, days * DAY * SECOND)


def _with_gaps(
    rng: np.random.Generator, column: Column, scores: np.ndarray, births: np.ndarray, often: float
) -> Column:
    """The column with some cells missing: by chance, by what another cell holds, or before it was introduced."""
    if rng.random() > often or not len(births):
        return column
    share = rng.beta(0.8, 1 / (0.1 + often))
    way = rng.random()
    if way < 0.2:
        gaps = births < births[min(int(share * len(births)), len(births) - 1)]
    else:
        tilt = np.float32(0 if way < 0.5 else rng.uniform(0.5, 3))
        level = tilt * scores[:, rng.integers(scores.shape[1])] + rng.standard_normal(len(births), dtype=np.float32)
        gaps = level > np.quantile(level[:: max(1, len(level) // 2000)], 1 - share)
    missing = {ColumnKind.DATE: MISSING_TIME}.get(column.kind, -1 if column.kind.is_string else np.nan)
    return Column(
        column.name, column.kind, np.where(gaps, missing, column.values).astype(column.values.dtype), column.strings
    )
