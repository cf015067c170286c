"""Numbers of any size: what a float32 cannot tell apart is told apart all the same, and ordinary numbers stay."""

import warnings

import numpy as np
import pytest
from small_shop import day, shop

from relfm.features import compute
from relfm.features.scale import Scale
from relfm.states import encode_database
from relfm.task import Examples, TargetKind, Task
from relfm.text import default_encoder
from relfm.times import Span

TASK = Task("t", TargetKind.REGRESSION, "users", None, horizon=Span.of(30, "days"))
SMALL = np.array([3.0, -5.0, 7.0, 0.0, 4.0, -2.0])


def orders(prices: np.ndarray, dearer: float = 0.0) -> list[dict]:
    """One order a day of user 0, and the same of user 1, half of it and ``dearer``."""
    both = [(0, prices), (1, dearer + prices[: len(prices) // 2])]
    return [{"user_id": u, "price": float(p), "ordered": n} for u, sold in both for n, p in enumerate(sold)]


def told(prices: np.ndarray, until: float = 20, dearer: float = 0.0) -> dict[str, np.ndarray]:
    users = [{"user_id": n, "signup": 0} for n in range(2)]
    asked = Examples.of(np.arange(2), day(until))
    matrix = compute(shop(users=users, orders=orders(prices, dearer)), TASK, asked, until=day(until))
    assert len(set(matrix.names)) == len(matrix.names)
    columns = zip(matrix.names, matrix.values.T.astype(np.float64), strict=True)
    return {name: values for name, values in columns if "price = " not in name}


@pytest.mark.parametrize("mean", [0.0, 1e3, 1e6, 1e9, 1e12])
def test_standard_deviation_keeps_its_digits_whatever_the_mean(mean: float) -> None:
    found = told(mean + SMALL, dearer=3 * mean)["standard deviation of orders.price over all orders.user_id"]
    np.testing.assert_allclose(found, [SMALL.std(), SMALL[:3].std()], rtol=1e-4)


def test_standard_deviation_does_not_need_the_first_value() -> None:
    values = [None, *(1e9 + SMALL)]
    rows = [{"user_id": 0, "price": v, "ordered": n} for n, v in enumerate(values)]
    database = shop(users=[{"user_id": 0, "signup": 0}], orders=rows)
    matrix = compute(database, TASK, Examples.of(np.array([0]), day(20)), until=day(20))
    name = "standard deviation of orders.price over all orders.user_id"
    assert matrix.values[0, matrix.names.index(name)] == pytest.approx(SMALL.std(), rel=1e-4)


def test_numbers_with_a_large_offset_differ_as_they_did() -> None:
    plain, moved = told(SMALL), told(1e12 + SMALL)
    for name in ("last orders.price of", "mean of orders.price over all", "greatest orders.price over all"):
        full = next(n for n in plain if n.startswith(name))
        np.testing.assert_allclose(np.diff(moved[full]), np.diff(plain[full]), atol=1e-3, err_msg=name)
    sums = [v for n, v in moved.items() if n.startswith("sum of orders.price over orders.user_id")]
    assert len(sums) == 3
    for values in sums:
        np.testing.assert_allclose(values, [6e12, 3e12], rtol=1e-6)


def test_sums_of_another_parents_cells_are_those_of_the_cells() -> None:
    """Item 0 was ordered by users of ages 1e12 + 3 and 1e12 - 5."""
    users = [{"user_id": n, "age": 1e12 + SMALL[n], "signup": 0} for n in range(2)]
    sold = [{"user_id": n, "item_id": 0, "ordered": n} for n in range(2)]
    asked = Examples.of(np.array([0]), day(20))
    about = Task("t", TargetKind.REGRESSION, "items", None, horizon=Span.of(30, "days"))
    matrix = compute(shop(users=users, items=[{"item_id": 0}], orders=sold), about, asked, until=day(20))
    sums = [n for n, name in enumerate(matrix.names) if name.startswith("sum of users.age of users (user_id) over")]
    assert len(sums) == 3
    np.testing.assert_allclose(matrix.values[0, sums], 2e12, rtol=1e-6)


@pytest.mark.parametrize("size", [1e37, 1e100, 1e300])
def test_numbers_of_any_size_keep_their_order_and_warn_of_nothing(size: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain, large = told(SMALL), told(size * SMALL)
    assert plain.keys() == large.keys()
    for name, values in large.items():
        assert not np.isinf(values).any(), name
        np.testing.assert_array_equal(np.argsort(values), np.argsort(plain[name]), err_msg=name)


@pytest.mark.parametrize("later", [1e300, -1e300, 1e12, 3.0])
def test_later_numbers_do_not_set_the_scale(later: float) -> None:
    """Not even where they cannot be held: user 0 sees the first six orders alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before, after = (told(np.append(1e12 + SMALL, np.full(6, last)), until=5) for last in (1e12, later))
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name], err_msg=name)


def test_ordinary_numbers_are_left_as_they_are() -> None:
    generator = np.random.default_rng(0)
    for values in (
        generator.normal(50, 20, 999),
        generator.integers(0, 5, 99) * 1.0,
        1.7e9 + 1e6 * generator.random(9),
    ):
        assert Scale.fit(values) == Scale()
        assert Scale.fit(values)(values) is values


def test_targets_of_any_size_are_told_apart() -> None:
    labelled = Examples.of(np.zeros(4, int), np.array([day(n) for n in range(4)]), 1e12 + SMALL[:4])
    asked = Examples.of(np.zeros(2, int), np.array([day(33), day(32)]))
    matrix = compute(shop(users=[{"user_id": 0, "signup": 0}]), TASK, asked, labelled, until=day(33))
    last = matrix.values[:, matrix.names.index("last target of its past targets")]
    assert last[0] - last[1] == SMALL[3] - SMALL[2]


def test_states_tell_numbers_with_a_large_offset_apart() -> None:
    database = shop(orders=orders(1e12 + SMALL))
    encoded = encode_database(database, default_encoder(), until=day(4))
    place, _, column = encoded.columns["orders", "price"]
    np.testing.assert_array_equal(np.diff(encoded.tensors.tables[place].numbers[:6, column]), np.diff(SMALL))
