"""Known answers of related rows, against a loop over all rows; no row reads its own."""

import numpy as np
import pandas as pd
import pytest

import relfm
from relfm.features import FeatureMatrix, compute
from relfm.features.answers import PRIOR, KnownAnswers
from relfm.features.labels import LabelTable
from relfm.features.series import Series
from relfm.task import Examples, TargetKind, Task
from relfm.times import TIMELESS

NUM, KNOWN = 120, 90
TASK = Task("t", TargetKind.REGRESSION, "films", None)


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    """Films of studios in cities, with a language, tags, a cast, and films that they refer to; some cells missing."""
    generator = np.random.default_rng(2)
    studios = pd.DataFrame({"id": range(20), "city": [f"city {k}" for k in np.tile(np.arange(7), 3)[:20]]})
    studios = pd.concat([studios.assign(id=studios["id"] + 20 * k) for k in range(3)])
    films = pd.DataFrame({"id": range(NUM), "language": [f"l{k}" for k in generator.integers(0, 9, NUM)]})
    films["studio_id"] = pd.array(generator.integers(0, 60, NUM), "Int64")
    films.loc[3, "studio_id"] = pd.NA
    films.loc[4, "language"] = None
    films["remake_of_film_id"] = pd.array(generator.integers(0, NUM, NUM), "Int64")
    films.loc[5, "remake_of_film_id"] = pd.NA
    cast = pd.DataFrame(generator.integers(0, [NUM, 25], (300, 2)), columns=["film_id", "person_id"])
    tags = pd.DataFrame({"film_id": generator.integers(0, NUM, 300)})
    tags["word"] = [f"w{k}" for k in generator.integers(0, 15, 300)]
    nods = pd.DataFrame(generator.integers(0, NUM, (200, 2)), columns=["from_film_id", "to_film_id"])
    tables = {"films": films, "studios": studios, "cast": cast, "tags": tags, "nods": nods}
    tables["people"] = pd.DataFrame({"id": range(25)})
    return {name: f if "id" in f else f.assign(id=range(len(f))) for name, f in tables.items()}


@pytest.fixture(scope="module")
def labelled() -> Examples:
    rows = np.random.default_rng(3).permutation(NUM)[:KNOWN]
    return Examples.of(rows, TIMELESS, np.random.default_rng(4).normal(size=KNOWN))


@pytest.fixture(scope="module")
def found(frames, labelled) -> FeatureMatrix:
    return compute(relfm.connect(frames), TASK, Examples.of(np.arange(NUM), TIMELESS), labelled, until=TIMELESS)


def folds(labelled: Examples) -> np.ndarray:
    target = Series("target", labelled.targets)
    return KnownAnswers(LabelTable.of(TASK, labelled), [target], NUM)._fold


def groups_of(frames: dict[str, pd.DataFrame], how: str) -> list[list]:
    """The groups of each film, as often as it is of them."""
    films, studios = frames["films"], frames["studios"].set_index("id")
    if how == "others of its studios (studio_id)":
        return [[] if pd.isna(s) else [s] for s in films["studio_id"]]
    if how == "the same films.language":
        return [[] if k is None else [k] for k in films["language"]]
    if how == "the same studios.city of its studios (studio_id)":
        return [[] if pd.isna(s) else [studios["city"][s]] for s in films["studio_id"]]
    table, column = {
        "others with the people (person_id) of cast.film_id": ("cast", "person_id"),
        "the same tags.word of tags.film_id": ("tags", "word"),
    }[how]
    return [list(frames[table].loc[frames[table]["film_id"] == film, column]) for film in range(NUM)]


WAYS = [
    "others of its studios (studio_id)",
    "the same films.language",
    "the same studios.city of its studios (studio_id)",
    "others with the people (person_id) of cast.film_id",
    "the same tags.word of tags.film_id",
]


def expected(asked: list[list], members: list[list], labelled: Examples) -> tuple[np.ndarray, np.ndarray]:
    """How many answers each film is told of, and their mean with PRIOR times the mean of all."""
    fold, targets = folds(labelled), dict(zip(labelled.rows.tolist(), labelled.targets, strict=True))
    counts, means = [], []
    for film, groups in enumerate(asked):
        told = [
            targets[other]
            for group in groups
            for other in targets
            for named in members[other]
            if named == group and (fold[film] < 0 or fold[other] != fold[film])
        ]
        counts.append(len(told))
        total = sum(told) + PRIOR * labelled.targets.mean()
        means.append(total / (len(told) + PRIOR) if told else np.nan)
    return np.array(counts), np.array(means)


def column(matrix: FeatureMatrix, name: str) -> np.ndarray:
    return matrix.values[:, matrix.names.index(name)]


@pytest.mark.parametrize("how", WAYS)
def test_it_averages_what_a_loop_averages(how, frames, labelled, found) -> None:
    groups = groups_of(frames, how)
    counts, means = expected(groups, groups, labelled)
    assert np.array_equal(column(found, f"number of known answers of {how}"), counts)
    told = column(found, f"mean of target in known answers of {how}")
    assert np.allclose(told, means, equal_nan=True, atol=1e-5)
    assert np.isfinite(told).sum() > NUM / 2


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("the films (to_film_id) of nods.from_film_id", ("nods", "from_film_id", "to_film_id")),
        ("its films (remake_of_film_id)", ("films", "id", "remake_of_film_id")),
        ("its films.remake_of_film_id", ("films", "remake_of_film_id", "id")),
    ],
)
def test_those_at_the_other_end_of_a_link_tell_their_own_answers(who, named, frames, labelled, found) -> None:
    table, own, other = named
    ends = [list(frames[table].loc[frames[table][own] == film, other].dropna()) for film in range(NUM)]
    _, means = expected(ends, [[film] for film in range(NUM)], labelled)
    told = column(found, f"mean of target in known answers of {who}")
    assert np.allclose(told, means, equal_nan=True, atol=1e-5) and np.isfinite(told).any()


def test_no_row_reads_its_own_answer(frames, labelled, found) -> None:
    """Another answer moves the mean of all by as much for everybody, and nothing else of the row itself."""
    other = labelled.targets.copy()
    other[7] += 100.0
    row, source = labelled.rows[7], relfm.connect(frames)
    asked, changed = Examples.of(np.arange(NUM), TIMELESS), Examples.of(labelled.rows, TIMELESS, other)
    after = compute(source, TASK, asked, changed, until=TIMELESS)
    assert after.names == found.names
    for how in WAYS:
        count = column(found, f"number of known answers of {how}")[row]
        moved = [column(m, f"mean of target in known answers of {how}")[row] for m in (found, after)]
        assert np.isclose(moved[1] - moved[0], PRIOR * (100 / KNOWN) / (count + PRIOR), atol=1e-4) or count == 0
    assert sum("known answers" in name for name in found.names) >= 2 * len(WAYS)


def test_few_rows_are_told_what_all_are(frames, labelled, found) -> None:
    some = np.array([3, 4, 5, 17])
    part = compute(relfm.connect(frames), TASK, Examples.of(some, TIMELESS), labelled, until=TIMELESS)
    assert part.names == found.names
    assert np.array_equal(part.values, found.values[some], equal_nan=True)


def test_later_children_relate_nobody(frames, labelled) -> None:
    cutoff = int(pd.Timestamp("2026-01-01").value // 1000)
    tables = ("cast", "tags", "nods")
    dated = {name: frames[name].assign(at=pd.Timestamp("2025-12-31")) for name in tables}
    more = {name: dated[name].assign(at=pd.Timestamp("2026-01-02"), id=lambda f: f["id"] + 1_000) for name in tables}
    for name, column in (("cast", "person_id"), ("tags", "word"), ("nods", "to_film_id")):
        more[name][column] = more[name][column].to_numpy()[::-1]
    later = {name: pd.concat([dated[name], more[name]]) for name in tables}
    asked = Examples.of(np.arange(NUM), cutoff)
    known = Examples.of(labelled.rows, cutoff, labelled.targets)
    before, after = (
        compute(relfm.connect(frames | found), TASK, asked, known, until=cutoff) for found in (dated, later)
    )
    assert before.names == after.names
    assert np.array_equal(before.values, after.values, equal_nan=True)
    assert sum("known answers" in name for name in before.names) >= 2 * len(WAYS)


def test_where_no_answer_is_known_there_is_nothing_to_tell(frames, labelled) -> None:
    nobody = frames["films"].assign(studio_id=pd.array([pd.NA] * NUM, "Int64"))
    source = relfm.connect(frames | {"films": nobody})
    names = compute(source, TASK, Examples.of(np.arange(5), TIMELESS), labelled, until=TIMELESS).names
    assert not any("known answers of others of its studios" in name for name in names)


def test_a_question_with_a_time_has_none(frames, labelled) -> None:
    dated = frames | {"films": frames["films"].assign(at=pd.Timestamp("2025-01-01"))}
    cutoff = int(pd.Timestamp("2026-01-01").value // 1000)
    later = Examples.of(labelled.rows, cutoff - 1, labelled.targets)
    names = compute(relfm.connect(dated), TASK, Examples.of(np.arange(5), cutoff), later, until=cutoff).names
    assert not any("known answers" in name for name in names)


def test_hidden_keys_and_categories_relate_nobody(frames, labelled) -> None:
    hidden = frozenset(
        {
            ("films", "studio_id"),
            ("films", "remake_of_film_id"),
            ("films", "language"),
            ("cast", "person_id"),
            ("tags", "word"),
        }
    )
    task = Task("t", TargetKind.REGRESSION, "films", None, hidden=hidden)
    names = compute(relfm.connect(frames), task, Examples.of(np.arange(5), TIMELESS), labelled, until=TIMELESS).names
    assert {name.rpartition(" of ")[2] for name in names if "known answers" in name} == {
        "nods.from_film_id",
        "nods.to_film_id",
    }


def backtested(tables: dict[str, pd.DataFrame], question: str) -> float:
    found = relfm.Predictor(effort="fast", model=None).backtest(relfm.connect(tables), question, folds=1).table
    return found.query("fold == 'all' and method == 'relfm'")["auroc"].item()


def test_fraud_is_found_by_the_company_it_keeps() -> None:
    generator, num, size = np.random.default_rng(7), 500, 4_000
    fraud = generator.random(num) < 0.2
    payer = generator.integers(0, num, size)
    alike = [np.flatnonzero(fraud == kind) for kind in (False, True)]
    payee = np.array([generator.choice(alike[int(fraud[k])]) for k in payer])
    payee = np.where(generator.random(size) < 0.5, payee, generator.integers(0, num, size))
    transfers = pd.DataFrame({"id": range(size), "from_account_id": payer, "to_account_id": payee})
    tables = {"accounts": pd.DataFrame({"id": range(num), "fraud": fraud}), "transfers": transfers}
    assert backtested(tables, "PREDICT accounts.fraud FOR EACH accounts.id") > 0.9


def test_customers_are_like_the_others_of_their_company() -> None:
    generator, num = np.random.default_rng(8), 2_000
    company = generator.integers(0, 150, num)
    premium = generator.random(num) < 1 / (1 + np.exp(-generator.normal(0, 2, 150)[company]))
    customers = pd.DataFrame({"id": range(num), "company_id": company, "premium": premium})
    tables = {"companies": pd.DataFrame({"id": range(150)}), "customers": customers}
    question = "PREDICT customers.premium FOR EACH customers.id"
    assert backtested(tables, question) > 0.75
    strangers = customers.assign(company_id=generator.permutation(company))
    assert backtested(tables | {"customers": strangers}, question) < 0.6
