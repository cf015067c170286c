"""Example questions about the shop: one of each kind, used by the demo, the README and the tests."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Question:
    """A predictive query, the kind of its answer, and what it means."""

    text: str
    kind: Literal["binary", "multiclass", "regression", "ranking", "forecast"]
    english: str


QUESTIONS = (
    Question(
        "PREDICT COUNT(orders.*, 0, 30, days) = 0 FOR EACH customers.id WHERE COUNT(orders.*, -180, 0, days) > 0",
        "binary",
        "which of the customers of the last half year will not order in the next 30 days",
    ),
    Question(
        "PREDICT SUM(orders.total, 0, 90, days) FOR EACH customers.id",
        "regression",
        "what each customer will spend in the next 90 days",
    ),
    Question(
        "PREDICT COUNT(support_tickets.*, 0, 60, days) > 0 FOR EACH customers.id",
        "binary",
        "which customers will write to support in the next 60 days",
    ),
    Question(
        "PREDICT LIST_DISTINCT(order_lines.product_id, 0, 30, days) RANK TOP 10 FOR EACH customers.id",
        "ranking",
        "the ten products that each customer is most likely to buy in the next 30 days",
    ),
    Question(
        "PREDICT customers.segment FOR EACH customers.id WHERE customers.segment IS NULL",
        "multiclass",
        "the segment of the customers whose segment is unknown",
    ),
    Question(
        "PREDICT COUNT(order_lines.*, 0, 30, days) FOR EACH products.id",
        "regression",
        "how often each product will be ordered in the next 30 days",
    ),
)
