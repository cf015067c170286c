"""A shop with enough orders to learn from, made from the rows of the small one."""

import numpy as np
from small_shop import SCHEMA, shop

from relfm.database import Database
from relfm.schema import Schema

AT = "2020-12-01"
QUESTIONS = {
    "binary": "PREDICT COUNT(orders.*, 0, 20, days) > 1 FOR EACH users.user_id",
    "multiclass": "PREDICT FIRST(orders.status, 0, 20, days) FOR EACH users.user_id",
    "regression": "PREDICT SUM(orders.price, 0, 20, days) FOR EACH users.user_id",
    "ranking": "PREDICT LIST_DISTINCT(orders.item_id, 0, 20, days) RANK TOP 2 FOR EACH users.user_id",
    "forecast": "PREDICT SUM(orders.price, 0, 20, days) FORECAST 3 TIMEFRAMES FOR EACH users.user_id",
}


def busy_shop(num_users: int = 14, num_orders: int = 420, schema: Schema = SCHEMA, seed: int = 0) -> Database:
    """Low user numbers order more; the last user signs up after everything else has happened."""
    generator = np.random.default_rng(seed)
    users = [{"user_id": 100 + n, "age": float(20 + n), "segment": "ab"[n % 2], "signup": 0} for n in range(num_users)]
    users[-1]["signup"] = 400
    orders = [
        {
            "order_id": n,
            "user_id": 100 + int(num_users * generator.random() ** 2),
            "item_id": int(generator.integers(0, 4)),
            "price": float(generator.gamma(2, 10)),
            "status": "xyz"[int(generator.integers(0, 3))],
            "ordered": float(generator.uniform(1, 350)),
        }
        for n in range(num_orders)
    ]
    items = [{"item_id": n, "category": "uv"[n % 2]} for n in range(4)]
    return shop(schema, users=users, items=items, orders=orders)
