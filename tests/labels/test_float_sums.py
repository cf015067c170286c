"""A sum of floating-point cells is the same to the last bit, in whatever order the rows lie."""

import numpy as np
import pytest
from small_shop import SCHEMA, days, shop

from relfm.database import Database
from relfm.labels import QueryLabeller
from relfm.labels.statement import label_statement

NUMBER = 3000


def shops() -> tuple[Database, Database]:
    """Orders of three users whose prices differ by sixteen orders of magnitude, and the same ones shuffled."""
    generator = np.random.default_rng(0)
    cells = generator.normal(size=NUMBER) * 10.0 ** generator.integers(-8, 8, NUMBER)
    orders = [{"order_id": n, "user_id": n % 3 + 1, "ordered": 6, "price": cells[n]} for n in range(NUMBER)]
    users = [{"user_id": n, "signup": 0} for n in (1, 2, 3)]
    shuffled = [orders[n] for n in generator.permutation(NUMBER)]
    return shop(users=users, orders=orders), shop(users=users, orders=shuffled)


@pytest.mark.parametrize("function", ["SUM", "AVG"])
@pytest.mark.parametrize("argument", ["orders.price", "orders.price * 0.1 + 0.3"])
def test_the_order_of_rows_moves_no_bit(function: str, argument: str) -> None:
    labeller = QueryLabeller.of(f"PREDICT {function}({argument}, 0, 3) FOR EACH users", SCHEMA)
    plain, shuffled = (labeller.label(database, days(5)).targets for database in shops())
    assert len(plain) == 3
    np.testing.assert_array_equal(plain, shuffled)


def test_whole_numbers_need_no_order() -> None:
    """Their sums are exact, and are not made to wait for a sort."""
    summed = {}
    for column in ("qty", "price"):
        bound = QueryLabeller.of(f"PREDICT SUM(orders.{column}, 0, 3) FOR EACH users", SCHEMA).bound
        summed[column] = label_statement(bound, 0).text.partition("sum(")[2].partition("\n")[0]
    assert "ORDER BY" in summed["price"]
    assert summed["qty"] and "ORDER BY" not in summed["qty"]
