"""That an adapted network comes to read what no feature says."""

import numpy as np
import pandas as pd
import pytest

import relfm

GLAD = [
    "delighted",
    "thankful",
    "cheerful",
    "recommend",
    "pleasant",
    "wonderful",
    "perfect",
    "smooth",
    "happy",
    "glad",
    "love",
    "great",
]
CROSS = [
    "angry",
    "refund",
    "broken",
    "cancel",
    "disappointed",
    "awful",
    "late",
    "damaged",
    "terrible",
    "complaint",
    "rude",
    "wrong",
]
PLAIN = [
    "the",
    "package",
    "driver",
    "invoice",
    "address",
    "website",
    "phone",
    "colour",
    "size",
    "shipping",
    "account",
    "order",
    "box",
    "service",
    "week",
]
START = pd.Timestamp("2023-01-01")


def letters(customers: int, days: int, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Customers write, in words that never repeat as a whole, and order within days where they were glad; how often
    they were glad before tells nothing."""
    generator = np.random.default_rng(seed)
    orders, messages = [], []
    for customer in range(customers):
        day = generator.uniform(0, 30)
        while day < days:
            is_glad = generator.random() < 0.5
            words = [*generator.choice(PLAIN, 6), *generator.choice(GLAD if is_glad else CROSS, 2)]
            messages.append((customer, START + pd.Timedelta(days=day), " ".join(generator.permutation(words))))
            if generator.random() < (0.95 if is_glad else 0.05):
                orders.append((customer, START + pd.Timedelta(days=day + generator.uniform(3, 12))))
            day += generator.exponential(14)
    return {
        "customers": pd.DataFrame({"id": range(customers)}),
        "orders": pd.DataFrame(orders, columns=["customer_id", "created"]).reset_index(names="id"),
        "messages": pd.DataFrame(messages, columns=["customer_id", "sent", "body"]).reset_index(names="id"),
    }


@pytest.mark.slow
def test_it_learns_what_words_tell() -> None:
    database = relfm.connect(letters(customers=300, days=300))
    question = "PREDICT COUNT(orders.*, 0, 10, days) > 0 FOR EACH customers.id"
    made = relfm.adapt(database, question, folds=2, steps=60)
    assert made.course.best > 0
    assert made.course.after < made.course.before - 0.03
    assert made.backtest.leads["relfm"].value > 0
