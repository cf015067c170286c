"""The history says something about the future, and never everything."""

import numpy as np
import pytest

from relfm.synth import Link, SyntheticDatabase, generate

SEEDS = range(24)


@pytest.fixture(scope="module")
def databases() -> list[SyntheticDatabase]:
    return [generate(seed, rows=6_000) for seed in SEEDS]


def _driven(database: SyntheticDatabase) -> list[Link]:
    """The links from actions to the entities that drive them."""
    first: dict[int, Link] = {}
    for link in database.links:
        if database.tables[link.child].role == "action":
            first.setdefault(link.child, link)
    return list(first.values())


def _counts(database: SyntheticDatabase, link: Link, shares: tuple[float, float]) -> np.ndarray:
    """int64[N_parent]: children between two shares of the span."""
    start, end = (database.start + int(share * (database.end - database.start)) for share in shares)
    times = database.tables[link.child].times
    held = (link.rows >= 0) & (times >= start) & (times < end)
    return np.bincount(link.rows[held], minlength=len(database.tables[link.parent]))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, ties in their middle."""
    _, places, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(sizes) - (sizes - 1) / 2)[places]


def _auroc(truth: np.ndarray, score: np.ndarray) -> float:
    positive, negative = int(truth.sum()), int((~truth).sum())
    return float((_ranks(score)[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def test_past_counts_tell_future_activity_but_not_surely(databases: list[SyntheticDatabase]) -> None:
    found = []
    for database in databases:
        for link in _driven(database):
            past, future = _counts(database, link, (0.6, 0.8)), _counts(database, link, (0.8, 0.9)) > 0
            if 15 <= future.sum() <= len(future) - 15:
                found.append(_auroc(future, past))
    assert len(found) >= 12
    assert 0.62 < np.mean(found) < 0.92
    assert np.mean(np.array(found) > 0.5) > 0.85
    assert np.std(found) > 0.04  # not equally hard


def test_activity_of_late_tells_more_than_activity_of_old(databases: list[SyntheticDatabase]) -> None:
    gains = []
    for database in databases:
        for link in _driven(database):
            late, old = _counts(database, link, (0.65, 0.8)), _counts(database, link, (0.2, 0.35))
            future = _counts(database, link, (0.8, 0.9)) > 0
            if 15 <= future.sum() <= len(future) - 15:
                gains.append(_auroc(future, late) - _auroc(future, old))
    assert np.mean(gains) > 0.02


def test_some_drivers_fall_silent_for_good(databases: list[SyntheticDatabase]) -> None:
    shares = []
    for database in databases:
        for link in _driven(database):
            busy = _counts(database, link, (0.0, 0.5)) >= 5
            if busy.sum() >= 15:
                shares.append(np.mean(_counts(database, link, (0.75, 1.0))[busy] == 0))
    assert len(shares) >= 10
    assert max(shares) > 0.3 and min(shares) < 0.15


def test_children_of_one_parent_are_alike(databases: list[SyntheticDatabase]) -> None:
    """The variance of a parent's mean is larger than chance gives: the latents are there to be read."""
    ratios = []
    for database in databases:
        for link in _driven(database):
            for column in database.tables[link.child].columns:
                if column.kind.is_number and not np.isnan(column.values).any() and np.ptp(column.values) > 0:
                    ratios.append(_between(link.rows, _ranks(column.values)))
    assert len(ratios) >= 30
    assert np.median(ratios) > 1.3
    assert np.mean(np.array(ratios) > 1) > 0.75


def _between(owners: np.ndarray, values: np.ndarray) -> float:
    """Variance between parents over variance within (F of a one-way analysis): about 1 by chance."""
    _, groups, sizes = np.unique(owners, return_inverse=True, return_counts=True)
    means = np.bincount(groups, values) / sizes
    within = np.sum((values - means[groups]) ** 2) / max(1, len(values) - len(sizes))
    return float(np.sum(sizes * (means - values.mean()) ** 2) / max(1, len(sizes) - 1) / within)


def test_few_parents_have_most_children(databases: list[SyntheticDatabase]) -> None:
    shares = []
    for database in databases:
        for link in _driven(database):
            counts = np.sort(_counts(database, link, (0.0, 1.0)))[::-1]
            shares.append(counts[: max(1, len(counts) // 5)].sum() / counts.sum())
    assert 0.4 < np.median(shares) < 0.9
