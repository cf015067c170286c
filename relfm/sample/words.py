"""What customers write: subjects and bodies of tickets, reasons of returns.

The words carry the mood of the writer; no column states it.
"""

from enum import IntEnum

import numpy as np


class Topic(IntEnum):
    DELIVERY = 0
    REFUND = 1
    QUESTION = 2


class Mood(IntEnum):
    PLEASED = 0
    NEUTRAL = 1
    ANGRY = 2


class Cause(IntEnum):
    """Why a line is returned; ``SEVERITY`` says how much it annoys."""

    DEFECT = 0
    WRONG = 1
    UNSUITABLE = 2
    REGRET = 3


SEVERITY = np.array([1.0, 0.9, 0.25, 0.0])

_REASONS = (
    ("arrived broken", "stopped working after two days", "faulty, will not close", "scratched and dented"),
    ("not what I ordered", "wrong colour sent", "somebody else's item was in the box"),
    ("does not fit", "smaller than it looked", "not quite what I expected"),
    ("changed my mind", "bought twice by mistake", "it was a present and no longer needed"),
)
_SUBJECTS = (
    ("Where is my order?", "Delivery", "Parcel not here yet", "Shipping question"),
    ("Refund", "About my return", "Replacement wanted", "Money back"),
    ("A question", "Invoice", "Product advice", "My account"),
)
_FACTS = (
    ("the parcel left your warehouse {n} days after I ordered", "tracking has not moved for {n} days"),
    ("I sent the item back {n} days ago", "the refund was promised within {n} days"),
    ("I should like an invoice for my last {n} orders", "is it in stock again in {n} days", "can I change my address"),
)
_OPENINGS = (
    ("Thank you for the lovely packaging;", "Great service as always:", "Happy to write again,"),
    ("Hello,", "Good morning,", "Please let me know:"),
    ("This is unacceptable:", "I am furious,", "For the last time:", "What a disappointment,"),
)
_CLOSINGS = (
    ("Keep up the good work.", "No hurry at all.", "I will recommend you."),
    ("Kind regards.", "Thanks in advance.", "Looking forward to your answer."),
    ("I want my money back.", "I will not order here again.", "Nobody answers the phone.", "Worst shop so far."),
)


def reasons(rng: np.random.Generator, causes: np.ndarray) -> np.ndarray:
    """object[n]: why a line was returned, in the customer's words."""
    return np.array([_pick(_REASONS[c], u) for c, u in zip(causes, rng.random(len(causes)), strict=True)], dtype=object)


def subjects(rng: np.random.Generator, topics: np.ndarray) -> np.ndarray:
    return np.array(
        [_pick(_SUBJECTS[t], u) for t, u in zip(topics, rng.random(len(topics)), strict=True)], dtype=object
    )


def bodies(rng: np.random.Generator, topics: np.ndarray, moods: np.ndarray) -> np.ndarray:
    """object[n]: opening, fact and closing. One writer in six hides the mood behind neutral words."""
    hidden = rng.random(len(topics)) < 1 / 6
    shown = np.where(hidden, Mood.NEUTRAL, moods)
    uniform = rng.random((len(topics), 4))
    texts = [
        f"{_pick(_OPENINGS[m], a)} {_pick(_FACTS[t], b).format(n=2 + int(12 * d))}. {_pick(_CLOSINGS[m], c)}"
        for t, m, (a, b, c, d) in zip(topics, shown, uniform, strict=True)
    ]
    return np.array(texts, dtype=object)


def _pick(choices: tuple[str, ...], uniform: float) -> str:
    return choices[int(uniform * len(choices))]
